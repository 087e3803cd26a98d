import { useMutation, useQuery } from '@tanstack/react-query'
import { Paperclip } from 'lucide-react'
import { useRef } from 'react'
import { Controller } from 'react-hook-form'
import { z } from 'zod'
import { isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import type { Expense } from '@/api/purchases'
import { createExpense, updateExpense } from '@/api/purchases'
import { queryClient } from '@/api/query'
import type { ScanDetail } from '@/api/scans'
import { may, useUser } from '@/api/session'
import { costCentersQuery } from '@/costcenters/queries'
import { today } from '@/format/calendar'
import { centsToText, parseCents } from '@/format/money'
import { ProjectPicker } from '@/projects/picker'
import { Attachments } from '@/records/attachments'
import { useAccounts } from '@/records/tax'
import { DateInput } from '@/ui/date-input'
import { Field, Input, Select } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { MoneyInput } from '@/ui/money-input'
import { RecordForm } from '@/ui/record-form'
import { toast } from '@/ui/toast'

const schema = z.object({
  description: z.string().trim().min(1, 'Say what it was for'),
  amount: z.string().refine((text) => (parseCents(text) ?? 0) > 0, 'Enter an amount'),
  tax: z.string().refine((text) => text === '' || (parseCents(text) ?? -1) >= 0, 'Not an amount'),
  date: z.string().min(1, 'Choose a date'),
  project_id: z.string().nullable(),
  cost_center_id: z.string(),
  account_code: z.string(),
  receipt_url: z.union([z.literal(''), z.string().startsWith('/uploads/'), z.url({ protocol: /^https?$/, error: 'A link begins with https://' })]),
})

/** What an expense begins with that is made of a scan. */
export function fieldsOf({ fields, project_id, cost_center_id }: ScanDetail) {
  return {
    description: [fields.vendor_name, fields.document_number].filter(Boolean).join(' '),
    amount: fields.total_amount ?? '',
    tax: fields.tax_amount ?? '',
    date: fields.date ?? today(),
    project_id,
    cost_center_id: cost_center_id ?? '',
  }
}

export function ExpenseForm({ expense, scan, onClose }: { expense: Expense | null; scan?: ScanDetail; onClose: () => void }) {
  const user = useUser()
  const key = useRef(newId())
  const { data: costCenters } = useQuery(costCentersQuery)
  const form = useZodForm(schema, {
    description: expense?.description ?? '',
    amount: expense?.amount ?? '',
    tax: expense?.tax ?? '',
    date: expense?.date ?? today(),
    project_id: expense?.project_id ?? null,
    cost_center_id: expense?.cost_center_id ?? '',
    account_code: expense?.account_code ?? '',
    receipt_url: expense?.receipt_url ?? '',
    ...(scan && fieldsOf(scan)),
  })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: (values: z.infer<typeof schema>) => {
      const taxed = values.tax !== (expense?.tax ?? '')
      const body = {
        ...values,
        amount: centsToText(parseCents(values.amount) ?? 0),
        cost_center_id: values.cost_center_id || null,
        // That of a file here follows the files.
        receipt_url: expense?.receipt_url?.startsWith('/uploads/') ? undefined : values.receipt_url || null,
        scanned_document_id: scan?.id,
        // What nobody typed, the server works out.
        tax: taxed && values.tax !== '' ? centsToText(parseCents(values.tax) ?? 0) : taxed ? null : undefined,
      }
      return expense ? updateExpense(expense.id, body, null) : createExpense(body, key.current)
    },
    onSuccess: (saved) => {
      toast(`${saved.description ?? 'The expense'} saved.`)
      void queryClient.invalidateQueries({ queryKey: ['expenses'] })
      void queryClient.invalidateQueries({ queryKey: ['scans'] })
      onClose()
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
  })
  return (
    <RecordForm title={expense ? 'Edit expense' : 'New expense'} form={form} save={save} onClose={onClose}>
      <Field label="What for" error={errors.description?.message}>
        <Input data-autofocus {...form.register('description')} />
      </Field>
      <div className="grid grid-cols-2 gap-4">
        <Field label="Paid, with tax" error={errors.amount?.message}>
          <Controller control={form.control} name="amount" render={({ field }) => <MoneyInput value={field.value} onChange={field.onChange} />} />
        </Field>
        <Field label="Tax in it" error={errors.tax?.message} hint="Worked out if left empty">
          <Controller control={form.control} name="tax" render={({ field }) => <MoneyInput value={field.value} onChange={field.onChange} />} />
        </Field>
        <Field label="Date" className="max-sm:col-span-2" error={errors.date?.message}>
          <Controller control={form.control} name="date" render={({ field }) => <DateInput value={field.value} onChange={field.onChange} />} />
        </Field>
        <Field label="Cost centre" className="max-sm:col-span-2" error={errors.cost_center_id?.message}>
          <Select {...form.register('cost_center_id')}>
            <option value="">None</option>
            {(costCenters ?? [])
              .filter((center) => center.is_active || center.id === expense?.cost_center_id)
              .map((center) => (
                <option key={center.id} value={center.id}>
                  {center.code} {center.name}
                </option>
              ))}
          </Select>
        </Field>
      </div>
      <Field label="Project" error={errors.project_id?.message}>
        <Controller control={form.control} name="project_id" render={({ field }) => <ProjectPicker placeholder="None" value={field.value} onChange={field.onChange} />} />
      </Field>
      {may(user, 'can_view_financials') && <AccountField register={form.register('account_code')} error={errors.account_code?.message} />}
      {scan ? (
        <p className="flex items-center gap-2 text-muted">
          <Paperclip aria-hidden className="size-4" />
          <a href={scan.file_path} target="_blank" rel="noreferrer" className="font-medium break-words text-accent hover:underline">
            {scan.file_name}
          </a>
          will be attached.
        </p>
      ) : (
        !expense?.receipt_url?.startsWith('/uploads/') && (
          <Field label="Link to the receipt" error={errors.receipt_url?.message} hint="A photo or a file is attached once it is saved">
            <Input type="url" inputMode="url" placeholder="https://" {...form.register('receipt_url')} />
          </Field>
        )
      )}
      {expense && (
        <Field group label="Files">
          <Attachments kind="expense" id={expense.id} mayChange />
        </Field>
      )}
    </RecordForm>
  )
}

/** Accounts are read only for those who may see money. */
function AccountField({ register, error }: { register: object; error: string | undefined }) {
  const accounts = useAccounts('purchases')
  return (
    <Field label="Account" error={error}>
      <Select {...register}>
        <option value="">As set in settings</option>
        {accounts.map(({ code, name }) => (
          <option key={code} value={code}>
            {code} {name}
          </option>
        ))}
      </Select>
    </Field>
  )
}
