import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight, CloudUpload, Copy, Image, Lock, Pencil, Plus, Trash2, TriangleAlert, WifiOff } from 'lucide-react'
import { useState } from 'react'
import { colourOf } from '@/activities/picker'
import { deleteTimesheet } from '@/api/client'
import { messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { may, peopleQuery, useUser } from '@/api/session'
import type { Timesheet, TimesheetInput } from '@/api/types'
import type { Day } from '@/format/calendar'
import { addDays, formatDay, formatShortDay, formatWeekday, mondayOf, today, weekDays } from '@/format/calendar'
import { formatQuantity, sumHours } from '@/format/money'
import { Button, IconButton } from '@/ui/button'
import { Confirm, Dialog } from '@/ui/dialog'
import { Field, Select } from '@/ui/field'
import { Menu } from '@/ui/menu'
import { Page } from '@/ui/page'
import { Badge, Failure, Skeleton, Spinner } from '@/ui/states'
import { toast } from '@/ui/toast'
import { outbox, sendUnsent, useOutbox } from './device-outbox'
import type { Sheet } from './entry-sheet'
import { EntrySheet } from './entry-sheet'
import type { UnsentEntry } from './outbox'
import { photoURL } from '@/work/photo-url'
import { latelyQuery, weekQuery } from './queries'

/** A week of hours, by day. */
export function TimesheetsPage() {
  const user = useUser()
  const search = useSearch({ from: '/timesheets' })
  const navigate = useNavigate({ from: '/timesheets' })
  const [sheet, setSheet] = useState<Sheet | null>(null)
  const [removing, setRemoving] = useState<Timesheet | UnsentEntry | null>(null)
  const [photos, setPhotos] = useState<Timesheet | null>(null)
  const seesAll = may(user, 'can_view_all_timesheets')
  const monday = mondayOf(search.week ?? today())
  const days = weekDays(monday)
  const person = seesAll && search.person ? (search.person === 'all' ? undefined : search.person) : user.id
  const own = person === user.id
  const week = useQuery(weekQuery(monday, person, own))
  const people = useQuery({ ...peopleQuery, enabled: seesAll })
  const { entries: unsent, sending } = useOutbox()
  const mine = unsent.filter((entry) => entry.userId === user.id && !entry.discard)
  const shown = own || person === undefined ? mine.filter((entry) => days.includes(entry.input.date)) : []
  const entries = week.data ?? []
  const opened: Sheet | null = sheet ?? (search.new ? { kind: 'new', day: today() } : null)

  const hoursOf = (day: Day) =>
    sumHours([...entries.filter((entry) => entry.date === day).map((entry) => entry.hours), ...shown.filter((entry) => entry.input.date === day).map((entry) => entry.input.hours)])
  const go = (to: Day) => void navigate({ search: (before) => ({ ...before, week: mondayOf(to) === mondayOf(today()) ? undefined : mondayOf(to) }) })
  const close = () => {
    setSheet(null)
    if (search.new) void navigate({ search: (before) => ({ ...before, new: undefined }), replace: true })
  }
  const newOn = (day: Day) => setSheet({ kind: 'new', day })
  // The day to begin with: today in this week, the last day of an earlier one, the first of a later one.
  const firstDay = days.includes(today()) ? today() : monday < today() ? addDays(monday, 6) : monday
  const listed = [...days].reverse().filter((day) => day <= today() || hoursOf(day) !== '0')

  return (
    <Page
      title="Timesheets"
      lead={
        <span className="num">
          {formatShortDay(monday)} – {formatDay(addDays(monday, 6))}
        </span>
      }
      actions={
        <>
          {own && <CopyLastDay there={[...entries, ...shown.map((entry) => entry.input)].filter((entry) => entry.date === today())} />}
          <Button variant="primary" icon={<Plus aria-hidden className="size-4" />} onClick={() => newOn(firstDay <= today() ? firstDay : today())}>
            Enter time
          </Button>
        </>
      }
    >
      {mine.length > 0 && <UnsentNotice count={mine.length} refused={mine.filter((entry) => entry.fault).length} />}
      <div className="flex flex-wrap items-end gap-3">
        <div className="flex items-center gap-1">
          <IconButton label="Week before" onClick={() => go(addDays(monday, -7))}>
            <ChevronLeft aria-hidden />
          </IconButton>
          <Button onClick={() => go(today())} disabled={monday === mondayOf(today())}>
            This week
          </Button>
          <IconButton label="Week after" onClick={() => go(addDays(monday, 7))}>
            <ChevronRight aria-hidden />
          </IconButton>
        </div>
        {seesAll && (
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
          const waiting = shown.filter((entry) => entry.input.date === day)
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
                  <IconButton label={`Enter time for ${formatWeekday(day)}`} onClick={() => newOn(day)}>
                    <Plus aria-hidden className="size-5" />
                  </IconButton>
                )}
              </header>
              {waiting.length + sent.length === 0 ? (
                <p className="rounded-card border border-dashed border-edge px-4 py-3 text-muted">No hours</p>
              ) : (
                <ul className="card divide-y divide-line">
                  {waiting.map((entry) => (
                    <UnsentRow key={entry.id} entry={entry} sending={sending === entry.id} onEdit={() => setSheet({ kind: 'unsent', entry })} onRemove={() => setRemoving(entry)} />
                  ))}
                  {sent.map((entry) => (
                    <SentRow
                      key={entry.id}
                      entry={entry}
                      withName={person === undefined}
                      onEdit={() => setSheet({ kind: 'sent', entry })}
                      onRemove={() => setRemoving(entry)}
                      onPhotos={() => setPhotos(entry)}
                    />
                  ))}
                </ul>
              )}
            </section>
          )
        })
      )}
      {opened && <EntrySheet sheet={opened} onClose={close} />}
      {removing && <RemoveEntry entry={removing} onClose={() => setRemoving(null)} />}
      {photos && (
        <Dialog lightly wide title={`Photos: ${photos.project_name}, ${formatWeekday(photos.date)}`} onClose={() => setPhotos(null)}>
          <div className="flex flex-col gap-4">
            {(photos.image_urls ?? []).map((path, i) => (
              <img key={path} src={photoURL(path)} alt={`Photo ${i + 1}`} className="w-full rounded-lg" />
            ))}
          </div>
        </Dialog>
      )}
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

