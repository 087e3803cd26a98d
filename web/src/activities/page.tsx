import { useMutation, useQuery } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { Controller } from 'react-hook-form'
import { z } from 'zod'
import { createActivityType, deleteActivityType, updateActivityType } from '@/api/client'
import { isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import type { ActivityType } from '@/api/types'
import { formatMoney, formatQuantity, parseTenThousandths } from '@/format/money'
import { Checkbox, Field, Input } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { Page } from '@/ui/page'
import { RecordForm } from '@/ui/record-form'
import { NewButton, RecordList } from '@/ui/record-list'
import { Remove } from '@/ui/remove'
import { Badge } from '@/ui/states'
import { toast } from '@/ui/toast'
import { activityColours, activityIcons, ActivityMark, colourOf } from './picker'
import { activityTypesQuery } from './queries'

const again = () => void queryClient.invalidateQueries({ queryKey: ['activity-types'] })

/** What the team does, and what an hour of it costs the client. */
export function ActivityTypesPage() {
  const user = useUser()
  const [editing, setEditing] = useState<ActivityType | 'new' | null>(null)
  const [deleting, setDeleting] = useState<ActivityType | null>(null)
  const types = useQuery(activityTypesQuery)
  const mayEdit = may(user, 'can_edit_activity_types')
  return (
    <Page
      title="Activity types"
      lead="What the team does, and what an hour of it costs. A new rate counts for hours entered from then on."
      actions={mayEdit && <NewButton onClick={() => setEditing('new')}>New activity type</NewButton>}
    >
      <RecordList
        rows={types.data}
        error={types.error}
        onRetry={() => void types.refetch()}
        keyOf={(type) => type.id}
        nameOf={(type) => type.name}
        onEdit={mayEdit ? setEditing : undefined}
        onDelete={mayEdit ? setDeleting : undefined}
        empty="No activity types yet"
        render={(type) => (
          <>
            <ActivityMark icon={type.icon} color={type.color} />
            <p className="min-w-0 flex-1 basis-40 truncate font-medium">{type.name}</p>
            {!type.is_active && <Badge tone="warn">Not in use</Badge>}
            {type.cost_rate && <p className="num text-sm text-muted">costs {formatMoney(type.cost_rate)}</p>}
            <p className="num font-semibold">{formatMoney(type.hourly_rate)} / h</p>
          </>
        )}
      />
      {editing && <TypeForm type={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && <Remove what={`the activity type ${deleting.name}`} remove={() => deleteActivityType(deleting.id)} onRemoved={again} onClose={() => setDeleting(null)} />}
    </Page>
  )
}

const schema = z.object({
  name: z.string().trim().min(1, 'Enter a name').max(255),
  hourly_rate: z.string().refine((text) => (parseTenThousandths(text) ?? -1) >= 0, 'Enter a rate such as 95 or 95.50'),
  cost_rate: z.string().refine((text) => text.trim() === '' || (parseTenThousandths(text) ?? -1) >= 0, 'Enter a rate such as 55 or 55.50'),
  icon: z.string(),
  color: z.string(),
  is_active: z.boolean(),
})

function TypeForm({ type, onClose }: { type: ActivityType | null; onClose: () => void }) {
  const money = may(useUser(), 'can_view_financials')
  const key = useRef(newId())
  const form = useZodForm(schema, {
    name: type?.name ?? '',
    hourly_rate: type ? formatQuantity(type.hourly_rate) : '',
    cost_rate: type?.cost_rate ? formatQuantity(type.cost_rate) : '',
    icon: type?.icon.toLowerCase() ?? 'zap',
    color: type?.color ?? 'electric',
    is_active: type?.is_active ?? true,
  })
  const { errors } = form.formState
  const color = form.watch('color')
  const save = useMutation({
    mutationFn: ({ cost_rate, ...values }: z.infer<typeof schema>) => {
      const fields = { ...values, ...(money ? { cost_rate: cost_rate.trim() || null } : {}) }
      return type ? updateActivityType(type.id, fields) : createActivityType(fields, key.current)
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
  const choice = (chosen: boolean) => `flex size-12 items-center justify-center rounded-xl border-2 ${chosen ? 'border-accent' : 'border-transparent hover:bg-raised'}`
  return (
    <RecordForm title={type ? type.name : 'New activity type'} form={form} save={save} onClose={onClose}>
      <Field label="Name" error={errors.name?.message}>
        <Input data-autofocus {...form.register('name')} />
      </Field>
      <Field label="Rate for an hour" error={errors.hourly_rate?.message} hint="Hours already entered keep the rate they were entered with.">
        <Input inputMode="decimal" className="num max-w-40 text-right" {...form.register('hourly_rate')} />
      </Field>
      {money && (
        <Field label="Cost of an hour" error={errors.cost_rate?.message} hint="What it costs the firm, for the money of projects. Empty: what is charged.">
          <Input inputMode="decimal" className="num max-w-40 text-right" {...form.register('cost_rate')} />
        </Field>
      )}
      <Field label="Icon" group>
        <Controller
          control={form.control}
          name="icon"
          render={({ field }) => (
            <div className="flex flex-wrap gap-1">
              {Object.keys(activityIcons).map((icon) => (
                <button key={icon} type="button" aria-label={icon} aria-pressed={field.value === icon} className={choice(field.value === icon)} onClick={() => field.onChange(icon)}>
                  <ActivityMark icon={icon} color={color} />
                </button>
              ))}
            </div>
          )}
        />
      </Field>
      <Field label="Colour" group>
        <Controller
          control={form.control}
          name="color"
          render={({ field }) => (
            <div className="flex flex-wrap gap-1">
              {Object.entries(activityColours).map(([name, hex]) => (
                <button key={name} type="button" aria-label={name} aria-pressed={colourOf(field.value) === hex} className={choice(colourOf(field.value) === hex)} onClick={() => field.onChange(name)}>
                  <span className="size-7 rounded-full" style={{ backgroundColor: hex }} />
                </button>
              ))}
            </div>
          )}
        />
      </Field>
      <Checkbox {...form.register('is_active')}>Can be chosen for new hours</Checkbox>
    </RecordForm>
  )
}
