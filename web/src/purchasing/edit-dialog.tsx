import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { Versioned } from '@/api/versions'
import { getPurchaseOrder, updatePurchaseOrder } from '@/api/client'
import { ApiError, messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { PurchaseOrder } from '@/api/types'
import { costCentersQuery } from '@/costcenters/queries'
import { formatQuantity } from '@/format/money'
import type { LineDraft } from '@/records/line-draft'
import { draftTotals, toPurchaseLines } from '@/records/line-draft'
import { DraftTotals, LineEditor } from '@/records/line-editor'
import { documentKeys } from '@/sync/queries'
import { markSubmitted } from '@/sync/submitted'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input, Textarea } from '@/ui/field'
import { Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'


/** Changes a purchase order; what was already sent goes to Xero again. */
export function EditPurchaseOrder({ id, onClose }: { id: string; onClose: () => void }) {
  // Read once and for this dialog only: news about the order must not wipe out what is being typed.
  const order = useQuery({ queryKey: ['edit-purchase-order', id], queryFn: () => getPurchaseOrder(id), staleTime: Infinity, gcTime: 0 })
  if (order.data) return <Form versioned={order.data} onClose={onClose} />
  return (
    <Dialog title="Edit purchase order" onClose={onClose}>
      {order.isError ? <Failure error={order.error} onRetry={() => void order.refetch()} /> : <Skeleton rows={4} />}
    </Dialog>
  )
}

function Form({ versioned: { row, etag }, onClose }: { versioned: Versioned<PurchaseOrder>; onClose: () => void }) {
  const [date, setDate] = useState(row.date)
  const [delivery, setDelivery] = useState(row.delivery_date ?? '')
  const [notes, setNotes] = useState(row.notes ?? '')
  const [lines, setLines] = useState<LineDraft[]>(() =>
    row.line_items_detail.map((line) => ({
      key: line.id,
      description: line.description,
      quantity: formatQuantity(line.quantity),
      unit_price: formatQuantity(line.unit_amount),
      account_code: line.account_code ?? '',
      cost_center_id: line.cost_center_id ?? '',
      item_id: '',
    })),
  )
  const { data: costCenters } = useQuery(costCentersQuery)
  const complete = draftTotals(lines, () => 0) !== null
  const save = useMutation({
    mutationFn: () => updatePurchaseOrder(row.id, { date, delivery_date: delivery || undefined, notes, line_items: toPurchaseLines(lines) }, etag),
    onSuccess: (order) => {
      if (order.sync_status === 'pending')
        markSubmitted({ kind: 'purchase_order', id: order.id, number: order.po_number, party: order.supplier_name, amount: order.total_amount })
      toast(`${order.po_number} saved. Syncing to Xero…`)
      onClose()
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: documentKeys.purchase_order }),
  })
  const fields = save.error instanceof ApiError ? save.error.fields : {}
  return (
    <Dialog
      title={`Edit ${row.po_number}`}
      wide
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={save.isPending} disabled={!complete || !date} onClick={() => save.mutate()}>
            Save and send
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {save.isError && (
          <p role="alert" className="font-medium text-bad">
            {save.error instanceof ApiError && save.error.status === 412
              ? 'Somebody changed this order in the meantime. Close this, look at it again, and change it from there.'
              : messageOf(save.error)}
          </p>
        )}
        <div className="grid gap-4 sm:grid-cols-2">
          <Field label="Date" error={fields.date}>
            <Input type="date" value={date} onChange={(event) => setDate(event.target.value)} />
          </Field>
          <Field label="Delivery date" error={fields.delivery_date}>
            <Input type="date" value={delivery} min={date} onChange={(event) => setDelivery(event.target.value)} />
          </Field>
        </div>
        <LineEditor side="purchases" lines={lines} onChange={setLines} currency={row.currency} costCenters={costCenters ?? []} fields={fields} strict placeholder="What is ordered" />
        <DraftTotals side="purchases" lines={lines} currency={row.currency} strict />
        <Field label="Delivery instructions" error={fields.notes}>
          <Textarea value={notes} maxLength={500} onChange={(event) => setNotes(event.target.value)} />
        </Field>
      </div>
    </Dialog>
  )
}
