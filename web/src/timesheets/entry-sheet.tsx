import { useMutation, useQuery } from '@tanstack/react-query'
import { Camera, ImagePlus, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useCallback, useEffect, useState } from 'react'
import { ActivityPicker } from '@/activities/picker'
import { activityTypesQuery } from '@/activities/queries'
import { addTimesheetPhotos, deleteTimesheetPhoto, updateTimesheet } from '@/api/client'
import { ApiError, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { useUser } from '@/api/session'
import type { Timesheet, TimesheetInput } from '@/api/types'
import { costCentersQuery } from '@/costcenters/queries'
import type { Day } from '@/format/calendar'
import { today } from '@/format/calendar'
import { formatQuantity } from '@/format/money'
import { ProjectPicker } from '@/projects/picker'
import { allProjectsQuery } from '@/projects/queries'
import { Button } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input, Select, Stepper, Textarea } from '@/ui/field'
import { outbox, sendUnsent } from './device-outbox'
import type { Draft } from './draft'
import { forgetDraft, readDraft, writeDraft } from './draft'
import { faultsOf } from './faults'
import type { Photo, UnsentEntry } from './outbox'
import { maxPhotos, shrinkPhoto } from './photos'
import { photoURL } from '@/work/photo-url'

/** What the sheet is open for. */
export type Sheet = { kind: 'new'; day: Day } | { kind: 'unsent'; entry: UnsentEntry } | { kind: 'sent'; entry: Timesheet }

const blank = (day: Day): Draft => ({ project_id: '', date: day, hours: '', activity_type_id: '', cost_center_id: '', notes: '', photos: [] })

function start(sheet: Sheet): Draft {
  if (sheet.kind === 'new') return blank(sheet.day)
  if (sheet.kind === 'unsent') return { ...sheet.entry.input, photos: sheet.entry.photos }
  const { project_id, date, hours, activity_type_id, cost_center_id, notes } = sheet.entry
  return { project_id, date, hours: formatQuantity(hours), activity_type_id, cost_center_id, notes: notes ?? '', photos: [] }
}

/** Enter or change hours. A new entry is kept on the device first and sent from there. */
export function EntrySheet({ sheet, onClose }: { sheet: Sheet; onClose: () => void }) {
  const user = useUser()
  const [draft, setDraft] = useState(() => start(sheet))
  const [ready, setReady] = useState(sheet.kind !== 'new')
  const [strict, setStrict] = useState(false)
  const projects = useQuery(allProjectsQuery)
  const activities = useQuery(activityTypesQuery)
  const costCenters = useQuery(costCentersQuery)
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }))

  // What was typed and not saved survives a closed app: it is there when the sheet opens again.
  useEffect(() => {
    if (sheet.kind !== 'new') return
    let open = true
    void readDraft(user.id).then((kept) => {
      if (!open) return
      if (kept) setDraft({ ...kept, date: sheet.day })
      setReady(true)
    })
    return () => {
      open = false
    }
  }, [sheet, user.id])
  useEffect(() => {
    if (sheet.kind === 'new' && ready) void writeDraft(user.id, draft)
  }, [sheet.kind, ready, draft, user.id])

  const chooseProject = (project_id: string) => {
    const own = projects.data?.find((project) => project.id === project_id)?.cost_center_ids.filter((id) => id !== null) ?? []
    set({ project_id, cost_center_id: own.includes(draft.cost_center_id) ? draft.cost_center_id : (own[0] ?? draft.cost_center_id) })
  }

  const save = useMutation({
    mutationFn: async () => {
      const input: TimesheetInput = {
        project_id: draft.project_id, date: draft.date, hours: draft.hours, activity_type_id: draft.activity_type_id,
        cost_center_id: draft.cost_center_id, notes: draft.notes.trim(),
      }
      if (sheet.kind === 'sent') {
        await updateTimesheet(sheet.entry.id, input)
        if (draft.photos.length > 0)
          await addTimesheetPhotos(sheet.entry.id, draft.photos.map((photo) => new Blob([photo.bytes], { type: photo.type })))
        await queryClient.invalidateQueries({ queryKey: ['timesheets'] })
        void queryClient.invalidateQueries({ queryKey: ['unbilled'] })
        return
      }
      const activity = activities.data?.find((type) => type.id === input.activity_type_id)
      const entry = {
        input,
        photos: draft.photos,
        labels: {
          project: projects.data?.find((project) => project.id === input.project_id)?.name ?? '',
          activity: activity?.name ?? '',
          color: activity?.color ?? null,
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
    ...(save.error instanceof ApiError ? save.error.fields : {}),
    ...(strict ? faultsOf(draft) : {}),
  }
  const submit = () => {
    setStrict(true)
    if (Object.keys(faultsOf(draft)).length === 0) save.mutate()
  }
  const centers = (costCenters.data ?? []).filter((center) => center.is_active || center.id === draft.cost_center_id)
  const ofProject = projects.data?.find((project) => project.id === draft.project_id)?.cost_center_ids ?? []

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
                setDraft(blank(draft.date))
                setStrict(false)
              }}
            >
              Clear
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={save.isPending} onClick={submit}>
            Save
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
            {messageOf(save.error)}
          </p>
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
        <Field label="What you did" group error={faults.activity_type_id}>
          <ActivityPicker value={draft.activity_type_id || null} onChange={(activity_type_id) => set({ activity_type_id })} />
        </Field>
        <div className="flex flex-wrap gap-x-6 gap-y-5">
          <Field label="Hours" error={faults.hours}>
            <Stepper value={draft.hours} onChange={(hours) => set({ hours })} step={0.25} min={0.25} max={24} unit="hours" />
          </Field>
          <Field label="Day" error={faults.date} className="min-w-40 flex-1">
            <Input type="date" className="min-h-12" max={today()} value={draft.date} onChange={(event) => set({ date: event.target.value })} />
          </Field>
        </div>
        <Field label="Notes" hint="They can be read by the office and stand on the invoice when it is grouped by entry.">
          <Textarea value={draft.notes} maxLength={2000} onChange={(event) => set({ notes: event.target.value })} />
        </Field>
        <Photos
          sent={sheet.kind === 'sent' ? sheet.entry : null}
          locked={sheet.kind === 'unsent' && sheet.entry.attempted !== null}
          photos={draft.photos}
          onChange={(photos) => set({ photos })}
        />
      </form>
    </Dialog>
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
      setStored(answer.image_urls)
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
              <img src={photoURL(path)} alt={`Photo ${i + 1}`} className="size-full object-cover" />
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
