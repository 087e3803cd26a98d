import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { FileDown, Pencil, ReceiptText, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { invoicePDF } from '@/api/client'
import { may, useUser } from '@/api/session'
import type { Invoice } from '@/api/types'
import type { SyncedDocument } from '@/sync/document'
import { invoiceDocument, isGone } from '@/sync/document'
import { Documents } from '@/sync/documents'
import { Financials } from '@/sync/financials'
import { pollMs, useStreamUp } from '@/sync/live'
import { buttonClass } from '@/ui/button'
import type { MenuItem } from '@/ui/menu'
import { Empty } from '@/ui/states'
import { EditInvoice } from './edit-dialog'
import { failedInvoicesQuery, invoicesQuery } from './queries'
import { VoidInvoice } from './void-dialog'

const statuses = ['DRAFT', 'SUBMITTED', 'AUTHORISED', 'PAID', 'VOIDED', 'DELETED']

/** All invoices with their way to Xero. */
export function InvoicesPage() {
  const user = useUser()
  const filter = useSearch({ from: '/financials/invoices' })
  const up = useStreamUp()
  const [editing, setEditing] = useState<Invoice | null>(null)
  const [voiding, setVoiding] = useState<Invoice | null>(null)
  const invoices = useInfiniteQuery({
    ...invoicesQuery({ search: filter.search, sync_status: filter.sync, status: filter.status, date_from: filter.from, date_to: filter.to }),
    placeholderData: (before) => before,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.rows.some((row) => row.sync_status === 'pending')) ? pollMs(up) : false),
  })
  const failed = useQuery(failedInvoicesQuery)
  const rows = invoices.data?.pages.flatMap((page) => page.rows)
  const mayChange = may(user, 'can_create_invoices')

  const moreActions = (document: SyncedDocument): MenuItem[] => {
    const invoice = rows?.find((row) => row.id === document.id)
    const items: MenuItem[] = [{ label: 'PDF', icon: <FileDown aria-hidden />, href: invoicePDF(document.id) }]
    if (!invoice || !mayChange || isGone(invoice.status)) return items
    if (invoice.status !== 'PAID') {
      items.push({ label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => setEditing(invoice) })
      items.push({ label: 'Void and release hours', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setVoiding(invoice) })
    }
    return items
  }

  return (
    <Financials
      title="Invoices"
      actions={
        mayChange && (
          <Link to="/unbilled" className={buttonClass('primary')}>
            <ReceiptText aria-hidden className="size-4" />
            Invoice hours
          </Link>
        )
      }
    >
      <Documents
        kind="invoice"
        filter={filter}
        statuses={statuses}
        rows={rows?.map(invoiceDocument)}
        error={invoices.isLoadingError ? invoices.error : null}
        onRetryLoad={() => void invoices.refetch()}
        hasMore={invoices.hasNextPage}
        loadingMore={invoices.isFetchingNextPage}
        onMore={() => void invoices.fetchNextPage()}
        failed={(failed.data?.rows ?? []).map(invoiceDocument)}
        moreActions={moreActions}
        empty={
          <Empty
            icon={<ReceiptText aria-hidden />}
            title="No invoices yet"
            action={
              mayChange && (
                <Link to="/unbilled" className={buttonClass('primary')}>
                  See unbilled work
                </Link>
              )
            }
          >
            Invoices are made of the hours the team has entered.
          </Empty>
        }
      />
      {editing && <EditInvoice id={editing.id} onClose={() => setEditing(null)} />}
      {voiding && <VoidInvoice invoice={voiding} onClose={() => setVoiding(null)} />}
    </Financials>
  )
}
