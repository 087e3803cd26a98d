import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Banknote, Trash2 } from 'lucide-react'
import type { Payment } from '@/api/sales'
import { may, useUser } from '@/api/session'
import { sliceQuery } from '@/api/slices'
import { formatDay } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { ListPage, useListSearch } from '@/records/list-page'
import { methodOptions, methodWords } from '@/records/methods'
import { useDeletePayment } from '@/records/payments'
import { fromSlices } from '@/records/rows'
import { Badge, Empty } from '@/ui/states'
import { rowLink } from '@/ui/table'

/** What was paid to us, and by us. */
export function PaymentsPage() {
  const [search] = useListSearch()
  const mayWrite = may(useUser(), 'can_create_invoices')
  const remove = useDeletePayment()
  const query = { payment_method: search.method, date_from: search.from, date_to: search.to }
  const payments = useInfiniteQuery({ ...sliceQuery<Payment>(['payments', 'list'], '/api/xero/payments', query), placeholderData: (before) => before })
  return (
    <ListPage<Payment>
      title="Payments"
      lead="Money received for invoices, and paid for bills."
      noun="payments"
      csv={{ path: '/api/xero/payments', query }}
      filters={[
        { kind: 'choice', name: 'method', label: 'How', options: methodOptions },
        { kind: 'date', name: 'from', label: 'From' },
        { kind: 'date', name: 'to', label: 'To' },
      ]}
      list={fromSlices(payments)}
      keyOf={(payment) => payment.id}
      nameOf={(payment) => `the payment of ${payment.invoice_number ?? payment.bill_number ?? ''}`}
      rowActions={mayWrite ? (payment) => [{ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => remove.mutate(payment) }] : undefined}
      columns={[
        { head: 'Date', cell: (payment) => <span className="num whitespace-nowrap">{formatDay(payment.payment_date)}</span> },
        {
          head: 'Document',
          phone: 'title',
          cell: (payment) =>
            payment.invoice_id ? (
              <Link data-row-link to="/financials/invoices/$id" params={{ id: payment.invoice_id }} className={`font-mono whitespace-nowrap ${rowLink}`}>
                {payment.invoice_number}
              </Link>
            ) : (
              payment.bill_id && (
                <Link data-row-link to="/financials/bills/$id" params={{ id: payment.bill_id }} className={`font-mono whitespace-nowrap ${rowLink}`}>
                  {payment.bill_number}
                </Link>
              )
            ),
        },
        { head: 'Client or supplier', cell: (payment) => payment.client_name },
        { head: 'How', cell: (payment) => methodWords[payment.payment_method] },
        { head: 'Reference', cell: (payment) => payment.reference, className: 'max-w-48 truncate text-muted' },
        { head: 'Way', phone: 'badge', cell: (payment) => (payment.bill_id ? <Badge>Paid out</Badge> : <Badge tone="good">Received</Badge>) },
        { head: 'Amount', phone: 'amount', align: 'right', cell: (payment) => <span className="font-semibold">{formatMoney(payment.amount, payment.currency)}</span> },
      ]}
      empty={
        <Empty icon={<Banknote aria-hidden />} title="No payments yet">
          Write down a payment on the page of its invoice or bill.
        </Empty>
      }
    />
  )
}
