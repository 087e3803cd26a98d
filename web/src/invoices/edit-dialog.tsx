import { useMutation, useQuery } from '@tanstack/react-query'
import { Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { Versioned } from '@/api/versions'
import { getInvoice, updateInvoice } from '@/api/client'
import { ApiError, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import type { Invoice } from '@/api/types'
import { centsToText, formatMoney, formatQuantity, lineCents, parseTenThousandths } from '@/format/money'
import { documentKeys } from '@/sync/queries'
import { markSubmitted } from '@/sync/submitted'
import { Button, IconButton } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'

/** Changes an invoice; what was already sent goes to Xero again. */
export function EditInvoice({ id, onClose }: { id: string; onClose: () => void }) {
  // Read once and for this dialog only: news about the invoice must not wipe out what is being typed.
  const invoice = useQuery({ queryKey: ['edit-invoice', id], queryFn: () => getInvoice(id), staleTime: Infinity, gcTime: 0 })
  if (invoice.data) return <Form versioned={invoice.data} onClose={onClose} />
  return (
    <Dialog title="Edit invoice" onClose={onClose}>
      {invoice.isError ? <Failure error={invoice.error} onRetry={() => void invoice.refetch()} /> : <Skeleton rows={4} />}
    </Dialog>
  )
}

interface Line {
  key: string
  id?: string
  description: string
  quantity: string
  unit_price: string
  account_code?: string
  /** Hours and rate come from timesheets; only the description is free. */
  fromTimesheets: boolean
}

function Form({ versioned: { row, etag }, onClose }: { versioned: Versioned<Invoice>; onClose: () => void }) {
  const [issueDate, setIssueDate] = useState(row.issue_date)
  const [dueDate, setDueDate] = useState(row.due_date ?? '')
  const [reference, setReference] = useState(row.reference ?? '')
  const [lines, setLines] = useState<Line[]>(() =>
    row.line_items.map((line) => ({
      key: line.id,
      id: line.id,
      description: line.description,
      quantity: formatQuantity(line.quantity),
      unit_price: formatQuantity(line.unit_price),
      account_code: line.account_code ?? undefined,
      fromTimesheets: (line.timesheet_ids?.length ?? 0) > 0,
    })),
  )
  const save = useMutation({
    mutationFn: () =>
      updateInvoice(
        row.id,
        {
          issue_date: issueDate,
          due_date: dueDate || undefined,
          reference,
          lines: lines.map(({ id, description, quantity, unit_price, account_code }) => ({ id, description, quantity, unit_price, account_code })),
        },
        etag,
      ),
    onSuccess: (invoice) => {
      if (invoice.sync_status === 'pending')
        markSubmitted({ kind: 'invoice', id: invoice.id, number: invoice.invoice_number, party: invoice.client_name, amount: invoice.total })
      toast(`${invoice.invoice_number} saved. Syncing to Xero…`)
      onClose()
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: documentKeys.invoice }),
  })
  const fields = save.error instanceof ApiError ? save.error.fields : {}
  const change = (key: string, part: Partial<Line>) => setLines(lines.map((line) => (line.key === key ? { ...line, ...part } : line)))
  const sum = lines.reduce<number | null>((total, line) => {
    const quantity = parseTenThousandths(line.quantity)
    const price = parseTenThousandths(line.unit_price)
    return total === null || quantity === null || price === null ? null : total + lineCents(quantity, price)
  }, 0)
  const ready = sum !== null && lines.length > 0 && lines.every((line) => line.description.trim() !== '')
  return (
    <Dialog
      title={`Edit ${row.invoice_number}`}
      wide
      onClose={onClose}
      footer={
        <>
          <p className="num mr-auto self-center text-muted">{sum === null ? 'A line is not complete' : `${formatMoney(centsToText(sum), row.currency)} before tax`}</p>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={save.isPending} disabled={!ready} onClick={() => save.mutate()}>
            Save and send
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-5">
        {save.isError && (
          <p role="alert" className="font-medium text-bad">
            {save.error instanceof ApiError && save.error.status === 412
              ? 'Somebody changed this invoice in the meantime. Close this, look at it again, and change it from there.'
              : messageOf(save.error)}
          </p>
        )}
        <div className="grid gap-4 sm:grid-cols-3">
          <Field label="Date" error={fields.issue_date}>
            <Input type="date" required value={issueDate} onChange={(event) => setIssueDate(event.target.value)} />
          </Field>
          <Field label="Due date" error={fields.due_date}>
            <Input type="date" value={dueDate} min={issueDate} onChange={(event) => setDueDate(event.target.value)} />
          </Field>
          <Field label="Reference" error={fields.reference}>
            <Input value={reference} maxLength={255} onChange={(event) => setReference(event.target.value)} />
          </Field>
        </div>
        <ul className="divide-y divide-line rounded-card border border-line">
          {lines.map((line, i) => (
            <li key={line.key} className="grid grid-cols-[1fr_1fr_auto] items-start gap-3 p-3 sm:grid-cols-[minmax(0,1fr)_6rem_8rem_auto]">
              <Field label={`Description of line ${i + 1}`} labelHidden className="col-span-3 sm:col-span-1" error={fields[`lines.${i}.description`]}>
                <Input value={line.description} placeholder="Description" onChange={(event) => change(line.key, { description: event.target.value })} />
              </Field>
              <Field label={`Quantity of line ${i + 1}`} labelHidden error={fields[`lines.${i}.quantity`]}>
                <Input className="num text-right" inputMode="decimal" disabled={line.fromTimesheets} value={line.quantity} onChange={(event) => change(line.key, { quantity: event.target.value })} />
              </Field>
              <Field label={`Unit price of line ${i + 1}`} labelHidden error={fields[`lines.${i}.unit_price`]}>
                <Input className="num text-right" inputMode="decimal" disabled={line.fromTimesheets} value={line.unit_price} onChange={(event) => change(line.key, { unit_price: event.target.value })} />
              </Field>
              <IconButton label={`Remove line ${i + 1}`} disabled={line.fromTimesheets} onClick={() => setLines(lines.filter((other) => other.key !== line.key))}>
                <Trash2 aria-hidden className="size-4" />
              </IconButton>
            </li>
          ))}
        </ul>
        {lines.some((line) => line.fromTimesheets) && <p className="text-sm text-muted">Hours and rates come from the timesheets. To leave entries out, void the invoice and create it anew.</p>}
        <Button
          className="self-start"
          icon={<Plus aria-hidden className="size-4" />}
          onClick={() => setLines([...lines, { key: newId(), description: '', quantity: '1', unit_price: '', fromTimesheets: false }])}
        >
          Add line
        </Button>
      </div>
    </Dialog>
  )
}
