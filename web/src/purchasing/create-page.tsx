import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { ArrowLeft, TriangleAlert } from 'lucide-react'
import { useRef, useState } from 'react'
import { ClientPicker } from '@/clients/picker'
import { createPurchaseOrder } from '@/api/client'
import { ApiError, isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { today } from '@/format/calendar'
import { centsToText, formatMoney } from '@/format/money'
import { ProjectPicker } from '@/projects/picker'
import { documentKeys } from '@/sync/queries'
import { markSubmitted } from '@/sync/submitted'
import { Button, buttonClass } from '@/ui/button'
import { Field, Input, Textarea } from '@/ui/field'
import { Page } from '@/ui/page'
import { Notice } from '@/ui/states'
import { toast } from '@/ui/toast'
import { emptyLine, Lines, linesCents, toRequestLines } from './lines'

/** A new purchase order for a project. */
export function CreatePurchaseOrderPage() {
  const navigate = useNavigate()
  const [supplier, setSupplier] = useState<string | null>(null)
  const [project, setProject] = useState<string | null>(null)
  const [date, setDate] = useState(today)
  const [delivery, setDelivery] = useState('')
  const [number, setNumber] = useState('')
  const [notes, setNotes] = useState('')
  const [lines, setLines] = useState(() => [emptyLine()])
  const [strict, setStrict] = useState(false)
  const idempotencyKey = useRef(newId())
  const cents = linesCents(lines)

  const create = useMutation({
    mutationFn: (chosen: { supplier: string; project: string }) =>
      createPurchaseOrder(
        {
          supplier_id: chosen.supplier,
          project_id: chosen.project,
          date,
          delivery_date: delivery || undefined,
          po_number: number.trim() || undefined,
          notes: notes.trim() || undefined,
          line_items: toRequestLines(lines),
        },
        idempotencyKey.current,
      ),
    onSuccess: (order) => {
      markSubmitted({ kind: 'purchase_order', id: order.id, number: order.po_number, party: order.supplier_name, amount: order.total_amount })
      toast(`${order.po_number} created. Syncing to Xero…`)
      void queryClient.invalidateQueries({ queryKey: documentKeys.purchase_order })
      void navigate({ to: '/financials/purchase-orders' })
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) idempotencyKey.current = newId()
    },
  })
  const fields = create.error instanceof ApiError ? create.error.fields : {}
  const submit = () => {
    setStrict(true)
    if (supplier && project && date && cents !== null) create.mutate({ supplier, project })
  }

  return (
    <Page
      title="New purchase order"
      back={
        <Link to="/financials/purchase-orders" className="mb-1 inline-flex min-h-11 items-center gap-1.5 text-sm font-medium text-muted hover:text-ink">
          <ArrowLeft aria-hidden className="size-4" />
          Purchase orders
        </Link>
      }
    >
      {create.isError && (
        <Notice tone="bad" icon={<TriangleAlert aria-hidden />} title="The purchase order was not created">
          {messageOf(create.error)}
        </Notice>
      )}
      <section aria-label="Order" className="card grid gap-4 p-4 sm:grid-cols-2 lg:grid-cols-4">
        <Field label="Supplier" className="sm:col-span-2" error={fields.supplier_id ?? (strict && !supplier ? 'Choose a supplier' : undefined)}>
          <ClientPicker kind="supplier" value={supplier} onChange={setSupplier} />
        </Field>
        <Field label="Project" className="sm:col-span-2" error={fields.project_id ?? (strict && !project ? 'Choose a project' : undefined)}>
          <ProjectPicker value={project} onChange={setProject} />
        </Field>
        <Field label="Date" error={fields.date ?? (strict && !date ? 'Choose a date' : undefined)}>
          <Input type="date" value={date} onChange={(event) => setDate(event.target.value)} />
        </Field>
        <Field label="Delivery date" error={fields.delivery_date}>
          <Input type="date" value={delivery} min={date} onChange={(event) => setDelivery(event.target.value)} />
        </Field>
        <Field label="Number" error={fields.po_number} className="sm:col-span-2">
          <Input value={number} className="font-mono" placeholder="Next number" maxLength={255} onChange={(event) => setNumber(event.target.value)} />
        </Field>
      </section>
      <Lines lines={lines} onChange={setLines} fields={fields} strict={strict} />
      <section aria-label="Notes and total" className="card grid items-end gap-4 p-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <Field label="Delivery instructions" error={fields.notes}>
          <Textarea value={notes} maxLength={500} onChange={(event) => setNotes(event.target.value)} />
        </Field>
        <div className="flex flex-col gap-3">
          <p className="num text-right">
            <span className="mr-3 text-muted">Total before tax</span>
            <span className="text-2xl font-semibold">{cents === null ? '–' : formatMoney(centsToText(cents))}</span>
          </p>
          {strict && cents === null && <p className="text-sm font-medium text-bad">Each line needs a description, a quantity and a price.</p>}
          <div className="flex justify-end gap-3">
            <Link to="/financials/purchase-orders" className={buttonClass('secondary')}>
              Cancel
            </Link>
            <Button variant="primary" busy={create.isPending} onClick={submit}>
              Create purchase order
            </Button>
          </div>
        </div>
      </section>
    </Page>
  )
}
