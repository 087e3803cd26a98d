import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Banknote, FileDown, GitCompareArrows, Pencil, Plus, ReceiptText, Trash2, Undo2 } from 'lucide-react'
import { useState } from 'react'
import { invoicePDF } from '@/api/client'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import { restoreRecord } from '@/api/records'
import { may, useUser } from '@/api/session'
import type { Invoice } from '@/api/types'
import { CsvButton } from '@/records/csv'
import { DueBadges } from '@/records/due-badges'
import { deletedFilter, useListSearch } from '@/records/list-page'
import { PaymentDialog } from '@/records/payments'
import type { SyncedDocument } from '@/sync/document'
import { invoiceDocument, isGone } from '@/sync/document'
import { Documents } from '@/sync/documents'
import { Financials } from '@/sync/financials'
import { pollMs, useStreamUp } from '@/sync/live'
import { buttonClass } from '@/ui/button'
import type { MenuItem } from '@/ui/menu'
import { Checkbox } from '@/ui/field'
import { Empty, Notice } from '@/ui/states'
import { toast } from '@/ui/toast'
import { EditInvoice } from './edit-dialog'
import { invoiceToPay, isPayable } from './payable'
import { failedInvoicesQuery, invoicesQuery, takenOverQuery } from './queries'
import { VoidInvoice } from './void-dialog'

const statuses = ['DRAFT', 'SUBMITTED', 'AUTHORISED', 'PAID', 'VOIDED', 'DELETED']

/** All invoices with their way to Xero. */
export function InvoicesPage() {
  const user = useUser()
  const filter = useSearch({ from: '/financials/invoices' })
  const up = useStreamUp()
  const [editing, setEditing] = useState<Invoice | null>(null)
  const [voiding, setVoiding] = useState<Invoice | null>(null)
  const [paying, setPaying] = useState<Invoice | null>(null)
  const navigate = useNavigate()
  const [, setSearch] = useListSearch()
  const query = { search: filter.search, sync_status: filter.sync, status: filter.status, date_from: filter.from, date_to: filter.to, include_deleted: filter.deleted }
  const invoices = useInfiniteQuery({
    ...invoicesQuery(query),
    placeholderData: (before) => before,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.rows.some((row) => row.sync_status === 'pending')) ? pollMs(up) : false),
  })
  const failed = useQuery(failedInvoicesQuery)
  const rows = invoices.data?.pages.flatMap((page) => page.rows)
  const mayChange = may(user, 'can_create_invoices')

  const restore = useMutation({
    mutationFn: (invoice: Invoice) => restoreRecord(`/api/xero/invoices/${invoice.id}`),
    onSuccess: ({ message, entity_id }) => {
      toast(message)
      void navigate({ to: '/financials/invoices/$id', params: { id: entity_id } })
    },
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: () => queryClient.invalidateQueries(),
  })

  const moreActions = (document: SyncedDocument): MenuItem[] => {
    const invoice = rows?.find((row) => row.id === document.id)
    const items: MenuItem[] = [{ label: 'PDF', icon: <FileDown aria-hidden />, href: invoicePDF(document.id) }]
    if (!invoice || !mayChange) return items
    if (invoice.deleted_at) return [{ label: 'Restore', icon: <Undo2 aria-hidden />, onSelect: () => restore.mutate(invoice) }]
    if (isGone(invoice.status)) return items
    if (isPayable(invoice)) items.push({ label: 'Record payment', icon: <Banknote aria-hidden />, onSelect: () => setPaying(invoice) })
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
        <>
          <CsvButton path="/api/xero/invoices" query={query} />
          {mayChange && (
            <>
              <Link to="/financials/invoices/new" className={buttonClass('secondary')}>
                <Plus aria-hidden className="size-4" />
                New invoice
              </Link>
              <Link to="/unbilled" className={buttonClass('primary')}>
                <ReceiptText aria-hidden className="size-4" />
                Invoice hours
              </Link>
            </>
          )}
        </>
      }
    >
      <TakenOver />
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
        badges={(document) => {
          const invoice = rows?.find((row) => row.id === document.id)
          return invoice && <DueBadges document={invoice} />
        }}
        moreFilters={
          mayChange && (
            <Checkbox checked={filter.deleted === true} onChange={(event) => setSearch({ deleted: event.target.checked || undefined })}>
              {deletedFilter.label}
            </Checkbox>
          )
        }
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
      {paying && <PaymentDialog document={invoiceToPay(paying)} onClose={() => setPaying(null)} />}
      {editing && <EditInvoice id={editing.id} onClose={() => setEditing(null)} />}
      {voiding && <VoidInvoice invoice={voiding} onClose={() => setVoiding(null)} />}
    </Financials>
  )
}

/** Leads to what an upgrade brought along and nobody has compared with Xero yet. */
function TakenOver() {
  const waiting = useQuery(takenOverQuery)
  if (!waiting.data || waiting.data.rows.length === 0) return null
  return (
    <Notice
      tone="warn"
      icon={<GitCompareArrows aria-hidden />}
      title="Invoices of the former product wait to be compared with Xero"
      action={
        <Link to="/financials/taken-over" className={buttonClass('secondary')}>
          Compare
        </Link>
      }
    />
  )
}
