import { useMutation } from '@tanstack/react-query'
import { getInvoiceSyncStatus, getPOSyncStatus, retryInvoiceSync, retryPOSync } from '@/api/client'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { RetryChange } from '@/api/types'
import { toast } from '@/ui/toast'
import type { SyncedDocument } from './document'
import { documentKeys } from './queries'
import { markSubmitted } from './submitted'

export const syncStatusOf = ({ kind, id }: Pick<SyncedDocument, 'kind' | 'id'>) =>
  kind === 'invoice' ? getInvoiceSyncStatus(id) : getPOSyncStatus(id)

export const retrySync = ({ kind, id }: Pick<SyncedDocument, 'kind' | 'id'>, change: RetryChange = {}) =>
  kind === 'invoice' ? retryInvoiceSync(id, change) : retryPOSync(id, change)

/** Sends a document again; the document then says "Syncing…" until something is heard of it. */
export function useRetry() {
  return useMutation({
    mutationFn: ({ document, change }: { document: SyncedDocument; change?: RetryChange }) => retrySync(document, change),
    onSuccess: (_state, { document, change }) => {
      markSubmitted({ ...document, number: change?.invoice_number ?? change?.po_number ?? document.number, amount: document.total })
      toast(`${document.number} is being sent again.`, 'info')
    },
    onError: (error, { document }) => toast(`${document.number}: ${messageOf(error)}`, 'bad'),
    onSettled: (_state, _error, { document }) => queryClient.invalidateQueries({ queryKey: documentKeys[document.kind] }),
  })
}

/** Sends several documents again, one after the other, and answers how many were not accepted and why. */
export function useRetryAll() {
  return useMutation({
    mutationFn: async (documents: SyncedDocument[]) => {
      const refused: string[] = []
      for (const document of documents) {
        try {
          await retrySync(document)
          markSubmitted({ ...document, amount: document.total })
        } catch (error) {
          refused.push(`${document.number}: ${messageOf(error)}`)
        }
      }
      return refused
    },
    onSuccess: (refused, documents) => {
      const sent = documents.length - refused.length
      if (sent > 0) toast(`${sent} ${sent === 1 ? 'document is' : 'documents are'} being sent again.`, 'info')
      refused.slice(0, 3).forEach((message) => toast(message, 'bad'))
    },
    onSettled: (_refused, _error, documents) =>
      queryClient.invalidateQueries({ queryKey: documentKeys[documents[0]?.kind ?? 'invoice'] }),
  })
}
