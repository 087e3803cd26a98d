import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight, Plus, TriangleAlert, WifiOff } from 'lucide-react'
import { useState } from 'react'
import { messageOf } from '@/api/errors'
import { may, peopleQuery, useUser } from '@/api/session'
import type { Day } from '@/format/calendar'
import { addDays, firstOfMonth, formatDay, formatShortDay, formatWeekday, mondayOf, today } from '@/format/calendar'
import { Button, IconButton } from '@/ui/button'
import { Confirm } from '@/ui/dialog'
import { Field, Select } from '@/ui/field'
import { Page } from '@/ui/page'
import { Tabs } from '@/ui/tabs'
import { outbox, sendUnsent, useOutbox } from './device-outbox'
import type { Sheet } from './entry-sheet'
import { EntrySheet } from './entry-sheet'
import { ListView } from './list-view'
import type { UnsentEntry } from './outbox'
import { monthWords, MonthView, Planner } from './planner'
import { unsentHours } from './unsent'
import { WeekView } from './week-view'

/** Hours: a week by day, the team's week, a month, or a list of all. */
export function TimesheetsPage() {
  const user = useUser()
  const search = useSearch({ from: '/timesheets' })
  const navigate = useNavigate({ from: '/timesheets' })
  const [sheet, setSheet] = useState<Sheet | null>(null)
  const [removing, setRemoving] = useState<UnsentEntry | null>(null)
  const seesAll = may(user, 'can_view_all_timesheets')
  const people = useQuery({ ...peopleQuery, enabled: seesAll })
  const { entries: unsent } = useOutbox()
  const mine = unsent.filter((entry) => entry.userId === user.id && !entry.discard)
  // A link to what waits for approval leads to the list.
  const view = search.view === 'team' && !seesAll ? undefined : (search.view ?? (search.approval ? 'list' : undefined))
  const now = today()
  const monday = mondayOf(search.week ?? now)
  const month = firstOfMonth(search.month ?? now)
  const person = seesAll && search.person ? (search.person === 'all' ? undefined : search.person) : user.id
  const opened: Sheet | null = sheet ?? (search.new ? { kind: 'new', day: now } : null)

  const go = (to: Day) =>
    void navigate({
      search: (before) =>
        view === 'month'
          ? { ...before, month: firstOfMonth(to) === firstOfMonth(now) ? undefined : firstOfMonth(to) }
          : { ...before, week: mondayOf(to) === mondayOf(now) ? undefined : mondayOf(to) },
    })
  const close = () => {
    setSheet(null)
    if (search.new) void navigate({ search: (before) => ({ ...before, new: undefined }), replace: true })
  }
  const newOn = (day: Day, of?: string) => setSheet({ kind: 'new', day, person: of === user.id ? undefined : of })
  // The day to begin with: today in this week, the last day of an earlier one.
  const firstDay = view === undefined && mondayOf(now) > monday ? addDays(monday, 6) : now
  const step = view === 'month' ? 'Month' : 'Week'
  const thisOne = view === 'month' ? month === firstOfMonth(now) : monday === mondayOf(now)

  const enter = (
    <Button variant="primary" icon={<Plus aria-hidden className="size-4" />} onClick={() => newOn(firstDay)}>
      Enter time
    </Button>
  )
  const tabs = (
    <>
      <Tabs
        label="Views"
        name="view"
        current={view}
        without={['page', 'approval', 'status', 'project', 'client', 'center', 'from', 'to', 'deleted']}
        tabs={[
          { value: undefined, label: 'Days' },
          ...(seesAll ? [{ value: 'team', label: 'Team' }] : []),
          { value: 'month', label: 'Month' },
          { value: 'list', label: 'List' },
        ]}
      />
      {mine.length > 0 && <UnsentNotice count={mine.length} refused={mine.filter((entry) => entry.fault).length} />}
    </>
  )
  const dialogs = (
    <>
      {opened && <EntrySheet sheet={opened} onClose={close} />}
      {removing && <DiscardEntry entry={removing} onClose={() => setRemoving(null)} />}
    </>
  )
  if (view === 'list')
    return (
      <ListView actions={enter} tabs={tabs}>
        {dialogs}
      </ListView>
    )
  return (
    <Page
      title="Timesheets"
      lead={<span className="num">{view === 'month' ? monthWords(month) : `${formatShortDay(monday)} – ${formatDay(addDays(monday, 6))}`}</span>}
      actions={enter}
    >
      {tabs}
      <div className="flex flex-wrap items-end gap-3">
        <div className="flex items-center gap-1">
          <IconButton label={`${step} before`} onClick={() => go(view === 'month' ? addDays(month, -1) : addDays(monday, -7))}>
            <ChevronLeft aria-hidden />
          </IconButton>
          <Button onClick={() => go(now)} disabled={thisOne}>
            This {step.toLowerCase()}
          </Button>
          <IconButton label={`${step} after`} onClick={() => go(view === 'month' ? addDays(month, 31) : addDays(monday, 7))}>
            <ChevronRight aria-hidden />
          </IconButton>
        </div>
        {seesAll && view !== 'team' && (
          <Field label="Person" labelHidden className="w-56">
            <Select value={search.person ?? ''} onChange={(event) => void navigate({ search: (before) => ({ ...before, person: event.target.value || undefined }) })}>
              <option value="">Me</option>
              <option value="all">Everybody</option>
              {(people.data ?? []).filter((other) => other.id !== user.id).map((other) => (
                <option key={other.id} value={other.id}>
                  {other.name}
                </option>
              ))}
            </Select>
          </Field>
        )}
      </div>
      {view === 'team' ? (
        <Planner monday={monday} onNew={newOn} />
      ) : view === 'month' ? (
        <MonthView first={month} person={person} onNew={(day) => newOn(day, person)} />
      ) : (
        <WeekView monday={monday} person={person} onNew={(day) => newOn(day, person)} onEditUnsent={(entry) => setSheet({ kind: 'unsent', entry })} onRemoveUnsent={setRemoving} />
      )}
      {dialogs}
    </Page>
  )
}

