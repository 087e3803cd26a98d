import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { ApiError, messageOf } from '@/api/errors'
import { putSettings } from '@/api/settings'
import { Button } from '@/ui/button'
import { Checkbox, Field, Input, Textarea } from '@/ui/field'
import { toast } from '@/ui/toast'
import { readSchedule, writeSchedule } from './reminders'
import { settingsChanged } from './schema-form'

/** When clients are reminded of what is overdue, and with which words. */
export function ReminderForm({ settingKey, value }: { settingKey: string; value: string }) {
  const [schedule, setSchedule] = useState(() => readSchedule(value))
  const written = writeSchedule(schedule)
  const save = useMutation({
    mutationFn: (text: string) => putSettings([{ key: settingKey, value: text }]),
    onSuccess: () => toast('Reminders saved.'),
    onSettled: settingsChanged,
  })
  const fault = save.error instanceof ApiError ? (save.error.fields[settingKey] ?? save.error.message) : save.error && messageOf(save.error)
  return (
    <form
      noValidate
      className="card flex flex-col gap-4 p-5"
      onSubmit={(event) => {
        event.preventDefault()
        if (written !== null) save.mutate(written)
      }}
    >
      <h2 className="text-lg font-semibold">Reminders of overdue invoices</h2>
      {fault && (
        <p role="alert" className="font-medium text-bad">
          The schedule {fault}
        </p>
      )}
      <Checkbox checked={schedule.enabled} onChange={(event) => setSchedule({ ...schedule, enabled: event.target.checked })}>
        <span>
          <span className="block font-medium">Remind clients by itself</span>
          <span className="block text-sm text-muted">Once a day; otherwise somebody in the office sends each reminder.</span>
        </span>
      </Checkbox>
      <Field label="Days after the due date" hint="Such as 7, 14, 30: a reminder goes out on each." error={written === null ? 'Numbers of days between 1 and 365, with commas between them; at most ten' : undefined}>
        <Input className="num" inputMode="numeric" value={schedule.days} onChange={(event) => setSchedule({ ...schedule, days: event.target.value })} />
      </Field>
      <Field label="Text of the mail" hint="Empty for the program's own. {{client}}, {{number}}, {{amount}}, {{total}}, {{due_date}}, {{days}} and {{company}} are filled in.">
        <Textarea rows={8} value={schedule.template} onChange={(event) => setSchedule({ ...schedule, template: event.target.value })} />
      </Field>
      <Button type="submit" variant="primary" className="self-start" busy={save.isPending} disabled={written === null}>
        Save reminders
      </Button>
    </form>
  )
}
