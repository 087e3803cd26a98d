import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { Banknote, FileText, Inbox, Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Bill } from '@/api/purchases'
import { billPath } from '@/api/purchases'
import { may, useUser } from '@/api/session'
import { formatDay } from '@/format/calendar'
import { formatMoney, parseCents } from '@/format/money'
import { DeleteRecord } from '@/records/delete'
import { DueBadges } from '@/records/due-badges'
import { deletedFilter, ListPage, useListSearch } from '@/records/list-page'
import { PaymentDialog } from '@/records/payments'
import { fromSlices } from '@/records/rows'
import { buttonClass } from '@/ui/button'
import type { MenuItem } from '@/ui/menu'
import { Empty } from '@/ui/states'
import { rowLink } from '@/ui/table'
import { billsQuery } from './queries'

/** A bill that can be paid. */
export const isPayable = (bill: Bill) => ['SUBMITTED', 'AUTHORISED'].includes(bill.status) && (parseCents(bill.amount_due) ?? 0) > 0

export const billToPay = (bill: Bill) =>
  ({ kind: 'bill', id: bill.id, number: bill.bill_number, party: bill.supplier_name, due: bill.amount_due, currency: bill.currency }) as const

/** What suppliers charge. */
export function BillsPage() {
  const [search] = useListSearch()
  const navigate = useNavigate()
  const [deleting, setDeleting] = useState<Bill | null>(null)
  const [paying, setPaying] = useState<Bill | null>(null)
  const mayWrite = may(useUser(), 'can_create_invoices')
  const query = { search: search.search, status: search.status, date_from: search.from, date_to: search.to, include_deleted: search.deleted }
  const bills = useInfiniteQuery({ ...billsQuery(query), placeholderData: (before) => before })
  const create = mayWrite && (
    <Link to="/financials/bills/new" className={buttonClass('primary')}>
      <Plus aria-hidden className="size-4" />
      New bill
    </Link>
  )
  const actions = (bill: Bill): MenuItem[] => {
    const items: MenuItem[] = [{ label: 'View', icon: <FileText aria-hidden />, onSelect: () => void navigate({ to: '/financials/bills/$id', params: { id: bill.id } }) }]
    if (!mayWrite || bill.deleted_at) return items
    if (isPayable(bill)) items.push({ label: 'Record payment', icon: <Banknote aria-hidden />, onSelect: () => setPaying(bill) })
    if (bill.status !== 'PAID') items.push({ label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => void navigate({ to: '/financials/bills/$id/edit', params: { id: bill.id } }) })
    items.push({ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(bill) })
    return items
  }
  return (
    <ListPage<Bill>
      title="Bills"
      lead="What suppliers charge, and what is still to be paid."
      noun="bills"
      actions={create}
      csv={{ path: '/api/xero/bills', query }}
      filters={[
        { kind: 'search', name: 'search', label: 'Number, reference, supplier' },
        {
          kind: 'choice',
          name: 'status',
          label: 'Status',
          options: [
            { value: 'DRAFT', label: 'Draft' },
            { value: 'SUBMITTED', label: 'Submitted' },
            { value: 'AUTHORISED', label: 'To pay' },
            { value: 'PAID', label: 'Paid' },
          ],
        },
        { kind: 'date', name: 'from', label: 'From' },
        { kind: 'date', name: 'to', label: 'To' },
        ...(mayWrite ? [deletedFilter] : []),
      ]}
      list={fromSlices(bills)}
      keyOf={(bill) => bill.id}
      nameOf={(bill) => bill.bill_number}
      isDeleted={(bill) => bill.deleted_at !== null}
      rowActions={actions}
      columns={[
        {
          head: 'Number',
          phone: 'title',
          cell: (bill) => (
            <Link data-row-link to="/financials/bills/$id" params={{ id: bill.id }} className={`font-mono whitespace-nowrap ${rowLink}`}>
              {bill.bill_number}
            </Link>
          ),
        },
        { head: 'Supplier', cell: (bill) => bill.supplier_name },
        { head: 'Order', cell: (bill) => bill.po_number && <span className="font-mono whitespace-nowrap">{bill.po_number}</span> },
        { head: 'Date', cell: (bill) => <span className="num whitespace-nowrap">{formatDay(bill.date)}</span> },
        { head: 'Due', phone: 'none', cell: (bill) => <span className="num whitespace-nowrap">{formatDay(bill.due_date)}</span> },
        { head: 'Status', phone: 'badge', cell: (bill) => <DueBadges document={bill} /> },
        {
          head: 'Open',
          phone: 'none',
          align: 'right',
          cell: (bill) => (isPayable(bill) ? formatMoney(bill.amount_due, bill.currency) : <span className="text-muted">–</span>),
        },
        { head: 'Total', phone: 'amount', align: 'right', cell: (bill) => <span className="font-semibold">{formatMoney(bill.amount, bill.currency)}</span> },
      ]}
      empty={
        <Empty icon={<Inbox aria-hidden />} title="No bills yet" action={create}>
          Write down what a supplier charges, or bill a purchase order on its page.
        </Empty>
      }
    >
      {paying && <PaymentDialog document={billToPay(paying)} onClose={() => setPaying(null)} />}
      {deleting && <DeleteRecord kind="bill" id={deleting.id} name={deleting.bill_number} path={billPath(deleting.id)} onClose={() => setDeleting(null)} />}
    </ListPage>
  )
}