function UnsentNotice({ count, refused }: { count: number; refused: number }) {
  const user = useUser()
  const waiting = count - refused
  return (
    <div role="status" className="flex flex-wrap items-center gap-3 rounded-card bg-warn-soft px-4 py-2 text-warn">
      {refused > 0 ? <TriangleAlert aria-hidden className="size-5" /> : <WifiOff aria-hidden className="size-5" />}
      <p className="min-w-0 flex-1 font-medium">
        {waiting > 0 && `${waiting} ${waiting === 1 ? 'entry waits' : 'entries wait'} on this device for signal. `}
        {refused > 0 && `${refused} ${refused === 1 ? 'entry was' : 'entries were'} not accepted: look at ${refused === 1 ? 'it' : 'them'} below.`}
      </p>
      {waiting > 0 && <Button onClick={() => void sendUnsent(user.id).catch(() => undefined)}>Send now</Button>}
    </div>
  )
}

/** Asks before what is only on this device goes. */
function DiscardEntry({ entry, onClose }: { entry: UnsentEntry; onClose: () => void }) {
  const remove = useMutation({ mutationFn: () => outbox.discard(entry.id), onSuccess: onClose })
  return (
    <Confirm title="Delete this entry?" action="Delete entry" busy={remove.isPending} error={remove.error ? messageOf(remove.error) : undefined} onConfirm={() => remove.mutate()} onClose={onClose}>
      <p className="num">
        {unsentHours(entry)} hours on {formatWeekday(entry.input.date)}, {entry.labels.project}
      </p>
      <p className="text-muted">It is only on this device and cannot be brought back.</p>
    </Confirm>
  )
}
