import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import { z } from 'zod'
import { createCostCenter, updateCostCenter } from '@/api/client'
import { isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import type { CostCenter } from '@/api/types'
import { parseCents } from '@/format/money'
import { Checkbox, Field, Input, Textarea } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { RecordForm } from '@/ui/record-form'
import { toast } from '@/ui/toast'

const schema = z.object({
  code: z.string().trim().min(1, 'Enter a code').max(50),
  name: z.string().trim().min(1, 'Enter a name').max(255),
  description: z.string(),
  budget: z.string().refine((text) => text.trim() === '' || parseCents(text) !== null, 'Enter an amount such as 12000 or 12000.50'),
  client_po_number: z.string().max(100),
  is_active: z.boolean(),
})

export function CenterForm({ center, onClose }: { center: CostCenter | null; onClose: () => void }) {
  const money = may(useUser(), 'can_view_financials')
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
    mutationFn: ({ budget, ...values }: z.infer<typeof schema>) => {
      // Whoever may not see a budget must not empty it by saving.
      const fields = { ...values, ...(money || !center ? { budget: budget.trim() || '0' } : {}) }
      return center ? updateCostCenter(center.id, fields) : createCostCenter(fields, key.current)
    },
    onSuccess: (saved) => {
      toast(`${saved.name} saved.`)
      void queryClient.invalidateQueries({ queryKey: ['cost-centers'] })
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
      {(money || !center) && (
        <Field label="Budget" error={errors.budget?.message}>
          <Input inputMode="decimal" className="num max-w-40 text-right" {...form.register('budget')} />
        </Field>
      )}
      <Field label="Description">
        <Textarea {...form.register('description')} />
      </Field>
      <Checkbox {...form.register('is_active')}>Can be chosen for new hours and orders</Checkbox>
    </RecordForm>
  )
}
