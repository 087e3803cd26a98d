import { useMutation } from '@tanstack/react-query'
import { useRef } from 'react'
import { z } from 'zod'
import { createClient } from '@/api/client'
import { isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import type { Client } from '@/api/types'
import { changeClient } from '@/api/work'
import { Field, Input, Select, Textarea } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { RecordForm } from '@/ui/record-form'
import { toast } from '@/ui/toast'
import { terms } from './terms'

const optionalEmail = z.union([z.literal(''), z.email('This is not an e-mail address')])
const schema = z
  .object({
    name: z.string().trim().min(1, 'Enter a name').max(255),
    client_type: z.enum(['customer', 'supplier', 'both']),
    contact_name: z.string(),
    email: optionalEmail,
    phone: z.string(),
    address: z.string(),
    billing_address: z.string(),
    billing_email: optionalEmail,
    payment_terms_type: z.enum(['DAYSAFTERBILLDATE', 'DAYSAFTERBILLMONTH', 'OFCURRENTMONTH', 'OFFOLLOWINGMONTH']),
    payment_terms_day: z.string().regex(/^\d{1,3}$/, 'Enter a number of days'),
    status: z.string(),
    notes: z.string(),
    billing_hold: z.string().max(500),
  })
  .refine((v) => !v.payment_terms_type.startsWith('OF') || (Number(v.payment_terms_day) >= 1 && Number(v.payment_terms_day) <= 31), {
    path: ['payment_terms_day'],
    message: 'A day of the month is between 1 and 31',
  })

interface ClientFormProps {
  client: Client | null
  /** The version that is changed; a change somebody else made since is not undone unseen. */
  etag?: string | null
  onSaved?: (client: Client) => void
  onClose: () => void
}

export function ClientForm({ client, etag = null, onSaved, onClose }: ClientFormProps) {
  const key = useRef(newId())
  const form = useZodForm(schema, {
    name: client?.name ?? '',
    client_type: client?.client_type ?? 'customer',
    contact_name: client?.contact_name ?? '',
    email: client?.email ?? '',
    phone: client?.phone ?? '',
    address: client?.address ?? '',
    billing_address: client?.billing_address ?? '',
    billing_email: client?.billing_email ?? '',
    payment_terms_type: client?.payment_terms_type ?? 'OFFOLLOWINGMONTH',
    payment_terms_day: String(client?.payment_terms_day ?? 20),
    status: client?.status ?? 'active',
    notes: client?.notes ?? '',
    billing_hold: client?.billing_hold ?? '',
  })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: (values: z.infer<typeof schema>) => {
      const fields = { ...values, payment_terms_day: Number(values.payment_terms_day), billing_hold: values.billing_hold.trim() || null }
      return client ? changeClient(client.id, fields, etag) : createClient(fields, key.current)
    },
    onSuccess: (saved) => {
      toast(`${saved.name} saved.`)
      for (const noun of ['clients', 'projects', 'unbilled', 'timesheets']) void queryClient.invalidateQueries({ queryKey: [noun] })
      onClose()
      onSaved?.(saved)
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
  })
  return (
    <RecordForm title={client ? client.name : 'New client'} form={form} save={save} onClose={onClose}>
      <Field label="Name" error={errors.name?.message}>
        <Input data-autofocus {...form.register('name')} />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Kind">
          <Select {...form.register('client_type')}>
            <option value="customer">Customer</option>
            <option value="supplier">Supplier</option>
            <option value="both">Customer and supplier</option>
          </Select>
        </Field>
        <Field label="Status">
          <Select {...form.register('status')}>
            <option value="active">Active</option>
            <option value="inactive">Inactive</option>
          </Select>
        </Field>
        <Field label="Contact">
          <Input {...form.register('contact_name')} />
        </Field>
        <Field label="Phone" error={errors.phone?.message}>
          <Input type="tel" {...form.register('phone')} />
        </Field>
      </div>
      <Field label="E-mail" error={errors.email?.message}>
        <Input type="email" {...form.register('email')} />
      </Field>
      <Field label="Address" error={errors.address?.message}>
        <Textarea rows={2} {...form.register('address')} />
      </Field>
      <fieldset className="flex flex-col gap-4 rounded-card border border-line p-4">
        <legend className="px-1 text-sm font-semibold">Invoices</legend>
        <Field label="E-mail for invoices" error={errors.billing_email?.message}>
          <Input type="email" {...form.register('billing_email')} />
        </Field>
        <Field label="Address on invoices" error={errors.billing_address?.message}>
          <Textarea rows={2} {...form.register('billing_address')} />
        </Field>
        <div className="grid grid-cols-[6rem_1fr] gap-3">
          <Field label="Due" error={errors.payment_terms_day?.message}>
            <Input inputMode="numeric" className="num text-right" {...form.register('payment_terms_day')} />
          </Field>
          <Field label="Terms">
            <Select {...form.register('payment_terms_type')}>
              {terms.map((term) => (
                <option key={term.value} value={term.value}>
                  {term.words}
                </option>
              ))}
            </Select>
          </Field>
        </div>
        <Field label="Hold" hint="Why nothing is to be invoiced to them for now; empty when nothing stands in the way." error={errors.billing_hold?.message}>
          <Input {...form.register('billing_hold')} />
        </Field>
      </fieldset>
      <Field label="Notes">
        <Textarea {...form.register('notes')} />
      </Field>
    </RecordForm>
  )
}
