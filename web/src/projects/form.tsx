import { useMutation, useQuery } from '@tanstack/react-query'
import { useRef } from 'react'
import { Controller } from 'react-hook-form'
import { z } from 'zod'
import { createProject } from '@/api/client'
import { isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import type { Project } from '@/api/types'
import { changeProject } from '@/api/work'
import { ClientPicker } from '@/clients/picker'
import { costCentersQuery } from '@/costcenters/queries'
import { parseCents } from '@/format/money'
import { Checkbox, Field, Input, Select, Textarea } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { RecordForm } from '@/ui/record-form'
import { toast } from '@/ui/toast'
import { billingMethods, statuses } from './status'

const schema = z
  .object({
    name: z.string().trim().min(1, 'Enter a name').max(255),
    client_id: z.string(),
    status: z.string(),
    budget: z.string().refine((text) => text.trim() === '' || parseCents(text) !== null, 'Enter an amount such as 12000 or 12000.50'),
    description: z.string(),
    start_date: z.string(),
    end_date: z.string(),
    cost_center_ids: z.array(z.string()),
    billing_method: z.enum(['time_and_materials', 'fixed_price', 'non_billable']),
    bill_on_completion: z.boolean(),
    billing_hold: z.string().max(500),
    certificate_required: z.string(),
  })
  .refine((v) => !v.start_date || !v.end_date || v.end_date >= v.start_date, { path: ['end_date'], message: 'The end is before the start' })

interface ProjectFormProps {
  project: Project | null
  /** The version that is changed; a change somebody else made since is not undone unseen. */
  etag?: string | null
  clientId?: string
  onSaved?: (project: Project) => void
  onClose: () => void
}

export function ProjectForm({ project, etag = null, clientId, onSaved, onClose }: ProjectFormProps) {
  const money = may(useUser(), 'can_view_financials')
  const key = useRef(newId())
  const costCenters = useQuery(costCentersQuery)
  const form = useZodForm(schema, {
    name: project?.name ?? '',
    client_id: project?.client_id ?? clientId ?? '',
    status: project?.status ?? 'quoted',
    budget: project?.budget ?? '',
    description: project?.description ?? '',
    start_date: project?.start_date ?? '',
    end_date: project?.end_date ?? '',
    cost_center_ids: project?.cost_center_ids.filter((id) => id !== null) ?? [],
    billing_method: project?.billing_method ?? 'time_and_materials',
    bill_on_completion: project?.bill_on_completion ?? false,
    billing_hold: project?.billing_hold ?? '',
    certificate_required: project?.certificate_required ?? '',
  })
  const { errors } = form.formState
  const method = form.watch('billing_method')
  const save = useMutation({
    mutationFn: ({ budget, ...values }: z.infer<typeof schema>) => {
      const fields = {
        ...values,
        client_id: values.client_id || null,
        start_date: values.start_date || null,
        end_date: values.end_date || null,
        billing_hold: values.billing_hold.trim() || null,
        certificate_required: (values.certificate_required || null) as Project['certificate_required'],
        // Whoever may not see a budget must not empty it by saving.
        ...(money || !project ? { budget: budget.trim() || '0' } : {}),
      }
      return project ? changeProject(project.id, fields, etag) : createProject(fields, key.current)
    },
    onSuccess: (saved) => {
      toast(`${saved.name} saved.`)
      for (const noun of ['projects', 'clients', 'unbilled', 'timesheets']) void queryClient.invalidateQueries({ queryKey: [noun] })
      onClose()
      onSaved?.(saved)
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
  })
  return (
    <RecordForm title={project ? `${project.code} ${project.name}` : 'New project'} form={form} save={save} onClose={onClose}>
      <Field label="Name" error={errors.name?.message}>
        <Input data-autofocus {...form.register('name')} />
      </Field>
      <Field label="Client" error={errors.client_id?.message}>
        <Controller control={form.control} name="client_id" render={({ field }) => <ClientPicker kind="customer" value={field.value || null} onChange={field.onChange} />} />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Status" error={errors.status?.message}>
          <Select {...form.register('status')}>
            {statuses.map((status) => (
              <option key={status.value} value={status.value}>
                {status.words}
              </option>
            ))}
          </Select>
        </Field>
        {(money || !project) && (
          <Field label="Budget" error={errors.budget?.message}>
            <Input inputMode="decimal" className="num text-right" {...form.register('budget')} />
          </Field>
        )}
        <Field label="Start" error={errors.start_date?.message}>
          <Input type="date" {...form.register('start_date')} />
        </Field>
        <Field label="End" error={errors.end_date?.message}>
          <Input type="date" {...form.register('end_date')} />
        </Field>
      </div>
      <Field label="Description">
        <Textarea {...form.register('description')} />
      </Field>
      <fieldset className="flex flex-col gap-4 rounded-card border border-line p-4">
        <legend className="px-1 text-sm font-semibold">Invoicing</legend>
        <Field label="How it is billed" error={errors.billing_method?.message}>
          <Select {...form.register('billing_method')}>
            {billingMethods.map((one) => (
              <option key={one.value} value={one.value}>
                {one.words}
              </option>
            ))}
          </Select>
        </Field>
        {method === 'time_and_materials' && <Checkbox {...form.register('bill_on_completion')}>Invoice nothing before it is completed</Checkbox>}
        <Field label="Certificate before invoicing" hint="Its work is invoiced when such a certificate is approved." error={errors.certificate_required?.message}>
          <Select {...form.register('certificate_required')}>
            <option value="">None</option>
            <option value="electrical_compliance">Certificate of compliance (CoC)</option>
            <option value="electrical_safety_certificate">Electrical safety certificate (ESC)</option>
          </Select>
        </Field>
        <Field label="Hold" hint="Why nothing of it is to be invoiced for now; empty when nothing stands in the way." error={errors.billing_hold?.message}>
          <Input {...form.register('billing_hold')} />
        </Field>
      </fieldset>
      <Field label="Cost centres" group error={errors.cost_center_ids?.message}>
        <Controller
          control={form.control}
          name="cost_center_ids"
          render={({ field }) => (
            <div className="flex flex-col rounded-card border border-line px-4 py-1">
              {(costCenters.data ?? [])
                .filter((center) => center.is_active || field.value.includes(center.id))
                .map((center) => (
                  <Checkbox
                    key={center.id}
                    checked={field.value.includes(center.id)}
                    onChange={(event) => field.onChange(event.target.checked ? [...field.value, center.id] : field.value.filter((id) => id !== center.id))}
                  >
                    <span>
                      <span className="font-mono text-sm text-muted">{center.code}</span> {center.name}
                    </span>
                  </Checkbox>
                ))}
            </div>
          )}
        />
      </Field>
    </RecordForm>
  )
}
