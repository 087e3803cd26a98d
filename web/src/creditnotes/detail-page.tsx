import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { Link2, Link2Off, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { ApiError, messageOf } from '@/api/errors'
import type { Allocation, CreditNote } from '@/api/sales'
import { applyCreditNote, creditNotePath, unapplyCreditNote } from '@/api/sales'
import { may, useUser } from '@/api/session'
import { formatDay } from '@/format/calendar'
import { centsToText, formatMoney, parseCents } from '@/format/money'
import { invoicesQuery } from '@/invoices/queries'
import { DeleteRecord } from '@/records/delete'
import { LinesSection } from '@/records/line-editor'
import { refreshMoney } from '@/records/payments'
import { RecordPage, RecordState, Section } from '@/records/record-page'
import { StatusBadge } from '@/records/status'
import { toastUndo } from '@/records/undo'
import { Button } from '@/ui/button'
import { Combobox } from '@/ui/combobox'
import { Dialog } from '@/ui/dialog'
import { Field } from '@/ui/field'
import { amountFault, MoneyInput } from '@/ui/money-input'
import { toast } from '@/ui/toast'
import { CreditLeft } from './list-page'
import { creditNoteQuery } from './queries'

const list = { to: '/financials/credit-notes', label: 'Credit notes' } as const

export function CreditNotePage() {
  const { id } = useParams({ from: '/financials/credit-notes/$id' })
  const note = useQuery(creditNoteQuery(id))
  return note.data ? <View note={note.data} /> : <RecordState title="Credit note" back={list} error={note.error} onRetry={() => void note.refetch()} />
}

function View({ note }: { note: CreditNote }) {
  const navigate = useNavigate()
  const mayWrite = may(useUser(), 'can_create_invoices')
  const [applying, setApplying] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const left = (parseCents(note.remaining_credit) ?? 0) > 0
  const take = useMutation({
    mutationFn: (allocation: Allocation) => unapplyCreditNote(note.id, allocation.id),
    onSuccess: (_, { invoice_id, invoice_number, amount }) =>
      toastUndo(`${formatMoney(amount, note.currency)} is taken off ${invoice_number}.`, async () => {
        const { message } = await applyCreditNote(note.id, invoice_id, amount)
        return { message }
      }),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: refreshMoney,
  })
  return (
    <RecordPage
      kind="credit_note"
      id={note.id}
      title={note.credit_note_number}
      lead={note.client_name}
      back={list}
      badges={
        <>
          <StatusBadge status={note.status} />
          <CreditLeft note={note} />
        </>
      }
      actions={
        mayWrite &&
        left && (
          <Button variant="primary" icon={<Link2 aria-hidden className="size-4" />} onClick={() => setApplying(true)}>
            Set against an invoice
          </Button>
        )
      }
      menu={mayWrite ? [{ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(true) }] : []}
      facts={[
        {
          label: 'Of invoice',
          value: note.invoice_id && (
            <Link to="/financials/invoices/$id" params={{ id: note.invoice_id }} className="font-mono text-accent hover:underline">
              {note.invoice_number}
            </Link>
          ),
        },
        { label: 'Date', value: formatDay(note.date) },
        { label: 'Credit', value: formatMoney(note.amount, note.currency) },
        { label: 'Left of it', value: formatMoney(note.remaining_credit, note.currency) },
        { label: 'Reason', value: note.reason, wide: true },
      ]}
      deleted={{ at: note.deleted_at, path: creditNotePath(note.id), mayRestore: mayWrite }}
    >
      <Section title="Set against">
        {note.allocations.length === 0 ? (
          <p className="card px-4 py-3 text-muted">No invoice yet. The client has this credit.</p>
        ) : (
          <ul className="card divide-y divide-line" aria-label="Set against">
            {note.allocations.map((allocation) => (
              <li key={allocation.id} className="flex min-h-14 items-center gap-3 py-1 pr-2 pl-4">
                <div className="min-w-0 flex-1 sm:flex sm:gap-4">
                  <Link to="/financials/invoices/$id" params={{ id: allocation.invoice_id }} className="font-mono text-accent hover:underline sm:w-28">
                    {allocation.invoice_number}
                  </Link>
                  <p className="num text-muted">{formatDay(allocation.date)}</p>
                </div>
                <p className="num font-semibold">{formatMoney(allocation.amount, note.currency)}</p>
                {mayWrite && (
                  <Button variant="ghost" busy={take.isPending} icon={<Link2Off aria-hidden className="size-4" />} aria-label={`Take off ${allocation.invoice_number}`} onClick={() => take.mutate(allocation)}>
                    <span className="max-sm:sr-only">Take off</span>
                  </Button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Section>
      <LinesSection lines={note.line_items} currency={note.currency} subtotal={note.subtotal} total_tax={note.total_tax} total={note.amount} />
      {applying && <Apply note={note} onClose={() => setApplying(false)} />}
      {deleting && (
        <DeleteRecord
          kind="credit_note"
          id={note.id}
          name={note.credit_note_number}
          path={creditNotePath(note.id)}
          onClose={() => setDeleting(false)}
          onDeleted={() => void navigate({ to: '/financials/credit-notes' })}
        >
          <p>Its invoices owe the amounts again that were set against them.</p>
        </DeleteRecord>
      )}
    </RecordPage>
  )
}

/** Sets what is left of a credit note against an open invoice of its client. */
function Apply({ note, onClose }: { note: CreditNote; onClose: () => void }) {
  const [invoice, setInvoice] = useState<string | null>(null)
  const [amount, setAmount] = useState('')
  const invoices = useInfiniteQuery(invoicesQuery({ client_id: note.client_id ?? undefined, limit: 500 }))
  const open = (invoices.data?.pages.flatMap((page) => page.rows) ?? []).filter((row) => ['SUBMITTED', 'AUTHORISED'].includes(row.status) && (parseCents(row.amount_due) ?? 0) > 0)
  const apply = useMutation({
    mutationFn: (id: string) => applyCreditNote(note.id, id, centsToText(parseCents(amount) ?? 0)),
    onSuccess: ({ message }) => {
      toast(message)
      onClose()
    },
    onSettled: refreshMoney,
  })
  const fields = apply.error instanceof ApiError ? apply.error.fields : {}
  return (
    <Dialog
      title={`Set ${note.credit_note_number} against an invoice`}
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={apply.isPending} disabled={!invoice || (parseCents(amount) ?? 0) <= 0} onClick={() => invoice && apply.mutate(invoice)}>
            Set against it
          </Button>
        </>
      }
    >
      <div className="flex min-h-72 flex-col gap-4">
        <p className="num">
          <strong>{formatMoney(note.remaining_credit, note.currency)}</strong> is left.
        </p>
        {apply.isError && Object.keys(fields).length === 0 && (
          <p role="alert" className="font-medium text-bad">
            {messageOf(apply.error)}
          </p>
        )}
        <Field label="Invoice" error={fields.invoice_id}>
          <Combobox
            choices={open.map((row) => ({ id: row.id, label: row.invoice_number, detail: `${formatMoney(row.amount_due, row.currency)} due · ${formatDay(row.issue_date)}` }))}
            value={invoice}
            placeholder={invoices.isPending ? 'Loading…' : 'Search open invoices'}
            empty="The client has no open invoice that matches."
            onChange={(id) => {
              setInvoice(id)
              const due = parseCents(open.find((row) => row.id === id)?.amount_due) ?? 0
              setAmount(centsToText(Math.min(due, parseCents(note.remaining_credit) ?? 0)))
            }}
          />
        </Field>
        <Field label="Amount" error={fields.amount ?? amountFault(amount, false)}>
          <MoneyInput value={amount} onChange={setAmount} />
        </Field>
      </div>
    </Dialog>
  )
}
