import { useInfiniteQuery, useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { BellRing, PartyPopper, Save, Send } from 'lucide-react'
import { useRef, useState } from 'react'
import { ApiError, isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import type { ReminderSchedule } from '@/api/sales'
import { processReminders, putReminderSchedule, sendReminder } from '@/api/sales'
import { may, useUser } from '@/api/session'
import type { Invoice } from '@/api/types'
import { formatDay } from '@/format/calendar'
import { formatMoney, sumMoney } from '@/format/money'
import { overdueInvoicesQuery } from '@/invoices/queries'
import { daysOverdue } from '@/records/due'
import { MailBadge } from '@/records/mails'
import { Section } from '@/records/record-page'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/dialog'
import { Checkbox, Field, Input, Textarea } from '@/ui/field'
import { Page } from '@/ui/page'
import { Badge, Empty, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { reminderHistoryQuery, scheduleQuery } from './queries'
import { readDays, typeWords } from './words'

/** Who is late, what they were reminded of, and when the program reminds by itself. */
export function RemindersPage() {
  const user = useUser()
  return (
    <Page title="Reminders" lead="Invoices that are overdue, and what their clients were told.">
      <Overdue mayRemind={may(user, 'can_create_invoices')} />
      <History />
      <Schedule mayChange={may(user, 'can_manage_settings')} />
    </Page>
  )
}

const again = () => Promise.all([['reminders'], ['mails'], ['invoices']].map((queryKey) => queryClient.invalidateQueries({ queryKey })))

function Overdue({ mayRemind }: { mayRemind: boolean }) {
  const [asking, setAsking] = useState(false)
  const keys = useRef(new Map<string, string>())
  const invoices = useQuery(overdueInvoicesQuery)
  const schedule = useQuery(scheduleQuery)
  const remind = useMutation({
    mutationFn: (invoice: Invoice) => {
      const key = keys.current.get(invoice.id) ?? newId()
      keys.current.set(invoice.id, key)
      return sendReminder(invoice.id, key)
    },
    onSuccess: ({ reminder }, invoice) => {
      keys.current.delete(invoice.id)
      toast(`The reminder of ${invoice.invoice_number} is on its way${reminder.sent_to ? ` to ${reminder.sent_to}` : ''}.`)
    },
    onError: (error, invoice) => {
      // A refused request sent nothing; the next one is another.
      if (!isPassing(error)) keys.current.delete(invoice.id)
      toast(`${invoice.invoice_number}: ${messageOf(error)}`, 'bad')
    },
    onSettled: again,
  })
  const process = useMutation({
    mutationFn: processReminders,
    onSuccess: ({ sent, failed }) => {
      toast(`${sent} ${sent === 1 ? 'reminder is' : 'reminders are'} on the way${failed > 0 ? `; ${failed} could not be sent` : ''}.`, failed > 0 ? 'info' : 'good')
      setAsking(false)
    },
    onSettled: again,
  })
  if (invoices.isError) return <Failure error={invoices.error} onRetry={() => void invoices.refetch()} />
  if (!invoices.data) return <Skeleton rows={3} />
  if (invoices.data.length === 0)
    return (
      <Empty icon={<PartyPopper aria-hidden />} title="Nobody is late">
        An invoice stands here from the day after it was due.
      </Empty>
    )
  return (
    <Section
      title={`${invoices.data.length} overdue · ${formatMoney(sumMoney(invoices.data.map((invoice) => invoice.amount_due)))}`}
      actions={
        mayRemind && (
          <Button icon={<BellRing aria-hidden className="size-4" />} onClick={() => setAsking(true)}>
            Send what is due by the schedule
          </Button>
        )
      }
    >
      <ul className="card divide-y divide-line" aria-label="Overdue invoices">
        {invoices.data.map((invoice) => {
          const late = daysOverdue(invoice)
          return (
            <li key={invoice.id} className="flex flex-wrap items-center gap-x-4 gap-y-2 px-4 py-3">
              <div className="min-w-0 flex-1 basis-48">
                <p>
                  <Link to="/financials/invoices/$id" params={{ id: invoice.id }} className="font-mono font-medium text-accent hover:underline">
                    {invoice.invoice_number}
                  </Link>{' '}
                  {invoice.client_name}
                </p>
                <p className="num text-sm text-muted">Due {formatDay(invoice.due_date)}</p>
              </div>
              <Badge tone={late > 30 ? 'bad' : 'warn'}>
                {late} {late === 1 ? 'day' : 'days'}
              </Badge>
              <span className="num w-28 text-right font-semibold">{formatMoney(invoice.amount_due, invoice.currency)}</span>
              {mayRemind && (
                <Button busy={remind.isPending && remind.variables.id === invoice.id} disabled={remind.isPending} icon={<Send aria-hidden className="size-4" />} aria-label={`Remind of ${invoice.invoice_number}`} onClick={() => remind.mutate(invoice)}>
                  Remind
                </Button>
              )}
            </li>
          )
        })}
      </ul>
      {asking && (
        <Confirm
          title="Send reminders now?"
          action="Send reminders"
          danger={false}
          busy={process.isPending}
          error={process.error ? messageOf(process.error) : undefined}
          onConfirm={() => process.mutate()}
          onClose={() => setAsking(false)}
        >
          <p>
            Clients get a mail for each invoice that has passed {schedule.data ? readDays(schedule.data.days_after_due) : 'a day of the schedule'} since it was due and for which they got none yet.
          </p>
        </Confirm>
      )}
    </Section>
  )
}

function History() {
  const history = useInfiniteQuery(reminderHistoryQuery({}))
  const rows = history.data?.pages.flatMap((page) => page.rows)
  return (
    <Section title="Sent">
      {history.isError ? (
        <Failure error={history.error} onRetry={() => void history.refetch()} />
      ) : !rows ? (
        <Skeleton rows={2} />
      ) : rows.length === 0 ? (
        <p className="card px-4 py-3 text-muted">No reminder was sent yet.</p>
      ) : (
        <ul className="card divide-y divide-line" aria-label="Sent reminders">
          {rows.map((reminder) => (
            <li key={reminder.id} className="flex flex-wrap items-center gap-x-4 gap-y-1 px-4 py-2.5">
              <span className="num w-28 text-sm text-muted">{formatDay(reminder.sent_date)}</span>
              <div className="min-w-0 flex-1 basis-48">
                <p>
                  <Link to="/financials/invoices/$id" params={{ id: reminder.invoice_id }} className="font-mono text-accent hover:underline">
                    {reminder.invoice_number}
                  </Link>{' '}
                  {reminder.client_name}
                </p>
                <p className="text-sm break-words text-muted">
                  {[typeWords(reminder.reminder_type), reminder.sent_to].filter(Boolean).join(' · ')}
                  {reminder.mail_error && reminder.mail_status !== 'sent' && <span className="text-bad"> · {reminder.mail_error}</span>}
                </p>
              </div>
              {reminder.skipped ? <Badge>Left out</Badge> : reminder.mail_status && <MailBadge status={reminder.mail_status} />}
            </li>
          ))}
        </ul>
      )}
      {history.hasNextPage && (
        <Button className="self-start" busy={history.isFetchingNextPage} onClick={() => void history.fetchNextPage()}>
          Show more
        </Button>
      )}
    </Section>
  )
}

function Schedule({ mayChange }: { mayChange: boolean }) {
  const schedule = useQuery(scheduleQuery)
  return (
    <Section title="Schedule">
      {schedule.isError ? (
        <Failure error={schedule.error} onRetry={() => void schedule.refetch()} />
      ) : !schedule.data ? (
        <Skeleton rows={1} height="h-40" />
      ) : mayChange ? (
        <ScheduleForm schedule={schedule.data} />
      ) : (
        <p className="card px-4 py-3">{schedule.data.enabled ? `The program reminds ${readDays(schedule.data.days_after_due)} after an invoice was due.` : 'The program reminds nobody by itself.'}</p>
      )}
    </Section>
  )
}

function ScheduleForm({ schedule }: { schedule: ReminderSchedule }) {
  const [enabled, setEnabled] = useState(schedule.enabled)
  const [days, setDays] = useState(schedule.days_after_due.join(', '))
  const [template, setTemplate] = useState(schedule.email_template)
  const numbers = days
    .split(/[\s,;]+/)
    .filter(Boolean)
    .map(Number)
  const wrong = numbers.length === 0 || numbers.some((n) => !Number.isInteger(n) || n < 1 || n > 365)
  const save = useMutation({
    mutationFn: () => putReminderSchedule({ enabled, days_after_due: numbers, email_template: template }),
    onSuccess: ({ schedule: saved }) => {
      setDays(saved.days_after_due.join(', '))
      toast('The schedule is saved.')
    },
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['reminders'] }),
  })
  const fields = save.error instanceof ApiError ? save.error.fields : {}
  return (
    <form
      className="card flex flex-col gap-4 p-4"
      onSubmit={(event) => {
        event.preventDefault()
        if (!wrong) save.mutate()
      }}
    >
      {save.isError && Object.keys(fields).length === 0 && (
        <p role="alert" className="font-medium text-bad">
          {messageOf(save.error)}
        </p>
      )}
      <Checkbox checked={enabled} onChange={(event) => setEnabled(event.target.checked)}>
        Remind clients by mail, once a day, without anybody pressing a button
      </Checkbox>
      <Field label="Days after an invoice was due" error={fields.days_after_due ?? (wrong ? 'Numbers between 1 and 365, such as 7, 14, 30' : undefined)} className="max-w-sm">
        <Input className="num" inputMode="text" value={days} onChange={(event) => setDays(event.target.value)} />
      </Field>
      <Field
        label="Words of the mail"
        error={fields.email_template}
        hint="Left empty, the usual words are sent. {{client}}, {{number}}, {{amount}}, {{total}}, {{due_date}}, {{days}} and {{company}} are filled in. The invoice is attached."
      >
        <Textarea rows={6} maxLength={4000} value={template} onChange={(event) => setTemplate(event.target.value)} />
      </Field>
      <Button type="submit" variant="primary" className="self-start" busy={save.isPending} disabled={wrong} icon={<Save aria-hidden className="size-4" />}>
        Save schedule
      </Button>
    </form>
  )
}
