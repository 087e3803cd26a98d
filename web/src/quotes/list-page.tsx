import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { FileDown, FileText, Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Quote } from '@/api/sales'
import { quotePath, quotePDF } from '@/api/sales'
import { may, useUser } from '@/api/session'
import { formatDay } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { DeleteRecord } from '@/records/delete'
import { deletedFilter, ListPage, useListSearch } from '@/records/list-page'
import { fromSlices } from '@/records/rows'
import { StatusBadge } from '@/records/status'
import { buttonClass } from '@/ui/button'
import type { MenuItem } from '@/ui/menu'
import { Empty } from '@/ui/states'
import { rowLink } from '@/ui/table'
import { quotesQuery } from './queries'

/** The statuses of a quote to show: an open one that is past its day is expired, too. */
export const quoteStatuses = (quote: Quote) => (quote.expired ? [quote.status, 'EXPIRED'] : [quote.status])

/** What was offered to clients. */
export function QuotesPage() {
  const [search] = useListSearch()
  const navigate = useNavigate()
  const [deleting, setDeleting] = useState<Quote | null>(null)
  const mayWrite = may(useUser(), 'can_create_invoices')
  const query = { search: search.search, status: search.status, date_from: search.from, date_to: search.to, include_deleted: search.deleted }
  const quotes = useInfiniteQuery({ ...quotesQuery(query), placeholderData: (before) => before })
  const create = mayWrite && (
    <Link to="/financials/quotes/new" className={buttonClass('primary')}>
      <Plus aria-hidden className="size-4" />
      New quote
    </Link>
  )
  const actions = (quote: Quote): MenuItem[] => {
    const items: MenuItem[] = [
      { label: 'View', icon: <FileText aria-hidden />, onSelect: () => void navigate({ to: '/financials/quotes/$id', params: { id: quote.id } }) },
      { label: 'PDF', icon: <FileDown aria-hidden />, href: quotePDF(quote.id) },
    ]
    if (!mayWrite || quote.deleted_at) return items
    if (quote.status !== 'INVOICED') {
      items.push({ label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => void navigate({ to: '/financials/quotes/$id/edit', params: { id: quote.id } }) })
      items.push({ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(quote) })
    }
    return items
  }
  return (
    <ListPage<Quote>
      title="Quotes"
      lead="What was offered to clients."
      noun="quotes"
      actions={create}
      csv={{ path: '/api/xero/quotes', query }}
      filters={[
        { kind: 'search', name: 'search', label: 'Number, title, client' },
        {
          kind: 'choice',
          name: 'status',
          label: 'Status',
          options: [
            { value: 'DRAFT', label: 'Draft' },
            { value: 'SENT', label: 'Sent' },
            { value: 'ACCEPTED', label: 'Accepted' },
            { value: 'DECLINED', label: 'Declined' },
            { value: 'INVOICED', label: 'Invoiced' },
          ],
        },
        { kind: 'date', name: 'from', label: 'From' },
        { kind: 'date', name: 'to', label: 'To' },
        ...(mayWrite ? [deletedFilter] : []),
      ]}
      list={fromSlices(quotes)}
      keyOf={(quote) => quote.id}
      nameOf={(quote) => quote.quote_number}
      isDeleted={(quote) => quote.deleted_at !== null}
      rowActions={actions}
      columns={[
        {
          head: 'Number',
          phone: 'title',
          cell: (quote) => (
            <Link data-row-link to="/financials/quotes/$id" params={{ id: quote.id }} className={`font-mono whitespace-nowrap ${rowLink}`}>
              {quote.quote_number}
            </Link>
          ),
        },
        { head: 'Client', cell: (quote) => quote.client_name },
        { head: 'What for', cell: (quote) => quote.title ?? quote.project_name, className: 'max-w-64 truncate text-muted' },
        { head: 'Date', cell: (quote) => <span className="num whitespace-nowrap">{formatDay(quote.issue_date)}</span> },
        {
          head: 'Status',
          phone: 'badge',
          cell: (quote) => (
            <span className="flex flex-wrap gap-1.5">
              {quoteStatuses(quote).map((status) => (
                <StatusBadge key={status} status={status} />
              ))}
            </span>
          ),
        },
        { head: 'Total', phone: 'amount', align: 'right', cell: (quote) => <span className="font-semibold">{formatMoney(quote.total, quote.currency)}</span> },
      ]}
      empty={
        <Empty icon={<FileText aria-hidden />} title="No quotes yet" action={create}>
          Offer work at a price. A quote that is accepted becomes an invoice with one click.
        </Empty>
      }
    >
      {deleting && <DeleteRecord kind="quote" id={deleting.id} name={deleting.quote_number} path={quotePath(deleting.id)} onClose={() => setDeleting(null)} />}
    </ListPage>
  )
}
