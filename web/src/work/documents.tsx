import { useInfiniteQuery } from '@tanstack/react-query'
import type { SliceQuery } from '@/api/slices'
import { sliceQuery } from '@/api/slices'
import { formatDay } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { fromSlices } from '@/records/rows'
import { Section } from '@/records/record-page'
import { StatusBadge } from '@/records/status'
import { Button } from '@/ui/button'
import { Failure, Skeleton } from '@/ui/states'
import type { Column } from '@/ui/table'
import { rowLink, Table } from '@/ui/table'
import { AppLink } from './link'

export type DocumentKind = 'invoice' | 'quote' | 'purchase_order' | 'bill'

/** What these documents have in common, by whichever name each has it. */
interface Row {
  id: string
  status: string
  currency: string
  issue_date?: string
  date?: string
  invoice_number?: string
  quote_number?: string
  po_number?: string | null
  bill_number?: string
  client_name?: string
  supplier_name?: string
  project_name?: string | null
  total?: string
  total_amount?: string
  amount?: string
  amount_due?: string
  expired?: boolean
}

const kinds: Record<DocumentKind, { title: string; none: string; api: string; page: string; key: string; number: (row: Row) => string }> = {
  invoice: { title: 'Invoices', none: 'No invoices', api: '/api/xero/invoices', page: '/financials/invoices', key: 'invoices', number: (row) => row.invoice_number ?? '' },
  quote: { title: 'Quotes', none: 'No quotes', api: '/api/xero/quotes', page: '/financials/quotes', key: 'quotes', number: (row) => row.quote_number ?? '' },
  purchase_order: { title: 'Purchase orders', none: 'No purchase orders', api: '/api/xero/purchase-orders', page: '/financials/purchase-orders', key: 'purchase-orders', number: (row) => row.po_number ?? '' },
  bill: { title: 'Bills', none: 'No bills', api: '/api/xero/bills', page: '/financials/bills', key: 'bills', number: (row) => row.bill_number ?? '' },
}

interface RelatedDocumentsProps {
  kind: DocumentKind
  /** Whose: { client_id }, { supplier_id }, { project_id } or { cost_center_id }. */
  query: SliceQuery
  /** What the page around it says already. */
  without?: 'party' | 'project'
}

/** The documents of one kind that belong to a record. */
export function RelatedDocuments({ kind, query, without }: RelatedDocumentsProps) {
  const { title, none, api, page, key, number } = kinds[kind]
  const found = fromSlices(useInfiniteQuery(sliceQuery<Row>([key, 'of'], api, { ...query, limit: 20 })))
  const columns: (Column<Row> | false)[] = [
    {
      head: 'Number',
      phone: 'title',
      cell: (row) => (
        <AppLink to={`${page}/${row.id}`} className={`${rowLink} font-mono`}>
          {number(row)}
        </AppLink>
      ),
    },
    { head: 'Date', className: 'whitespace-nowrap', cell: (row) => <span className="num">{formatDay(row.issue_date ?? row.date)}</span> },
    without !== 'party' && { head: kind === 'invoice' || kind === 'quote' ? 'Client' : 'Supplier', cell: (row) => row.client_name ?? row.supplier_name },
    without !== 'project' && { head: 'Project', cell: (row) => row.project_name },
    { head: 'State', phone: 'badge', cell: (row) => <StatusBadge status={row.expired ? 'EXPIRED' : row.status} /> },
    { head: 'Total', phone: 'amount', align: 'right', cell: (row) => formatMoney(row.total ?? row.total_amount ?? row.amount, row.currency) },
    (kind === 'invoice' || kind === 'bill') && { head: 'Due', align: 'right', cell: (row) => <><span className="lg:hidden">due </span>{formatMoney(row.amount_due, row.currency)}</> },
  ]
  return (
    <Section title={title}>
      {found.error ? (
        <Failure error={found.error} onRetry={found.retry} />
      ) : !found.rows ? (
        <Skeleton rows={1} height="h-12" />
      ) : found.rows.length === 0 ? (
        <p className="rounded-card border border-dashed border-edge px-4 py-3 text-muted">{none}</p>
      ) : (
        <Table label={title} rows={found.rows} columns={columns.filter((column) => column !== false)} keyOf={(row) => row.id} nameOf={number} />
      )}
      {found.more && (
        <Button className="self-center" busy={found.more.busy} onClick={found.more.load}>
          Show more
        </Button>
      )}
    </Section>
  )
}
