import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Versioned } from '@/api/versions'
import { getInvoice, updateInvoice } from '@/api/client'
import { ApiError, messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { Invoice } from '@/api/types'
import { formatQuantity } from '@/format/money'
import type { LineDraft } from '@/records/line-draft'
import { draftTotals, emptyLine } from '@/records/line-draft'
import { DraftTotals, LineEditor } from '@/records/line-editor'
import { documentKeys } from '@/sync/queries'
import { markSubmitted } from '@/sync/submitted'
import { Button } from '@/ui/button'
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

function Form({ versioned: { row, etag }, onClose }: { versioned: Versioned<Invoice>; onClose: () => void }) {
  const [issueDate, setIssueDate] = useState(row.issue_date)
  const [dueDate, setDueDate] = useState(row.due_date ?? '')
  const [reference, setReference] = useState(row.reference ?? '')
  const [lines, setLines] = useState<LineDraft[]>(() =>
    row.line_items.map((line) => ({
      ...emptyLine(),
      key: line.id,
      id: line.id,
      description: line.description,
      quantity: formatQuantity(line.quantity),
      unit_price: formatQuantity(line.unit_price),
      account_code: line.account_code ?? '',
      locked: (line.timesheet_ids?.length ?? 0) > 0,
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
          lines: lines.map(({ id, description, quantity, unit_price, account_code }) => ({ id, description, quantity, unit_price, account_code: account_code || undefined })),
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
  const ready = draftTotals(lines, () => 0) !== null
  return (
    <Dialog
      title={`Edit ${row.invoice_number}`}
      wide
      onClose={onClose}
      footer={
        <>
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
        <LineEditor side="sales" listName="lines" lines={lines} onChange={setLines} currency={row.currency} fields={fields} strict placeholder="What is invoiced" />
        {lines.some((line) => line.locked) && <p className="text-sm text-muted">Hours and rates come from the timesheets. To leave entries out, void the invoice and create it anew.</p>}
        <DraftTotals side="sales" lines={lines} currency={row.currency} strict />
      </div>
    </Dialog>
  )
}
