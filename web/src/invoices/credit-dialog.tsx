import { useMutation } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { ApiError, isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { createCreditNote } from '@/api/sales'
import type { Invoice } from '@/api/types'
import { today } from '@/format/calendar'
import { centsToText, formatMoney, parseCents } from '@/format/money'
import { refreshMoney } from '@/records/payments'
import { Button } from '@/ui/button'
import { DateInput } from '@/ui/date-input'
import { Dialog } from '@/ui/dialog'
import { Field, Textarea } from '@/ui/field'
import { amountFault, MoneyInput } from '@/ui/money-input'
import { toast } from '@/ui/toast'

/** Credits an invoice, whole or in part. */
export function CreditInvoice({ invoice, onClose }: { invoice: Invoice; onClose: () => void }) {
  const navigate = useNavigate()
  const due = parseCents(invoice.amount_due) ?? 0
  const [amount, setAmount] = useState(due > 0 ? invoice.amount_due : invoice.total)
  const [date, setDate] = useState(today)
  const [reason, setReason] = useState('')
  const key = useRef(newId())
  const cents = parseCents(amount)
  const credit = useMutation({
    mutationFn: () => createCreditNote({ invoice_id: invoice.id, amount: centsToText(cents ?? 0), date, reason: reason.trim() || undefined }, key.current),
    onSuccess: (note) => {
      toast(`Credit note ${note.credit_note_number} of ${formatMoney(note.amount, note.currency)} is made.`)
      void navigate({ to: '/financials/credit-notes/$id', params: { id: note.id } })
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
    onSettled: refreshMoney,
  })
  const fields = credit.error instanceof ApiError ? credit.error.fields : {}
  const placed = Object.keys(fields).some((name) => ['amount', 'date', 'reason'].includes(name))
  const extra = cents === null ? 0 : cents - due
  return (
    <Dialog
      title={`Credit ${invoice.invoice_number}`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={credit.isPending} disabled={cents === null || cents <= 0 || !date} onClick={() => credit.mutate()}>
            Create credit note
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        <p>
          {invoice.client_name} was invoiced <span className="num">{formatMoney(invoice.total, invoice.currency)}</span>, of which <strong className="num">{formatMoney(invoice.amount_due, invoice.currency)}</strong> is due.
        </p>
        {credit.isError && !placed && (
          <p role="alert" className="font-medium text-bad">
            {messageOf(credit.error)}
          </p>
        )}
        <div className="grid grid-cols-2 gap-4">
          <Field
            label="Credit, with tax"
            error={fields.amount ?? amountFault(amount, false)}
            hint={extra > 0 ? `${formatMoney(centsToText(extra), invoice.currency)} of it stays as credit for another invoice` : undefined}
          >
            <MoneyInput data-autofocus value={amount} onChange={setAmount} />
          </Field>
          <Field label="Date" error={fields.date}>
            <DateInput value={date} onChange={setDate} />
          </Field>
        </div>
        <Field label="Reason" error={fields.reason}>
          <Textarea rows={2} maxLength={1000} value={reason} onChange={(event) => setReason(event.target.value)} />
        </Field>
      </div>
    </Dialog>
  )
}
