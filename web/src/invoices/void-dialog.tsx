import { useMutation } from '@tanstack/react-query'
import { deleteInvoice } from '@/api/client'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { Invoice } from '@/api/types'
import { restoreRecord } from '@/api/records'
import { formatMoney } from '@/format/money'
import { toastUndo } from '@/records/undo'
import { documentKeys } from '@/sync/queries'
import { Confirm } from '@/ui/dialog'

/** Takes an invoice back, here and in Xero; its hours can be invoiced again. */
export function VoidInvoice({ invoice, onClose, onVoided }: { invoice: Invoice; onClose: () => void; onVoided?: () => void }) {
  const remove = useMutation({
    mutationFn: () => deleteInvoice(invoice.id),
    onSuccess: ({ message }) => {
      toastUndo(`${invoice.invoice_number}: ${message}`, () => restoreRecord(`/api/xero/invoices/${invoice.id}`))
      onClose()
      onVoided?.()
    },
    onSettled: () => Promise.all([['unbilled'], ['timesheets'], documentKeys.invoice].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  })
  return (
    <Confirm title={`Void ${invoice.invoice_number}?`} action="Void invoice" busy={remove.isPending} error={remove.error ? messageOf(remove.error) : undefined} onConfirm={() => remove.mutate()} onClose={onClose}>
      <p>
        The invoice of {formatMoney(invoice.total, invoice.currency)} to {invoice.client_name} is taken back here and in Xero.
      </p>
      {invoice.timesheets_count > 0 && (
        <p>
          Its {invoice.timesheets_count} timesheet {invoice.timesheets_count === 1 ? 'entry is' : 'entries are'} unbilled again and can go on another invoice.
        </p>
      )}
    </Confirm>
  )
}
