import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { TriangleAlert } from 'lucide-react'
import { useRef, useState } from 'react'
import { ClientPicker } from '@/clients/picker'
import { createPurchaseOrder } from '@/api/client'
import { ApiError, isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { costCentersQuery } from '@/costcenters/queries'
import { today } from '@/format/calendar'
import { ProjectPicker } from '@/projects/picker'
import { draftTotals, emptyLine, toPurchaseLines } from '@/records/line-draft'
import { DraftTotals, LineEditor } from '@/records/line-editor'
import { BackLink } from '@/records/record-page'
import { documentKeys } from '@/sync/queries'
import { markSubmitted } from '@/sync/submitted'
import { Button, buttonClass } from '@/ui/button'
import { Field, Input, Textarea } from '@/ui/field'
import { Page } from '@/ui/page'
import { Notice } from '@/ui/states'
import { toast } from '@/ui/toast'


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
  const { data: costCenters } = useQuery(costCentersQuery)
  const complete = draftTotals(lines, () => 0) !== null

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
          line_items: toPurchaseLines(lines),
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
    if (supplier && project && date && complete) create.mutate({ supplier, project })
  }

  return (
    <Page
      title="New purchase order"
      back={
        <BackLink to="/financials/purchase-orders">Purchase orders</BackLink>
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
      <LineEditor side="purchases" lines={lines} onChange={setLines} costCenters={costCenters ?? []} fields={fields} strict={strict} placeholder="What is ordered" />
      <section aria-label="Notes and total" className="card grid items-end gap-4 p-4 lg:grid-cols-[minmax(0,1fr)_22rem]">
        <Field label="Delivery instructions" error={fields.notes}>
          <Textarea value={notes} maxLength={500} onChange={(event) => setNotes(event.target.value)} />
        </Field>
        <div className="flex flex-col gap-3">
          <DraftTotals side="purchases" lines={lines} strict={strict} />
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
