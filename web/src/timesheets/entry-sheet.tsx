import { useMutation, useQuery } from '@tanstack/react-query'
import { Camera, ImagePlus, Plus, Trash2, Undo2, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useCallback, useEffect, useState } from 'react'
import { ActivityPicker } from '@/activities/picker'
import { activityTypesQuery } from '@/activities/queries'
import { addTimesheetPhotos, deleteTimesheetPhoto, setTimesheetPhotos, updateTimesheet } from '@/api/client'
import { ApiError, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { may, peopleQuery, useUser } from '@/api/session'
import type { Timesheet } from '@/api/types'
import { getTimesheet } from '@/api/work'
import { costCentersQuery } from '@/costcenters/queries'
import type { Day } from '@/format/calendar'
import { today } from '@/format/calendar'
import { formatQuantity } from '@/format/money'
import { ProjectPicker } from '@/projects/picker'
import { allProjectsQuery } from '@/projects/queries'
import { Button, IconButton } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Checkbox, Field, Input, Select, Stepper, Textarea } from '@/ui/field'
import { Failure, Skeleton } from '@/ui/states'
import { bare, photosOf, Picture } from '@/work/photo'
import { outbox, sendUnsent } from './device-outbox'
import type { ActivityDraft, Draft } from './draft'
import { blankDraft, forgetDraft, fromSent, noActivity, readDraft, toSend, writeDraft } from './draft'
import { faultsOf, placeFaults } from './faults'
import type { Photo, UnsentEntry } from './outbox'
import { maxPhotos, sendPhoto, shrinkPhoto } from './photos'

/** What the sheet is open for. */
export type Sheet = { kind: 'new'; day: Day; person?: string } | { kind: 'unsent'; entry: UnsentEntry } | { kind: 'sent'; entry: Timesheet }

function start(sheet: Sheet): Draft {
  if (sheet.kind === 'new') return { ...blankDraft(sheet.day), people: sheet.person ? [sheet.person] : [] }
  if (sheet.kind === 'unsent') return fromSent(sheet.entry.input, sheet.entry.group, sheet.entry.photos)
  const { project_id, date, hours, activity_type_id, cost_center_id, notes, location, billable, user_id } = sheet.entry
  return fromSent({ project_id, date, hours: formatQuantity(hours), activity_type_id, cost_center_id, notes: notes ?? '', location: location ?? '', billable, user_id }, undefined, [])
}

/** Enter or change hours. New entries are kept on the device first and sent from there. */
export function EntrySheet({ sheet, onClose }: { sheet: Sheet; onClose: () => void }) {
  return sheet.kind === 'sent' ? <SentSheet id={sheet.entry.id} onClose={onClose} /> : <Form sheet={sheet} etag={null} onClose={onClose} />
}

/** Reads the entry anew before it is changed, so that a change somebody else made is not undone unseen. */
function SentSheet({ id, onClose }: { id: string; onClose: () => void }) {
  const read = useQuery({ queryKey: ['timesheets', 'one', id], queryFn: ({ signal }) => getTimesheet(id, signal), staleTime: 0, gcTime: 0, refetchOnWindowFocus: false })
  if (read.data) return <Form sheet={{ kind: 'sent', entry: read.data.row }} etag={read.data.etag} onClose={onClose} />
  return (
    <Dialog side title="Change entry" onClose={onClose}>
      {read.isError ? <Failure error={read.error} onRetry={() => void read.refetch()} /> : <Skeleton />}
    </Dialog>
  )
}

