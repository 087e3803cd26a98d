import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Bill } from '@/api/purchases'
import { billPath } from '@/api/purchases'
import { may, useUser } from '@/api/session'
import { formatDay } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { Attachments } from '@/records/attachments'
import { DeleteRecord } from '@/records/delete'
import { DueBadges } from '@/records/due-badges'
import { LinesSection } from '@/records/line-editor'
import { PaymentsSection } from '@/records/payments'
import { RecordPage, RecordState, Section } from '@/records/record-page'
import { Button } from '@/ui/button'
import { billToPay, isPayable } from './list-page'
import { billQuery } from './queries'

const list = { to: '/financials/bills', label: 'Bills' } as const

export function BillPage() {
  const { id } = useParams({ from: '/financials/bills/$id' })
  const bill = useQuery(billQuery(id))
  return bill.data ? <View bill={bill.data.row} /> : <RecordState title="Bill" back={list} error={bill.error} onRetry={() => void bill.refetch()} />
}

function View({ bill }: { bill: Bill }) {
  const navigate = useNavigate()
  const mayWrite = may(useUser(), 'can_create_invoices')
  const [deleting, setDeleting] = useState(false)
  return (
    <RecordPage
      kind="bill"
      id={bill.id}
      title={bill.bill_number}
      lead={bill.supplier_name}
      back={list}
      badges={<DueBadges document={bill} />}
      actions={
        mayWrite &&
        bill.status !== 'PAID' && (
          <Button icon={<Pencil aria-hidden className="size-4" />} onClick={() => void navigate({ to: '/financials/bills/$id/edit', params: { id: bill.id } })}>
            Edit
          </Button>
        )
      }
      menu={mayWrite ? [{ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(true) }] : []}
      facts={[
        {
          label: 'Purchase order',
          value: bill.purchase_order_id && (
            <Link to="/financials/purchase-orders/$id" params={{ id: bill.purchase_order_id }} className="font-mono text-accent hover:underline">
              {bill.po_number}
            </Link>
          ),
        },
        { label: 'Project', value: bill.project_code && `${bill.project_code} ${bill.project_name ?? ''}` },
        { label: 'Date', value: formatDay(bill.date) },
        { label: 'Due', value: formatDay(bill.due_date) },
        { label: 'Paid', value: formatMoney(bill.amount_paid, bill.currency) },
        { label: 'Open', value: formatMoney(bill.amount_due, bill.currency) },
        { label: 'Reference', value: bill.reference },
        {
          label: 'Made of',
          value: bill.scanned_document_id && (
            <Link to="/document-scan/$id" params={{ id: bill.scanned_document_id }} className="text-accent hover:underline">
              The scanned document
            </Link>
          ),
        },
      ]}
      deleted={{ at: bill.deleted_at, path: billPath(bill.id), mayRestore: mayWrite }}
    >
      <PaymentsSection document={billToPay(bill)} open={isPayable(bill)} />
      <LinesSection
        lines={bill.line_items.map((line) => ({
          ...line,
          unit_price: line.unit_amount,
          amount: line.line_amount,
          note: line.cost_center_code && `${line.cost_center_code} ${line.cost_center_name ?? ''}`,
        }))}
        currency={bill.currency}
        subtotal={bill.subtotal}
        total_tax={bill.total_tax}
        total={bill.amount}
      />
      <Section title="Files">
        <Attachments kind="bill" id={bill.id} mayChange={mayWrite && !bill.deleted_at} />
      </Section>
      {deleting && (
        <DeleteRecord
          kind="bill"
          id={bill.id}
          name={bill.bill_number}
          path={billPath(bill.id)}
          onClose={() => setDeleting(false)}
          onDeleted={() => void navigate({ to: '/financials/bills' })}
        />
      )}
    </RecordPage>
  )
}