const rowClass = 'flex items-start gap-3 py-2.5 pr-2 pl-4'

function Colour({ color }: { color: string | null }) {
  return <span aria-hidden className="mt-1 h-9 w-1 shrink-0 rounded-full" style={{ backgroundColor: colourOf(color) }} />
}

function UnsentRow({ entry, sending, onEdit, onRemove }: { entry: UnsentEntry; sending: boolean; onEdit: () => void; onRemove: () => void }) {
  return (
    <li className={rowClass}>
      <Colour color={entry.labels.color} />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{entry.labels.project}</p>
        <p className="truncate text-sm text-muted">
          {entry.labels.activity} · {entry.labels.costCenter}
          {entry.input.notes && ` · ${entry.input.notes}`}
        </p>
        <p className="mt-1 flex flex-wrap gap-2">
          {sending ? (
            <Badge tone="accent" icon={<Spinner className="size-3.5" />}>
              Sending…
            </Badge>
          ) : entry.fault ? (
            <Badge tone="bad" icon={<TriangleAlert aria-hidden className="size-3.5" />}>
              Not accepted
            </Badge>
          ) : (
            <Badge tone="warn" icon={<CloudUpload aria-hidden className="size-3.5" />}>
              Waiting for signal
            </Badge>
          )}
          {entry.photos.length > 0 && (
            <Badge icon={<Image aria-hidden className="size-3.5" />}>
              {entry.photos.length}
              <span className="sr-only"> photos</span>
            </Badge>
          )}
        </p>
        {entry.fault && <p className="mt-1 text-sm text-bad">{entry.fault}</p>}
      </div>
      <span className="num pt-0.5 text-lg font-semibold">{formatQuantity(entry.input.hours)}</span>
      {/* What is on its way cannot be changed any more; a moment later it can, as what was sent. */}
      {sending ? <span className="size-11 shrink-0" /> : <EntryMenu onEdit={onEdit} onRemove={onRemove} />}
    </li>
  )
}