function Form({ sheet, etag, onClose }: { sheet: Sheet; etag: string | null; onClose: () => void }) {
  const user = useUser()
  const seesAll = may(user, 'can_view_all_timesheets')
  const [draft, setDraft] = useState(() => start(sheet))
  const [ready, setReady] = useState(sheet.kind !== 'new')
  const [strict, setStrict] = useState(false)
  const projects = useQuery(allProjectsQuery)
  const activities = useQuery(activityTypesQuery)
  const costCenters = useQuery(costCentersQuery)
  const people = useQuery({ ...peopleQuery, enabled: seesAll })
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }))

  // What was typed and not saved survives a closed app: it is there when the sheet opens again.
  useEffect(() => {
    if (sheet.kind !== 'new') return
    let open = true
    void readDraft(user.id).then((kept) => {
      if (!open) return
      if (kept) setDraft({ ...kept, date: sheet.day, people: sheet.person ? [sheet.person] : seesAll ? kept.people : [] })
      setReady(true)
    })
    return () => {
      open = false
    }
  }, [sheet, user.id, seesAll])
  useEffect(() => {
    if (sheet.kind === 'new' && ready) void writeDraft(user.id, draft)
  }, [sheet.kind, ready, draft, user.id])

  const chooseProject = (project_id: string) => {
    const own = projects.data?.find((project) => project.id === project_id)?.cost_center_ids.filter((id) => id !== null) ?? []
    set({ project_id, cost_center_id: own.includes(draft.cost_center_id) ? draft.cost_center_id : (own[0] ?? draft.cost_center_id) })
  }
  const setActivity = (at: number, change: Partial<ActivityDraft>) =>
    setDraft((before) => ({ ...before, activities: before.activities.map((activity, i) => (i === at ? { ...activity, ...change } : activity)) }))

  const save = useMutation({
    mutationFn: async () => {
      const { input, group } = toSend(draft)
      if (sheet.kind === 'sent') {
        await updateTimesheet(sheet.entry.id, input, etag)
        const uploads: string[] = []
        for (const photo of draft.photos) uploads.push(await sendPhoto(photo))
        if (uploads.length > 0) await addTimesheetPhotos(sheet.entry.id, uploads)
        await queryClient.invalidateQueries({ queryKey: ['timesheets'] })
        void queryClient.invalidateQueries({ queryKey: ['unbilled'] })
        return
      }
      const first = activities.data?.find((type) => type.id === input.activity_type_id)
      const names = draft.activities.map(({ activity_type_id }) => activities.data?.find((type) => type.id === activity_type_id)?.name ?? '')
      const entry = {
        input,
        group,
        photos: draft.photos,
        labels: {
          project: projects.data?.find((project) => project.id === input.project_id)?.name ?? '',
          activity: names.join(', ') + (draft.people.length > 1 ? ` · ${draft.people.length} people` : ''),
          color: first?.color ?? null,
          costCenter: costCenters.data?.find((center) => center.id === input.cost_center_id)?.code ?? '',
        },
      }
      if (sheet.kind === 'unsent') await outbox.change(sheet.entry.id, entry)
      else {
        await outbox.add({ id: newId(), userId: user.id, ...entry })
        await forgetDraft(user.id)
      }
      void sendUnsent(user.id).catch(() => undefined)
    },
    onSuccess: onClose,
  })

  const faults: Partial<Record<string, string>> = {
    ...(save.error instanceof ApiError ? placeFaults(save.error.fields) : {}),
    ...(strict ? faultsOf(draft) : {}),
  }
  const submit = () => {
    setStrict(true)
    if (Object.keys(faultsOf(draft)).length === 0) save.mutate()
  }
  const centers = (costCenters.data ?? []).filter((center) => center.is_active || center.id === draft.cost_center_id)
  const ofProject = projects.data?.find((project) => project.id === draft.project_id)?.cost_center_ids ?? []
  const count = draft.activities.length * Math.max(1, draft.people.length)

  return (
    <Dialog
      side
      title={sheet.kind === 'new' ? 'Enter time' : 'Change entry'}
      onClose={onClose}
      footer={
        <>
          {sheet.kind === 'new' && (
            <Button
              variant="ghost"
              className="mr-auto"
              onClick={() => {
                void forgetDraft(user.id)
                setDraft(blankDraft(draft.date))
                setStrict(false)
              }}
            >
              Clear
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={save.isPending} onClick={submit}>
            {count > 1 ? `Save ${count} entries` : 'Save'}
          </Button>
        </>
      }
    >
      <form
        className="flex flex-col gap-5"
        onSubmit={(event) => {
          event.preventDefault()
          submit()
        }}
      >
        {save.isError && (
          <p role="alert" className="font-medium text-bad">
            {save.error instanceof ApiError && save.error.status === 412 ? 'Somebody else changed this entry in the meantime. Close the sheet and open it again to see their change.' : messageOf(save.error)}
          </p>
        )}
        {seesAll && people.data && people.data.length > 1 && (
          <People people={people.data} single={sheet.kind === 'sent'} self={user.id} chosen={draft.people} onChange={(chosen) => set({ people: chosen })} />
        )}
        <Field label="Project" error={faults.project_id}>
          <ProjectPicker value={draft.project_id || null} onChange={chooseProject} />
        </Field>
        <Field label="Cost centre" error={faults.cost_center_id}>
          <Select value={draft.cost_center_id} onChange={(event) => set({ cost_center_id: event.target.value })}>
            <option value="">Choose…</option>
            {[...centers].sort((a, b) => Number(ofProject.includes(b.id)) - Number(ofProject.includes(a.id))).map((center) => (
              <option key={center.id} value={center.id}>
                {center.code} {center.name}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Day" error={faults.date}>
          <Input type="date" className="min-h-12" max={today()} value={draft.date} onChange={(event) => set({ date: event.target.value })} />
        </Field>
        {draft.activities.map((activity, i) => (
          <Activity
            key={i}
            activity={activity}
            number={draft.activities.length > 1 ? i + 1 : null}
            faults={{ activity: faults[`activities[${i}].activity_type_id`], hours: faults[`activities[${i}].hours`] }}
            onChange={(change) => setActivity(i, change)}
            onRemove={draft.activities.length > 1 ? () => set({ activities: draft.activities.filter((_, at) => at !== i) }) : undefined}
          />
        ))}
        {sheet.kind !== 'sent' && (
          <Button className="self-start" icon={<Plus aria-hidden className="size-4" />} onClick={() => set({ activities: [...draft.activities, noActivity()] })}>
            Another activity
          </Button>
        )}
        <Field label="Notes" error={faults.notes} hint="They can be read by the office and stand on the invoice when it is grouped by entry.">
          <Textarea value={draft.notes} maxLength={2000} onChange={(event) => set({ notes: event.target.value })} />
        </Field>
        <Field label="Place on site" error={faults.location}>
          <Input value={draft.location} maxLength={255} placeholder="Level 2, riser cupboard" onChange={(event) => set({ location: event.target.value })} />
        </Field>
        <Photos
          sent={sheet.kind === 'sent' ? sheet.entry : null}
          locked={sheet.kind === 'unsent' && sheet.entry.attempted !== null}
          photos={draft.photos}
          onChange={(photos) => set({ photos })}
        />
        {count > 1 && draft.photos.length > 0 && <p className="-mt-3 text-sm text-muted">All {count} entries share the photos.</p>}
      </form>
    </Dialog>
  )
}

interface ActivityProps {
  activity: ActivityDraft
  /** When there are several. */
  number: number | null
  faults: { activity: string | undefined; hours: string | undefined }
  onChange: (change: Partial<ActivityDraft>) => void
  onRemove: (() => void) | undefined
}

/** One kind of work with its hours. */
function Activity({ activity, number, faults, onChange, onRemove }: ActivityProps) {
  return (
    <div className={`flex flex-col gap-4 ${number === null ? '' : 'rounded-card border border-line p-4'}`} role={number === null ? undefined : 'group'} aria-label={number === null ? undefined : `Activity ${number}`}>
      {number !== null && (
        <div className="-my-2 -mr-2 flex items-center">
          <p className="flex-1 font-semibold">Activity {number}</p>
          {onRemove && (
            <IconButton label={`Remove activity ${number}`} onClick={onRemove}>
              <Trash2 aria-hidden className="size-4" />
            </IconButton>
          )}
        </div>
      )}
      <Field label="What you did" group error={faults.activity}>
        <ActivityPicker value={activity.activity_type_id || null} onChange={(activity_type_id) => onChange({ activity_type_id })} />
      </Field>
      <div className="flex flex-wrap items-end gap-x-6 gap-y-3">
        <Field label="Hours" error={faults.hours}>
          <Stepper value={activity.hours} onChange={(hours) => onChange({ hours })} step={0.25} min={0.25} max={24} unit="hours" />
        </Field>
        <Checkbox checked={activity.billable} onChange={(event) => onChange({ billable: event.target.checked })}>
          Billable
        </Checkbox>
      </div>
    </div>
  )
}

interface PeopleProps {
  people: { id: string; name: string }[]
  self: string
  /** An entry that was sent is one person's. */
  single: boolean
  chosen: string[]
  onChange: (chosen: string[]) => void
}

/** Whose work it is: nobody chosen means the own. */
function People({ people, self, single, chosen, onChange }: PeopleProps) {
  const shown = [...people].sort((a, b) => Number(b.id === self) - Number(a.id === self))
  if (single)
    return (
      <Field label="Person">
        <Select value={chosen[0] ?? self} onChange={(event) => onChange([event.target.value])}>
          {shown.map((person) => (
            <option key={person.id} value={person.id}>
              {person.id === self ? 'Me' : person.name}
            </option>
          ))}
        </Select>
      </Field>
    )
  const effective = chosen.length === 0 ? [self] : chosen
  const toggle = (id: string) => {
    const next = effective.includes(id) ? effective.filter((other) => other !== id) : [...effective, id]
    onChange(next.length === 1 && next[0] === self ? [] : next)
  }
  return (
    <Field label="Who" group hint={effective.length > 1 ? 'Each of them gets the hours below.' : undefined}>
      <div className="flex flex-wrap gap-2">
        {shown.map((person) => {
          const on = effective.includes(person.id)
          return (
            <button
              key={person.id}
              type="button"
              aria-pressed={on}
              onClick={() => toggle(person.id)}
              className={`min-h-11 rounded-full border px-4 text-sm font-medium ${on ? 'border-accent bg-accent-soft text-accent ring-1 ring-accent' : 'border-edge hover:bg-raised'}`}
            >
              {person.id === self ? 'Me' : person.name}
            </button>
          )
        })}
      </div>
    </Field>
  )
}

interface PhotosProps {
  sent: Timesheet | null
  /** The photos are on their way already. */
  locked: boolean
  photos: Photo[]
  onChange: (photos: Photo[]) => void
}

function Photos({ sent, locked, photos, onChange }: PhotosProps) {
  const [stored, setStored] = useState(sent?.image_urls ?? [])
  /** The photos as they were before the last one was taken off. */
  const [before, setBefore] = useState<string[] | null>(null)
  const known = sent ? photosOf(sent) : []
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState('')
  const count = stored.length + photos.length
  const add = async (files: FileList | null) => {
    if (!files) return
    setBusy(true)
    try {
      const room = maxPhotos - count
      const added: Photo[] = []
      for (const file of [...files].slice(0, room)) added.push(await shrinkPhoto(file))
      onChange([...photos, ...added])
      setFault(files.length > room ? `An entry has at most ${maxPhotos} photos; ${files.length - room} ${files.length - room === 1 ? 'was' : 'were'} left out.` : '')
    } catch (error) {
      setFault(messageOf(error))
    } finally {
      setBusy(false)
    }
  }
  const removeStored = useMutation({
    mutationFn: (index: number) => deleteTimesheetPhoto(sent?.id ?? '', index),
    onSuccess: (answer) => {
      setBefore(stored)
      setStored(answer.image_urls)
      void queryClient.invalidateQueries({ queryKey: ['timesheets'] })
    },
    onError: (error) => setFault(messageOf(error)),
  })
  const putBack = useMutation({
    mutationFn: (image_urls: string[]) => setTimesheetPhotos(sent?.id ?? '', image_urls),
    onSuccess: (entry) => {
      setBefore(null)
      setStored(entry.image_urls ?? [])
      void queryClient.invalidateQueries({ queryKey: ['timesheets'] })
    },
    onError: (error) => setFault(messageOf(error)),
  })
  const pick = 'inline-flex min-h-12 flex-1 cursor-pointer items-center justify-center gap-2 rounded-[0.625rem] border border-edge px-4 font-medium hover:bg-raised has-focus-visible:outline-3 has-focus-visible:outline-offset-2 has-focus-visible:outline-accent'
  return (
    <Field label={`Photos (${count} of ${maxPhotos})`} group error={fault}>
      {count > 0 && (
        <ul className="grid grid-cols-3 gap-2 sm:grid-cols-4">
          {stored.map((path, i) => (
            <Thumb key={path} label={`Photo ${i + 1}`} onRemove={() => removeStored.mutate(i)}>
              <Picture photo={known.find((photo) => photo.url === path) ?? bare(path)} small alt={`Photo ${i + 1}`} className="size-full object-cover" />
            </Thumb>
          ))}
          {photos.map((photo, i) => (
            <NewThumb
              key={i}
              photo={photo}
              label={`New photo ${i + 1}`}
              onRemove={locked ? undefined : () => onChange(photos.filter((_, at) => at !== i))}
            />
          ))}
        </ul>
      )}
      {before && (
        <p role="status" className="flex items-center justify-between gap-2 text-sm text-muted">
          The photo was taken off.
          <Button busy={putBack.isPending} icon={<Undo2 aria-hidden className="size-4" />} onClick={() => putBack.mutate(before)}>
            Undo
          </Button>
        </p>
      )}
      {!locked && count < maxPhotos && (
        <div className="flex flex-wrap gap-2">
          <label className={pick}>
            <Camera aria-hidden className="size-4" />
            {busy ? 'Preparing…' : 'Take photo'}
            <input type="file" accept="image/*" capture="environment" className="sr-only" disabled={busy} onChange={(event) => void add(event.target.files)} />
          </label>
          <label className={pick}>
            <ImagePlus aria-hidden className="size-4" />
            Choose photos
            <input type="file" accept="image/*" multiple className="sr-only" disabled={busy} onChange={(event) => void add(event.target.files)} />
          </label>
        </div>
      )}
    </Field>
  )
}

function NewThumb({ photo, label, onRemove }: { photo: Photo; label: string; onRemove: (() => void) | undefined }) {
  const show = useCallback(
    (image: HTMLImageElement) => {
      const url = URL.createObjectURL(new Blob([photo.bytes], { type: photo.type }))
      image.src = url
      return () => URL.revokeObjectURL(url)
    },
    [photo],
  )
  return (
    <Thumb label={label} onRemove={onRemove}>
      <img ref={show} alt={label} className="size-full object-cover" />
    </Thumb>
  )
}

function Thumb({ label, onRemove, children }: { label: string; onRemove: (() => void) | undefined; children: ReactNode }) {
  return (
    <li className="relative aspect-square overflow-hidden rounded-lg border border-line bg-raised">
      {children}
      {onRemove && (
        <button
          type="button"
          aria-label={`Remove ${label.toLowerCase()}`}
          className="absolute top-0 right-0 flex size-11 items-start justify-end p-1"
          onClick={onRemove}
        >
          <span className="flex size-7 items-center justify-center rounded-full bg-black/75 text-white">
            <X aria-hidden className="size-4" />
          </span>
        </button>
      )}
    </li>
  )
}
