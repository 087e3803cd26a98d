import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import { Controller } from 'react-hook-form'
import { z } from 'zod'
import { isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import { createBankTransaction } from '@/api/purchases'
import { queryClient } from '@/api/query'
import { today } from '@/format/calendar'
import { centsToText, parseCents } from '@/format/money'
import { DateInput } from '@/ui/date-input'
import { Field, Input, Select } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { MoneyInput } from '@/ui/money-input'
import { RecordForm } from '@/ui/record-form'
import { toast } from '@/ui/toast'

const schema = z.object({
  date: z.string().min(1, 'Choose a date'),
  type: z.enum(['RECEIVE', 'SPEND']),
  amount: z.string().refine((text) => (parseCents(text) ?? 0) > 0, 'Enter an amount'),
  description: z.string(),
  reference: z.string(),
})

type Values = z.infer<typeof schema>

/** One bank transaction, written down by hand. */
export function AddTransaction({ onClose }: { onClose: () => void }) {
  const key = useRef(newId())
  const form = useZodForm<Values>(schema, { date: today(), type: 'RECEIVE', amount: '', description: '', reference: '' })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: (values: Values) => createBankTransaction({ ...values, amount: centsToText(parseCents(values.amount) ?? 0) }, key.current),
    onSuccess: () => {
      toast('The transaction is written down.')
      void queryClient.invalidateQueries({ queryKey: ['bank'] })
      onClose()
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
  })
  return (
    <RecordForm title="New bank transaction" form={form} save={save} onClose={onClose}>
      <div className="grid grid-cols-2 gap-4">
        <Field label="Way">
          <Select {...form.register('type')}>
            <option value="RECEIVE">Money in</option>
            <option value="SPEND">Money out</option>
          </Select>
        </Field>
        <Field label="Amount" error={errors.amount?.message}>
          <Controller control={form.control} name="amount" render={({ field }) => <MoneyInput data-autofocus value={field.value} onChange={field.onChange} />} />
        </Field>
      </div>
      <Field label="Date" error={errors.date?.message}>
        <Controller control={form.control} name="date" render={({ field }) => <DateInput value={field.value} onChange={field.onChange} />} />
      </Field>
      <Field label="Description" error={errors.description?.message}>
        <Input {...form.register('description')} />
      </Field>
      <Field label="Reference" error={errors.reference?.message}>
        <Input {...form.register('reference')} />
      </Field>
    </RecordForm>
  )
}
