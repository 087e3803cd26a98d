import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Inbox, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { may, useUser } from '@/api/session'
import type { PurchaseOrder } from '@/api/types'
import { billsQuery } from '@/bills/queries'
import { formatDay } from '@/format/calendar'
import { formatMoney, formatQuantity, parseTenThousandths } from '@/format/money'
import { DueBadges } from '@/records/due-badges'
import { Section } from '@/records/record-page'
import { DocumentPage } from '@/sync/detail'
import { isGone, purchaseOrderDocument, statusWords } from '@/sync/document'
import { pollMs, useStreamUp } from '@/sync/live'
import { Button } from '@/ui/button'
import { Detail, Page } from '@/ui/page'
import { Failure, Skeleton } from '@/ui/states'
import { BillOrder } from './bill-dialog'
import { DeletePurchaseOrder } from './delete-dialog'
import { EditPurchaseOrder } from './edit-dialog'
import { openUnits } from './open-lines'
import { purchaseOrderQuery } from './queries'

export function PurchaseOrderPage() {
  const { id } = useParams({ from: '/financials/purchase-orders/$id' })
  const up = useStreamUp()
  const order = useQuery({
    ...purchaseOrderQuery(id),
    refetchInterval: (query) => (query.state.data?.row.sync_status === 'pending' ? pollMs(up) : false),
  })
  if (order.isPending)
    return (
      <Page title="Purchase order">
        <Skeleton />
      </Page>
    )
  if (order.isError)
    return (
      <Page title="Purchase order">
        <Failure error={order.error} onRetry={() => void order.refetch()} />
      </Page>
    )
  return <View order={order.data.row} />
}

function View({ order }: { order: PurchaseOrder }) {
  const user = useUser()
  const navigate = useNavigate()
  const [editing, setEditing] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const [billing, setBilling] = useState(false)
  const mayWrite = may(user, 'can_create_invoices')
  const open = order.line_items_detail.some((line) => openUnits(line) > 0)
  const billed = order.line_items_detail.some((line) => (parseTenThousandths(line.billed_quantity) ?? 0) > 0)
  return (
    <DocumentPage
      document={purchaseOrderDocument(order)}
      actions={
        mayWrite &&
        !isGone(order.status) &&
        order.status !== 'BILLED' && (
          <>
            {open && (
              <Button variant="primary" icon={<Inbox aria-hidden className="size-4" />} onClick={() => setBilling(true)}>
                Convert to bill
              </Button>
            )}
            <Button icon={<Pencil aria-hidden className="size-4" />} onClick={() => setEditing(true)}>
              Edit
            </Button>
            <Button icon={<Trash2 aria-hidden className="size-4" />} onClick={() => setDeleting(true)}>
              Delete
            </Button>
          </>
        )
      }
    >
      <dl className="card grid grid-cols-2 gap-4 p-4 sm:grid-cols-4">
        <Detail label="Status">{statusWords(order.status)}</Detail>
        <Detail label="Project">
          {order.project_code} {order.project_name}
        </Detail>
        <Detail label="Date">{formatDay(order.date)}</Detail>
        <Detail label="Delivery">{formatDay(order.delivery_date) || '–'}</Detail>
        {order.notes && (
          <div className="col-span-full">
            <Detail label="Delivery instructions">{order.notes}</Detail>
          </div>
        )}
      </dl>
      <section aria-labelledby="lines" className="card overflow-hidden">
        <h2 id="lines" className="px-4 pt-4 pb-2 text-lg font-semibold">
          Lines
        </h2>
        <ul className="divide-y divide-line">
          {order.line_items_detail.map((line) => (
            <li key={line.id} className="grid grid-cols-[1fr_auto] gap-x-4 px-4 py-3 sm:grid-cols-[minmax(0,1fr)_11rem_8rem]">
              <div className="col-span-2 min-w-0 sm:col-span-1">
                <p className="break-words">{line.description}</p>
                <p className="text-sm text-muted">
                  {[billed && `${formatQuantity(line.billed_quantity)} of ${formatQuantity(line.quantity)} billed`, line.cost_center_code && `${line.cost_center_code} ${line.cost_center_name ?? ''}`, line.account_code && `Account ${line.account_code}`].filter(Boolean).join(' · ')}
                </p>
                {billed && <Progress done={line.billed_quantity} of={line.quantity} />}
              </div>
              <p className="num text-muted sm:text-right">
                {formatQuantity(line.quantity)} × {formatMoney(line.unit_amount, order.currency)}
              </p>
              <p className="num text-right font-semibold">{formatMoney(line.line_amount, order.currency)}</p>
            </li>
          ))}
        </ul>
        <dl className="num ml-auto grid w-full max-w-xs grid-cols-[1fr_auto] gap-y-1 px-4 py-4">
          <dt className="text-muted">Before tax</dt>
          <dd className="text-right">{formatMoney(order.subtotal, order.currency)}</dd>
          <dt className="text-muted">Tax</dt>
          <dd className="text-right">{formatMoney(order.total_tax, order.currency)}</dd>
          <dt className="font-semibold">Total</dt>
          <dd className="text-right text-lg font-semibold">{formatMoney(order.total_amount, order.currency)}</dd>
        </dl>
      </section>
      <Bills order={order} />
      {billing && <BillOrder order={order} onClose={() => setBilling(false)} />}
      {editing && <EditPurchaseOrder id={order.id} onClose={() => setEditing(false)} />}
      {deleting && (
        <DeletePurchaseOrder
          order={order}
          onClose={() => setDeleting(false)}
          // When Xero has confirmed, the order is gone; the list shows it until then.
          onDeleted={() => void navigate({ to: '/financials/purchase-orders' })}
        />
      )}
    </DocumentPage>
  )
}

function Progress({ done, of }: { done: string; of: string }) {
  // The words above it say the same.
  return (
    <div aria-hidden className="mt-1.5 h-1.5 max-w-56 overflow-hidden rounded-full bg-raised">
      <div className="h-full rounded-full bg-accent-fill" style={{ width: `${Math.min(100, ((parseTenThousandths(done) ?? 0) / (parseTenThousandths(of) ?? 1)) * 100)}%` }} />
    </div>
  )
}

/** The bills of an order; nothing while there are none. */
function Bills({ order }: { order: PurchaseOrder }) {
  const bills = useInfiniteQuery(billsQuery({ purchase_order_id: order.id }))
  const rows = bills.data?.pages.flatMap((page) => page.rows) ?? []
  if (bills.isError) return <Failure error={bills.error} onRetry={() => void bills.refetch()} />
  if (rows.length === 0) return null
  return (
    <Section title="Bills">
      <ul className="card divide-y divide-line" aria-label="Bills">
        {rows.map((bill) => (
          <li key={bill.id} className="relative flex min-h-14 flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2">
            <Link to="/financials/bills/$id" params={{ id: bill.id }} className="font-mono font-medium text-accent after:absolute after:inset-0 hover:underline">
              {bill.bill_number}
            </Link>
            <span className="num text-muted">{formatDay(bill.date)}</span>
            <span className="flex-1">
              <DueBadges document={bill} />
            </span>
            <span className="num font-semibold">{formatMoney(bill.amount, bill.currency)}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}
