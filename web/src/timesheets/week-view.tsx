import { useMutation, useQuery } from '@tanstack/react-query'
import { Copy, Plus } from 'lucide-react'
import { messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { useUser } from '@/api/session'
import type { TimesheetInput } from '@/api/types'
import type { Day } from '@/format/calendar'
import { addDays, formatWeekday, today, weekDays } from '@/format/calendar'
import { formatQuantity, sumHours } from '@/format/money'
import { Button, IconButton } from '@/ui/button'
import { Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { useEntryActions } from './actions'
import { outbox, sendUnsent, useOutbox } from './device-outbox'
import type { UnsentEntry } from './outbox'
import { latelyQuery, weekQuery } from './queries'
import { SentRow, UnsentRow } from './rows'
import { unsentHours } from './unsent'

interface WeekViewProps {
  monday: Day
  /** Whose; undefined is everybody's. */
  person: string | undefined
  onNew: (day: Day) => void
  onEditUnsent: (entry: UnsentEntry) => void
  onRemoveUnsent: (entry: UnsentEntry) => void
}

/** A week of hours of a person, day by day, with what still waits on this device. */
export function WeekView({ monday, person, onNew, onEditUnsent, onRemoveUnsent }: WeekViewProps) {
  const user = useUser()
  const { items, dialogs } = useEntryActions()
  const days = weekDays(monday)
  const own = person === user.id
  const week = useQuery(weekQuery(monday, person, own))
  const { entries: unsent, sending, progress } = useOutbox()
  const waiting = unsent.filter((entry) => entry.userId === user.id && !entry.discard && days.includes(entry.input.date) && (own || person === undefined))
  const entries = week.data ?? []
  const hoursOf = (day: Day) =>
    sumHours([...entries.filter((entry) => entry.date === day).map((entry) => entry.hours), ...waiting.filter((entry) => entry.input.date === day).map((entry) => unsentHours(entry, person))])
  const listed = [...days].reverse().filter((day) => day <= today() || hoursOf(day) !== '0')
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        {own && <CopyLastDay there={[...entries, ...waiting.map((entry) => entry.input)].filter((entry) => entry.date === today())} />}
        <p className="num ml-auto text-right">
          <span className="text-2xl font-semibold">{sumHours(days.map(hoursOf))}</span> <span className="text-muted">hours</span>
        </p>
      </div>
      <ol aria-label="Hours by day" className="card grid grid-cols-7 divide-x divide-line overflow-hidden text-center">
        {days.map((day) => {
          const hours = hoursOf(day)
          return (
            <li key={day} className={`num px-1 py-2 ${day === today() ? 'bg-accent-soft text-accent' : ''}`}>
              <span className="block text-xs text-muted">{formatWeekday(day).slice(0, 3)}</span>
              <span className={`block font-semibold ${hours === '0' ? 'text-muted' : ''}`}>{hours === '0' ? '–' : hours}</span>
            </li>
          )
        })}
      </ol>
      {week.isError && <Failure error={week.error} onRetry={() => void week.refetch()} />}
      {week.isPending ? (
        <Skeleton rows={4} />
      ) : (
        listed.map((day) => {
          const onDevice = waiting.filter((entry) => entry.input.date === day)
          const sent = entries.filter((entry) => entry.date === day)
          return (
            <section key={day} aria-label={formatWeekday(day)} className="flex flex-col gap-2">
              <header className="flex items-center gap-3">
                <h2 className="text-base font-semibold">
                  {formatWeekday(day)}
                  {day === today() && <span className="ml-2 text-sm font-medium text-accent">Today</span>}
                </h2>
                <span className="num ml-auto text-muted">{hoursOf(day)} h</span>
                {day <= today() && (
                  <IconButton label={`Enter time for ${formatWeekday(day)}`} onClick={() => onNew(day)}>
                    <Plus aria-hidden className="size-5" />
                  </IconButton>
                )}
              </header>
              {onDevice.length + sent.length === 0 ? (
                <p className="rounded-card border border-dashed border-edge px-4 py-3 text-muted">No hours</p>
              ) : (
                <ul className="card divide-y divide-line">
                  {onDevice.map((entry) => (
                    <UnsentRow key={entry.id} entry={entry} sending={sending === entry.id} progress={sending === entry.id ? progress : null} onEdit={() => onEditUnsent(entry)} onRemove={() => onRemoveUnsent(entry)} />
                  ))}
                  {sent.map((entry) => (
                    <SentRow key={entry.id} entry={entry} withName={person === undefined} items={items(entry)} />
                  ))}
                </ul>
              )}
            </section>
          )
        })
      )}
      {dialogs}
    </>
  )
}

/** Enters again today what was done on the last day that has hours. */
function CopyLastDay({ there }: { there: Pick<TimesheetInput, 'project_id' | 'activity_type_id' | 'cost_center_id'>[] }) {
  const user = useUser()
  const lately = useQuery(latelyQuery(user.id, today()))
  const last = lately.data?.reduce((newest, entry) => (entry.date > newest ? entry.date : newest), '')
  // What today has already is not entered a second time by a second tap.
  const source = (lately.data ?? []).filter(
    (entry) =>
      entry.date === last &&
      !there.some((other) => other.project_id === entry.project_id && other.activity_type_id === entry.activity_type_id && other.cost_center_id === entry.cost_center_id),
  )
  const copy = useMutation({
    mutationFn: async () => {
      for (const entry of source)
        await outbox.add({
          id: newId(),
          userId: user.id,
          input: {
            project_id: entry.project_id, date: today(), hours: formatQuantity(entry.hours), activity_type_id: entry.activity_type_id,
            cost_center_id: entry.cost_center_id, notes: entry.notes ?? '', location: entry.location ?? '', billable: entry.billable,
          },
          photos: [],
          labels: { project: entry.project_name, activity: entry.activity_type_name, color: entry.activity_type_color, costCenter: entry.cost_center_code },
        })
      void sendUnsent(user.id).catch(() => undefined)
    },
    onSuccess: () => toast(`${source.length} ${source.length === 1 ? 'entry' : 'entries'} copied to today.`),
    onError: (error) => toast(messageOf(error), 'bad'),
  })
  if (!last || source.length === 0) return null
  return (
    <Button icon={<Copy aria-hidden className="size-4" />} busy={copy.isPending} onClick={() => copy.mutate()}>
      {last === addDays(today(), -1) ? 'Copy yesterday' : `Copy ${formatWeekday(last)}`}
    </Button>
  )
}
