import { useMutation, useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { z } from 'zod'
import { createCostCenter, deleteCostCenter, updateCostCenter } from '@/api/client'
import { isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import type { CostCenter } from '@/api/types'
import { formatMoney, formatQuantity, parseCents } from '@/format/money'
import { Checkbox, Field, Input, Textarea } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { Page } from '@/ui/page'
import { RecordForm } from '@/ui/record-form'
import { NewButton, RecordList } from '@/ui/record-list'
import { Remove } from '@/ui/remove'
import { Badge } from '@/ui/states'
import { toast } from '@/ui/toast'
import { costCentersQuery } from './queries'

const again = () => void queryClient.invalidateQueries({ queryKey: ['cost-centers'] })

/** What hours and orders are counted under. */
export function CostCentersPage() {
  const user = useUser()
  const [editing, setEditing] = useState<CostCenter | 'new' | null>(null)
  const [deleting, setDeleting] = useState<CostCenter | null>(null)
  const centers = useQuery(costCentersQuery)
  const mayEdit = may(user, 'can_manage_cost_centers')
  return (
    <Page title="Cost centres" lead="What hours and orders are counted under." actions={mayEdit && <NewButton onClick={() => setEditing('new')}>New cost centre</NewButton>}>
      <RecordList
        rows={centers.data}
        error={centers.error}
        onRetry={() => void centers.refetch()}
        keyOf={(center) => center.id}
        nameOf={(center) => center.name}
        onEdit={mayEdit ? setEditing : undefined}
        onDelete={mayEdit ? setDeleting : undefined}
        empty="No cost centres yet"
        render={(center) => (
          <>
            <div className="min-w-0 flex-1 basis-56">
              <p className="truncate font-medium">{center.name}</p>
              <p className="truncate text-sm text-muted">
                <span className="font-mono">{center.code}</span>
                {center.client_po_number && ` · client's order ${center.client_po_number}`}
              </p>
            </div>
            {!center.is_active && <Badge tone="warn">Not in use</Badge>}
            <p className="num text-sm text-muted">
              {formatQuantity(center.total_hours ?? '0')} h · {formatMoney(center.total_cost ?? '0')}
              {(parseCents(center.budget) ?? 0) > 0 && ` of ${formatMoney(center.budget)}`}
            </p>
          </>
        )}
      />
      {editing && <CenterForm center={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && <Remove what={`the cost centre ${deleting.code}`} remove={() => deleteCostCenter(deleting.id)} onRemoved={again} onClose={() => setDeleting(null)} />}
    </Page>
  )
}

const schema = z.object({
  code: z.string().trim().min(1, 'Enter a code').max(50),
  name: z.string().trim().min(1, 'Enter a name').max(255),
  description: z.string(),
  budget: z.string().refine((text) => text.trim() === '' || parseCents(text) !== null, 'Enter an amount such as 12000 or 12000.50'),
  client_po_number: z.string().max(100),
  is_active: z.boolean(),
})

function CenterForm({ center, onClose }: { center: CostCenter | null; onClose: () => void }) {
  const key = useRef(newId())
  const form = useZodForm(schema, {
    code: center?.code ?? '',
    name: center?.name ?? '',
    description: center?.description ?? '',
    budget: center?.budget ?? '',
    client_po_number: center?.client_po_number ?? '',
    is_active: center?.is_active ?? true,
  })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: (values: z.infer<typeof schema>) => {
      const fields = { ...values, budget: values.budget.trim() || '0' }
      return center ? updateCostCenter(center.id, fields) : createCostCenter(fields, key.current)
    },
    onSuccess: (saved) => {
      toast(`${saved.name} saved.`)
      again()
      onClose()
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
  })
  return (
    <RecordForm title={center ? `${center.code} ${center.name}` : 'New cost centre'} form={form} save={save} onClose={onClose}>
      <div className="grid gap-4 sm:grid-cols-[9rem_1fr]">
        <Field label="Code" error={errors.code?.message}>
          <Input data-autofocus className="font-mono" {...form.register('code')} />
        </Field>
        <Field label="Name" error={errors.name?.message}>
          <Input {...form.register('name')} />
        </Field>
      </div>
      <Field label="Client's order number" hint="It becomes the reference of the invoices for this cost centre." error={errors.client_po_number?.message}>
        <Input {...form.register('client_po_number')} />
      </Field>
      <Field label="Budget" error={errors.budget?.message}>
        <Input inputMode="decimal" className="num max-w-40 text-right" {...form.register('budget')} />
      </Field>
      <Field label="Description">
        <Textarea {...form.register('description')} />
      </Field>
      <Checkbox {...form.register('is_active')}>Can be chosen for new hours and orders</Checkbox>
    </RecordForm>
  )
}
