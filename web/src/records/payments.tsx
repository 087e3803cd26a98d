import { useInfiniteQuery, useMutation } from '@tanstack/react-query'
import { Banknote, Trash2 } from 'lucide-react'
import { useRef, useState } from 'react'
import { ApiError, isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { deleteRecord, restoreDeletion, restoreRecord } from '@/api/records'
import type { Payment, PaymentMethod } from '@/api/sales'
import { createPayment, paymentPath } from '@/api/sales'
import { may, useUser } from '@/api/session'
import { sliceQuery } from '@/api/slices'
import { formatDay, today } from '@/format/calendar'
import { centsToText, formatMoney, parseCents } from '@/format/money'
import { Button, IconButton } from '@/ui/button'
import { DateInput } from '@/ui/date-input'
import { Dialog } from '@/ui/dialog'
import { Field, Input, Select } from '@/ui/field'
import { amountFault, MoneyInput } from '@/ui/money-input'
import { Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { methodOptions, methodWords } from './methods'
import { Section } from './record-page'
import { toastUndo } from './undo'

/** What is paid: an invoice or a bill. */
export interface Paid {
  kind: 'invoice' | 'bill'
  id: string
  number: string
  party: string
  /** What is still owed. */
  due: string
  currency: string
}

/** A payment changes its document, the sums, and what the bank may match. */
export const refreshMoney = () =>
  Promise.all(
    ['payments', 'invoices', 'bills', 'credit-notes', 'bank', 'money', 'quotes'].map((noun) => queryClient.invalidateQueries({ queryKey: [noun] })),
  )

/** Writes down a payment of a document: of all that is due, or of a part. */
export function PaymentDialog({ document, onClose }: { document: Paid; onClose: () => void }) {
  const [amount, setAmount] = useState(document.due)
  const [date, setDate] = useState(today)
  const [method, setMethod] = useState<PaymentMethod>('BANK_TRANSFER')
  const [reference, setReference] = useState('')
  const key = useRef(newId())
  const cents = parseCents(amount)
  const due = parseCents(document.due) ?? 0
  const pay = useMutation({
    mutationFn: () =>
      createPayment(
        {
          ...(document.kind === 'invoice' ? { invoice_id: document.id } : { bill_id: document.id }),
          amount: centsToText(cents ?? 0),
          payment_date: date,
          payment_method: method,
          reference: reference.trim() || undefined,
        },
        key.current,
      ),
    onSuccess: (payment) => {
      toast(`${formatMoney(payment.amount, payment.currency)} on ${document.number} is written down.`)
      onClose()
    },
    onError: (error) => {
      if (!isPassing(error)) key.current = newId()
    },
    onSettled: refreshMoney,
  })
  const fields = pay.error instanceof ApiError ? pay.error.fields : {}
  const placed = Object.keys(fields).some((name) => ['amount', 'payment_date', 'payment_method', 'reference'].includes(name))
  const left = cents === null ? null : due - cents
  return (
    <Dialog
      title={`Payment of ${document.number}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={pay.isPending} disabled={cents === null || cents <= 0 || !date} onClick={() => pay.mutate()}>
            Record payment
          </Button>
        </>
      }
    >
      <form
        className="grid gap-4 sm:grid-cols-2"
        onSubmit={(event) => {
          event.preventDefault()
          if (cents !== null && cents > 0 && date) pay.mutate()
        }}
      >
        <p className="num sm:col-span-2">
          {document.party} · <strong>{formatMoney(document.due, document.currency)}</strong> {document.kind === 'invoice' ? 'is due to us' : 'is due'}
        </p>
        {pay.isError && !placed && (
          <p role="alert" className="font-medium text-bad sm:col-span-2">
            {messageOf(pay.error)}
          </p>
        )}
        <Field
          label="Amount"
          error={fields.amount ?? amountFault(amount, false)}
          hint={left === null || left === 0 ? undefined : left > 0 ? `${formatMoney(centsToText(left), document.currency)} stays due` : 'This is more than is due'}
        >
          <MoneyInput data-autofocus value={amount} onChange={setAmount} />
        </Field>
        <Field label={document.kind === 'invoice' ? 'Received on' : 'Paid on'} error={fields.payment_date}>
          <DateInput value={date} onChange={setDate} />
        </Field>
        <Field label="How" error={fields.payment_method}>
          <Select value={method} onChange={(event) => setMethod(event.target.value as PaymentMethod)}>
            {methodOptions.map(({ value, label }) => (
              <option key={value} value={value}>
                {label}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Reference" error={fields.reference}>
          <Input value={reference} maxLength={255} onChange={(event) => setReference(event.target.value)} />
        </Field>
        <button type="submit" hidden />
      </form>
    </Dialog>
  )
}

/** Deletes a payment; it can be taken back at once. */
export function useDeletePayment() {
  return useMutation({
    mutationFn: (payment: Payment) => deleteRecord(paymentPath(payment.id)),
    onSuccess: ({ deletion_id }, payment) =>
      toastUndo(`The payment of ${formatMoney(payment.amount, payment.currency)} is deleted.`, () => (deletion_id ? restoreDeletion(deletion_id) : restoreRecord(paymentPath(payment.id)))),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: refreshMoney,
  })
}

interface PaymentsSectionProps {
  document: Paid
  /** Something is due. */
  open: boolean
  /** False where the page has a button of its own. */
  button?: boolean
}

/** The payments of a document, newest first, and the way to write down another. */
export function PaymentsSection({ document, open, button = true }: PaymentsSectionProps) {
  const mayPay = may(useUser(), 'can_create_invoices')
  const [paying, setPaying] = useState(false)
  const remove = useDeletePayment()
  const payments = useInfiniteQuery(
    sliceQuery<Payment>(['payments', 'of', document.kind, document.id], '/api/xero/payments', document.kind === 'invoice' ? { invoice_id: document.id } : { bill_id: document.id }),
  )
  const rows = payments.data?.pages.flatMap((page) => page.rows)
  return (
    <Section
      title="Payments"
      actions={
        mayPay &&
        open &&
        button && (
          <Button variant="primary" icon={<Banknote aria-hidden className="size-4" />} onClick={() => setPaying(true)}>
            Record payment
          </Button>
        )
      }
    >
      {payments.isError ? (
        <Failure error={payments.error} onRetry={() => void payments.refetch()} />
      ) : !rows ? (
        <Skeleton rows={1} />
      ) : rows.length === 0 ? (
        <p className="card px-4 py-3 text-muted">{open ? 'Nothing has been paid yet.' : 'No payment is written down here.'}</p>
      ) : (
        <ul className="card divide-y divide-line" aria-label="Payments">
          {rows.map((payment) => (
            <li key={payment.id} className="flex min-h-14 items-center gap-3 py-1 pr-1 pl-4">
              <div className="min-w-0 flex-1 sm:flex sm:gap-4">
                <p className="num sm:w-28">{formatDay(payment.payment_date)}</p>
                <p className="min-w-0 truncate text-muted">{[methodWords[payment.payment_method], payment.reference].filter(Boolean).join(' · ')}</p>
              </div>
              <p className="num font-semibold">{formatMoney(payment.amount, payment.currency)}</p>
              {mayPay ? (
                <IconButton label={`Delete the payment of ${formatMoney(payment.amount, payment.currency)}`} disabled={remove.isPending} onClick={() => remove.mutate(payment)}>
                  <Trash2 aria-hidden className="size-4" />
                </IconButton>
              ) : (
                <span className="w-2" />
              )}
            </li>
          ))}
        </ul>
      )}
      {payments.hasNextPage && (
        <Button className="self-start" busy={payments.isFetchingNextPage} onClick={() => void payments.fetchNextPage()}>
          Show more
        </Button>
      )}
      {paying && <PaymentDialog document={document} onClose={() => setPaying(false)} />}
    </Section>
  )
}