interface SentRowProps {
  entry: Timesheet
  withName: boolean
  onEdit: () => void
  onRemove: () => void
  onPhotos: () => void
}

function SentRow({ entry, withName, onEdit, onRemove, onPhotos }: SentRowProps) {
  const user = useUser()
  const billed = entry.billing_status !== 'unbilled'
  const mayEdit = !billed && (entry.user_id === user.id || user.role !== 'user')
  return (
    <li className={rowClass}>
      <Colour color={entry.activity_type_color} />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">
          {withName && <span className="text-muted">{entry.user_name} · </span>}
          {entry.project_name}
        </p>
        <p className="text-sm text-muted sm:truncate">
          {[entry.client_name, entry.activity_type_name, entry.cost_center_code].filter(Boolean).join(' · ')}
        </p>
        {entry.notes && <p className="text-sm break-words">{entry.notes}</p>}
        {(billed || (entry.image_urls?.length ?? 0) > 0) && (
          <p className="mt-1 flex flex-wrap items-center gap-2">
            {billed && (
              <Badge tone={entry.billing_status === 'paid' ? 'good' : 'neutral'} icon={<Lock aria-hidden className="size-3.5" />}>
                {entry.billing_status === 'paid' ? 'Paid' : 'Billed'}
                {entry.invoice_number && ` · ${entry.invoice_number}`}
              </Badge>
            )}
            {(entry.image_urls?.length ?? 0) > 0 && (
              <button type="button" className="inline-flex min-h-8 items-center gap-1.5 text-sm font-medium text-accent underline-offset-4 hover:underline" onClick={onPhotos}>
                <Image aria-hidden className="size-4" />
                {entry.image_urls?.length} {entry.image_urls?.length === 1 ? 'photo' : 'photos'}
              </button>
            )}
          </p>
        )}
      </div>
      <span className="num pt-0.5 text-lg font-semibold">{formatQuantity(entry.hours)}</span>
      {mayEdit ? <EntryMenu onEdit={onEdit} onRemove={onRemove} /> : <span className="size-11 shrink-0" />}
    </li>
  )
}

function EntryMenu({ onEdit, onRemove }: { onEdit: () => void; onRemove: () => void }) {
  return (
    <Menu
      label="Actions for this entry"
      items={[
        { label: 'Edit', icon: <Pencil aria-hidden />, onSelect: onEdit },
        { label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: onRemove },
      ]}
    />
  )
}

function RemoveEntry({ entry, onClose }: { entry: Timesheet | UnsentEntry; onClose: () => void }) {
  const unsent = 'input' in entry
  const remove = useMutation({
    mutationFn: async () => {
      if (unsent) await outbox.discard(entry.id)
      else await deleteTimesheet(entry.id)
    },
    onSuccess: () => {
      void queryClient.invalidateQueries({ queryKey: ['timesheets'] })
      void queryClient.invalidateQueries({ queryKey: ['unbilled'] })
      onClose()
    },
  })
  return (
    <Confirm title="Delete this entry?" action="Delete entry" busy={remove.isPending} error={remove.error ? messageOf(remove.error) : undefined} onConfirm={() => remove.mutate()} onClose={onClose}>
      <p className="num">
        {formatQuantity(unsent ? entry.input.hours : entry.hours)} hours on {formatWeekday(unsent ? entry.input.date : entry.date)}, {unsent ? entry.labels.project : entry.project_name}
      </p>
    </Confirm>
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
            cost_center_id: entry.cost_center_id, notes: entry.notes ?? '',
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
