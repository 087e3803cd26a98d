import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { ApiError, isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { convertOrder } from '@/api/purchases'
import { queryClient } from '@/api/query'
import type { PurchaseOrder } from '@/api/types'
import { today } from '@/format/calendar'
import { centsToText, formatMoney, lineCents, parseTenThousandths } from '@/format/money'
import { refreshMoney } from '@/records/payments'
import { documentKeys } from '@/sync/queries'
import { Button } from '@/ui/button'
import { DateInput } from '@/ui/date-input'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { QuantityInput } from '@/ui/money-input'
import { toast } from '@/ui/toast'
import { billFault, openQuantity, openUnits } from './open-lines'

/** Makes a bill of what came of a purchase order: all that is left of it, or less. */
export function BillOrder({ order, onClose }: { order: PurchaseOrder; onClose: () => void }) {
  const navigate = useNavigate()
  const left = order.line_items_detail.filter((line) => openUnits(line) > 0)
  const [quantities, setQuantities] = useState<Record<string, string>>(() => Object.fromEntries(left.map((line) => [line.id, openQuantity(line)])))
  const [number, setNumber] = useState('')
  const [date, setDate] = useState(today)
  const [due, setDue] = useState('')
  const key = useRef(newId())
  const chosen = left.flatMap((line) => {
    const quantity = quantities[line.id] ?? ''
    return (parseTenThousandths(quantity) ?? 0) > 0 ? [{ line, quantity }] : []
  })
  const ready = chosen.length > 0 && left.every((line) => !billFault(quantities[line.id] ?? '', line)) && date !== ''
  const cents = chosen.reduce((sum, { line, quantity }) => sum + lineCents(parseTenThousandths(quantity) ?? 0, parseTenThousandths(line.unit_amount) ?? 0), 0)
  const convert = useMutation({
    mutationFn: () =>
      convertOrder(
        order.id,
        {
          date,
          due_date: due || undefined,
          bill_number: number.trim() || undefined,
          lines: chosen.map(({ line, quantity }) => ({ po_line_id: line.id, quantity })),
        },
        key.current,
      ),
    onSuccess: (bill) => {
      toast(`Bill ${bill.bill_number} of ${formatMoney(bill.amount, bill.currency)} is written down.`)
      void navigate({ to: '/financials/bills/$id', params: { id: bill.id } })
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
    onSettled: () => Promise.all([refreshMoney(), queryClient.invalidateQueries({ queryKey: documentKeys.purchase_order })]),
  })
  const fields = convert.error instanceof ApiError ? convert.error.fields : {}
  return (
    <Dialog
      title={`Bill ${order.po_number}`}
      wide
      onClose={onClose}
      footer={
        <>
          <p className="num mr-auto self-center text-muted">{formatMoney(centsToText(cents), order.currency)} before tax</p>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={convert.isPending} disabled={!ready} onClick={() => convert.mutate()}>
            Create bill
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-5">
        {convert.isError && (
          <p role="alert" className="font-medium text-bad">
            {messageOf(convert.error)}
          </p>
        )}
        <div className="grid gap-4 sm:grid-cols-3">
          <Field label="Supplier's number" error={fields.bill_number}>
            <Input data-autofocus value={number} className="font-mono" placeholder="Next number" maxLength={255} onChange={(event) => setNumber(event.target.value)} />
          </Field>
          <Field label="Date" error={fields.date}>
            <DateInput value={date} onChange={setDate} />
          </Field>
          <Field label="Due" error={fields.due_date} hint="By the supplier's terms unless chosen">
            <DateInput value={due} min={date} onChange={setDue} />
          </Field>
        </div>
        <ul className="divide-y divide-line rounded-card border border-line" aria-label="What is billed">
          {left.map((line) => (
            <li key={line.id} className="grid grid-cols-[minmax(0,1fr)_8rem] items-start gap-3 p-3">
              <div className="min-w-0">
                <p className="break-words">{line.description}</p>
                <p className="num text-sm text-muted">
                  {openQuantity(line)} of {openQuantity({ ...line, billed_quantity: '0' })} left · {formatMoney(line.unit_amount, order.currency)} each
                </p>
              </div>
              <Field label={`Quantity of ${line.description}`} labelHidden error={billFault(quantities[line.id] ?? '', line)}>
                <QuantityInput value={quantities[line.id] ?? ''} onChange={(quantity) => setQuantities({ ...quantities, [line.id]: quantity })} />
              </Field>
            </li>
          ))}
        </ul>
        <p className="text-sm text-muted">What is left out can be billed later.</p>
      </div>
    </Dialog>
  )
}
