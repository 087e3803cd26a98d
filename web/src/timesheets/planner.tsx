import { useQuery } from '@tanstack/react-query'
import { Plus, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { colourOf } from '@/activities/picker'
import { peopleQuery } from '@/api/session'
import type { Timesheet } from '@/api/types'
import type { Day } from '@/format/calendar'
import { formatDay, formatWeekday, today, weekDays } from '@/format/calendar'
import { parseTenThousandths, sumHours } from '@/format/money'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Failure, Skeleton } from '@/ui/states'
import { useWide } from '@/ui/wide'
import { useEntryActions } from './actions'
import { monthQuery, weekQuery } from './queries'
import { SentRow } from './rows'

interface Person {
  id: string
  name: string
}

/** More than a day has. */
const tooMuch = (hours: string) => (parseTenThousandths(hours) ?? 0) > 240_000

const hoursOf = (entries: Timesheet[]) => sumHours(entries.map((entry) => entry.hours))

interface PlannerProps {
  monday: Day
  onNew: (day: Day, person: string) => void
}

/** The week of everybody: people by days, with sums both ways. */
export function Planner({ monday, onNew }: PlannerProps) {
  const wide = useWide()
  const week = useQuery(weekQuery(monday, undefined, false))
  const people = useQuery(peopleQuery)
  const [open, setOpen] = useState<{ person: Person; day: Day } | null>(null)
  if (week.isError || people.isError) return <Failure error={week.error ?? people.error} onRetry={() => void week.refetch()} />
  if (!week.data || !people.data) return <Skeleton rows={5} />
  const entries = week.data
  const days = weekDays(monday)
  // Who left the firm still has hours in an older week.
  const rows: Person[] = [...people.data]
  for (const entry of entries) if (entry.user_id && !rows.some((person) => person.id === entry.user_id)) rows.push({ id: entry.user_id, name: entry.user_name })
  const of = (person: string | undefined, day: Day | undefined) => entries.filter((entry) => (person === undefined || entry.user_id === person) && (day === undefined || entry.date === day))
  const cell = (person: Person, day: Day) => {
    const there = of(person.id, day)
    const hours = hoursOf(there)
    const over = tooMuch(hours)
    return (
      <button
        type="button"
        onClick={() => setOpen({ person, day })}
        aria-label={`${person.name}, ${formatWeekday(day)}: ${hours} hours${over ? ', more than a day has' : ''}`}
        className={`flex min-h-14 w-full flex-col items-center justify-center gap-1 rounded-lg px-1 hover:bg-raised ${over ? 'bg-bad-soft text-bad' : day === today() ? 'bg-accent-soft' : ''}`}
      >
        <span className={`num inline-flex items-center gap-1 font-semibold ${there.length === 0 ? 'text-muted' : ''}`}>
          {over && <TriangleAlert aria-hidden className="size-3.5" />}
          {there.length === 0 ? '–' : hours}
        </span>
        <span aria-hidden className="flex h-1.5 gap-0.5">
          {there.slice(0, 5).map((entry) => (
            <span key={entry.id} className="h-1.5 w-2.5 rounded-full" style={{ backgroundColor: colourOf(entry.activity_type_color) }} />
          ))}
        </span>
      </button>
    )
  }
  return (
    <>
      {wide ? (
        <div className="card overflow-x-auto">
          <table className="w-full table-fixed border-collapse" aria-label="Hours by person and day">
            <thead>
              <tr className="border-b border-line text-sm text-muted">
                <th scope="col" className="w-48 px-4 py-2.5 text-left font-medium">
                  Person
                </th>
                {days.map((day) => (
                  <th key={day} scope="col" className={`px-1 py-2.5 font-medium ${day === today() ? 'text-accent' : ''}`}>
                    {formatWeekday(day)}
                  </th>
                ))}
                <th scope="col" className="w-20 px-4 py-2.5 text-right font-medium">
                  Week
                </th>
              </tr>
            </thead>
            <tbody className="divide-y divide-line">
              {rows.map((person) => (
                <tr key={person.id}>
                  <th scope="row" className="truncate px-4 text-left font-medium">
                    {person.name}
                  </th>
                  {days.map((day) => (
                    <td key={day} className="p-1">
                      {cell(person, day)}
                    </td>
                  ))}
                  <td className="num px-4 text-right font-semibold">{hoursOf(of(person.id, undefined))}</td>
                </tr>
              ))}
            </tbody>
            <tfoot>
              <tr className="num border-t border-line bg-raised font-semibold">
                <th scope="row" className="px-4 py-2.5 text-left">
                  All
                </th>
                {days.map((day) => (
                  <td key={day} className="text-center">
                    {hoursOf(of(undefined, day))}
                  </td>
                ))}
                <td className="px-4 text-right">{hoursOf(entries)}</td>
              </tr>
            </tfoot>
          </table>
        </div>
      ) : (
        <ul className="flex flex-col gap-3" aria-label="Hours by person and day">
          {rows.map((person) => (
            <li key={person.id} className="card p-2">
              <div className="flex items-baseline gap-3 px-2 pt-1">
                <h2 className="flex-1 truncate text-base font-semibold">{person.name}</h2>
                <span className="num font-semibold">{hoursOf(of(person.id, undefined))} h</span>
              </div>
              <ol className="grid grid-cols-7">
                {days.map((day) => (
                  <li key={day}>
                    <span aria-hidden className="block pt-1 text-center text-xs text-muted">
                      {formatWeekday(day).slice(0, 3)}
                    </span>
                    {cell(person, day)}
                  </li>
                ))}
              </ol>
            </li>
          ))}
        </ul>
      )}
      {open && (
        <DayDialog
          title={`${open.person.name}, ${formatWeekday(open.day)}`}
          entries={of(open.person.id, open.day)}
          withName={false}
          onNew={open.day <= today() ? () => onNew(open.day, open.person.id) : undefined}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  )
}

const monthFormat = new Intl.DateTimeFormat('en-NZ', { month: 'long', year: 'numeric', timeZone: 'UTC' })
/** "November 2026" */
export const monthWords = (first: Day) => monthFormat.format(new Date(`${first}T00:00:00Z`))

/** A month of hours as a calendar. */
export function MonthView({ first, person, onNew }: { first: Day; person: string | undefined; onNew: (day: Day) => void }) {
  const month = useQuery(monthQuery(first, person))
  const [open, setOpen] = useState<Day | null>(null)
  if (month.isError) return <Failure error={month.error} onRetry={() => void month.refetch()} />
  if (!month.data) return <Skeleton rows={5} />
  const entries = month.data.entries
  const of = (day: Day) => entries.filter((entry) => entry.date === day)
  return (
    <>
      <p className="num text-right">
        <span className="text-2xl font-semibold">{hoursOf(entries)}</span> <span className="text-muted">hours</span>
      </p>
      <div className="card overflow-hidden">
        <ol aria-hidden className="grid grid-cols-7 border-b border-line text-center text-xs text-muted sm:text-sm">
          {weekDays('2026-11-23').map((day) => (
            <li key={day} className="py-2">
              {formatWeekday(day).slice(0, 3)}
            </li>
          ))}
        </ol>
        <ol className="grid grid-cols-7" aria-label={monthWords(first)}>
          {month.data.days.map((day) => {
            const there = of(day)
            const hours = hoursOf(there)
            const outside = day.slice(0, 7) !== first.slice(0, 7)
            const over = person !== undefined && tooMuch(hours)
            return (
              <li key={day} className="-mr-px -mb-px border-r border-b border-line">
                {outside ? (
                  <span className="num block min-h-16 bg-raised/60 p-1.5 text-xs text-muted sm:min-h-24 sm:p-2">{Number(day.slice(8))}</span>
                ) : (
                  <button
                    type="button"
                    onClick={() => setOpen(day)}
                    aria-label={`${formatDay(day)}: ${hours} hours${over ? ', more than a day has' : ''}`}
                    className={`flex min-h-16 w-full flex-col items-start p-1.5 text-left hover:bg-raised focus-visible:-outline-offset-3 sm:min-h-24 sm:p-2 ${day === today() ? 'bg-accent-soft' : ''}`}
                  >
                    <span className={`num text-xs ${day === today() ? 'font-bold text-accent' : 'text-muted'}`}>{Number(day.slice(8))}</span>
                    {there.length > 0 && <span className={`num mt-auto self-end font-semibold sm:text-lg ${over ? 'text-bad' : ''}`}>{hours}</span>}
                    <span aria-hidden className="flex h-1.5 gap-0.5 self-end overflow-hidden">
                      {there.slice(0, 4).map((entry) => (
                        <span key={entry.id} className="h-1.5 w-2 rounded-full" style={{ backgroundColor: colourOf(entry.activity_type_color) }} />
                      ))}
                    </span>
                  </button>
                )}
              </li>
            )
          })}
        </ol>
      </div>
      {open && (
        <DayDialog
          title={formatWeekday(open)}
          entries={of(open)}
          withName={person === undefined}
          onNew={open <= today() ? () => onNew(open) : undefined}
          onClose={() => setOpen(null)}
        />
      )}
    </>
  )
}

interface DayDialogProps {
  title: string
  entries: Timesheet[]
  withName: boolean
  onNew: (() => void) | undefined
  onClose: () => void
}

/** The entries of a day. */
function DayDialog({ title, entries, withName, onNew, onClose }: DayDialogProps) {
  const { items, dialogs } = useEntryActions()
  return (
    <>
      <Dialog
        lightly
        title={title}
        onClose={onClose}
        footer={
          onNew && (
            <Button
              variant="primary"
              icon={<Plus aria-hidden className="size-4" />}
              onClick={() => {
                onClose()
                onNew()
              }}
            >
              Enter time
            </Button>
          )
        }
      >
        {entries.length === 0 ? (
          <p className="text-muted">No hours</p>
        ) : (
          <ul className="-mx-5 -my-5 divide-y divide-line">
            {entries.map((entry) => (
              <SentRow key={entry.id} entry={entry} withName={withName} items={items(entry)} />
            ))}
          </ul>
        )}
      </Dialog>
      {dialogs}
    </>
  )
}
