import { useMutation } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { ApiError, isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import { createManualInvoice } from '@/api/sales'
import { ClientPicker } from '@/clients/picker'
import { today } from '@/format/calendar'
import { usePriceList } from '@/items/queries'
import { ProjectPicker } from '@/projects/picker'
import { DocumentForm } from '@/records/document-form'
import { draftTotals, emptyLine, toSaleLines } from '@/records/line-draft'
import { refreshMoney } from '@/records/payments'
import { markSubmitted } from '@/sync/submitted'
import { DateInput } from '@/ui/date-input'
import { Field, Input } from '@/ui/field'
import { toast } from '@/ui/toast'

/** An invoice that is not made of timesheets. */
export function CreateManualInvoicePage() {
  const search = useSearch({ from: '/financials/invoices/new' })
  const navigate = useNavigate()
  const items = usePriceList('sales')
  const [client, setClient] = useState<string | null>(search.client ?? null)
  const [project, setProject] = useState<string | null>(search.project ?? null)
  const [issued, setIssued] = useState(today)
  const [due, setDue] = useState('')
  const [number, setNumber] = useState('')
  const [reference, setReference] = useState('')
  const [lines, setLines] = useState(() => [emptyLine()])
  const [strict, setStrict] = useState(false)
  const key = useRef(newId())
  const complete = draftTotals(lines, () => 0) !== null
  const create = useMutation({
    mutationFn: (client_id: string) =>
      createManualInvoice(
        {
          client_id,
          project_id: project ?? undefined,
          line_items: toSaleLines(lines),
          issue_date: issued,
          due_date: due || undefined,
          reference: reference.trim() || undefined,
          invoice_number: number.trim() || undefined,
        },
        key.current,
      ),
    onSuccess: (invoice) => {
      markSubmitted({ kind: 'invoice', id: invoice.id, number: invoice.invoice_number, party: invoice.client_name, amount: invoice.total })
      toast(`${invoice.invoice_number} created. Syncing to Xero…`)
      void navigate({ to: '/financials/invoices/$id', params: { id: invoice.id } })
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
    onSettled: refreshMoney,
  })
  const fields = create.error instanceof ApiError ? create.error.fields : {}
  return (
    <DocumentForm
      title="New invoice"
      back={{ to: '/financials/invoices', label: 'Invoices' }}
      error={create.error}
      failed="The invoice was not created"
      side="sales"
      lines={lines}
      onChange={setLines}
      items={items}
      fields={fields}
      strict={strict}
      placeholder="What is invoiced"
      action="Create invoice"
      busy={create.isPending}
      onSave={() => {
        setStrict(true)
        if (client && issued && complete) create.mutate(client)
      }}
      head={
        <>
          <Field label="Client" className="sm:col-span-2" error={fields.client_id ?? (strict && !client ? 'Choose a client' : undefined)}>
            <ClientPicker kind="customer" value={client} onChange={setClient} />
          </Field>
          <Field label="Project" className="sm:col-span-2" error={fields.project_id}>
            <ProjectPicker placeholder="None" clientId={client ?? undefined} value={project} onChange={setProject} />
          </Field>
          <Field label="Date" error={fields.issue_date ?? (strict && !issued ? 'Choose a date' : undefined)}>
            <DateInput value={issued} onChange={setIssued} />
          </Field>
          <Field label="Due" error={fields.due_date} hint="By the client's terms unless chosen">
            <DateInput value={due} min={issued} onChange={setDue} />
          </Field>
          <Field label="Reference" error={fields.reference}>
            <Input value={reference} maxLength={255} onChange={(event) => setReference(event.target.value)} />
          </Field>
          <Field label="Number" error={fields.invoice_number}>
            <Input value={number} className="font-mono" placeholder="Next number" maxLength={255} onChange={(event) => setNumber(event.target.value)} />
          </Field>
        </>
      }
      texts={<p className="text-sm text-muted">It is created here at once and then sent to Xero.</p>}
    />
  )
}
