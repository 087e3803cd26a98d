import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { CheckCheck, Save, TriangleAlert } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { draftPrefix, read, remove, write } from '@/api/device'
import { ApiError, isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import type { SafetyDetail, SafetyStatus, SafetyType, Strokes } from '@/api/safety'
import { createSafety, getSafety, updateSafety } from '@/api/safety'
import { useUser } from '@/api/session'
import type { Versioned } from '@/api/versions'
import { formatMinute, today } from '@/format/calendar'
import { ProjectPicker } from '@/projects/picker'
import { BackLink, RecordState } from '@/records/record-page'
import { Button, buttonClass } from '@/ui/button'
import { Field, Input, Select } from '@/ui/field'
import { Page } from '@/ui/page'
import { Notice, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { safetyTypes } from '@/work/safety'
import { FormFields } from './fields'
import type { Form } from './forms'
import { newForm, readForm, toData } from './forms'
import { noStrokes, SignPad } from './sign-pad'

const list = { to: '/safety-documents', label: 'Safety documents' } as const

/** What is typed, and not saved yet: it stays on the device until it is. */
interface Typed {
  project: string | null
  type: SafetyType
  title: string
  form: Form
  strokes: Strokes
  signer: string
}

interface Kept extends Typed {
  at: string
}

export function CreateSafetyPage() {
  const { project_id, document_type } = useSearch({ from: '/safety-documents/new' })
  const user = useUser()
  const begin = (type: SafetyType): Typed => ({
    project: project_id ?? null, type, title: '', strokes: noStrokes, signer: user.name,
    form: newForm(type, { name: user.name, ...remembered(user.id), today: today() }),
  })
  return <Opened key={`${project_id ?? ''} ${document_type ?? ''}`} place={`safety:${user.id}:new`} begin={begin(document_type ?? 'jsa')} another={begin} />
}

export function EditSafetyPage() {
  const { id } = useParams({ from: '/safety-documents/$id/edit' })
  const user = useUser()
  // Read once and for this page only: news about the document must not wipe out what is being typed.
  const document = useQuery({ queryKey: ['edit-safety-document', id], queryFn: () => getSafety(id), staleTime: Infinity, gcTime: 0 })
  if (!document.data) return <RecordState title="Edit safety document" back={list} error={document.error} onRetry={() => void document.refetch()} />
  const { row } = document.data
  const form = readForm(row.document_type, row.data)
  return (
    <Opened
      place={`safety:${user.id}:${id}:${row.updated_at}`}
      versioned={document.data}
      begin={{ project: row.project_id, type: row.document_type, title: row.title, form, strokes: noStrokes, signer: signerOf(form) || user.name }}
    />
  )
}

const signerOf = (form: Form) => (form.texts.inspector_name || form.texts.prepared_by_name) ?? ''

/** The number and contact of who certifies are the same every time: the device remembers them. */
const rememberedKey = (userId: string) => `certifier:${userId}`
function remembered(userId: string): { licence: string; contact: string } {
  try {
    const kept = JSON.parse(localStorage.getItem(rememberedKey(userId)) ?? '{}') as Partial<Record<'licence' | 'contact', string>>
    return { licence: kept.licence ?? '', contact: kept.contact ?? '' }
  } catch {
    return { licence: '', contact: '' }
  }
}

interface OpenedProps {
  /** Under what it is kept on the device. */
  place: string
  versioned?: Versioned<SafetyDetail>
  begin: Typed
  another?: (type: SafetyType) => Typed
}

/** Opens the form with what was typed on this device before, if it was not saved. */
function Opened(props: OpenedProps) {
  const [kept, setKept] = useState<Kept | null | undefined>(undefined)
  useEffect(() => {
    let gone = false
    void read<Kept>('kept', draftPrefix + props.place)
      .catch(() => undefined)
      .then((found) => {
        if (!gone) setKept(found ?? null)
      })
    return () => {
      gone = true
    }
  }, [props.place])
  if (kept === undefined)
    return (
      <Page title="Safety document">
        <Skeleton />
      </Page>
    )
  return <Writer key={kept === null ? 'new' : 'kept'} {...props} kept={kept} onDiscard={() => setKept(null)} />
}

function Writer({ place, versioned, begin, another, kept, onDiscard }: OpenedProps & { kept: Kept | null; onDiscard: () => void }) {
  const row = versioned?.row
  const user = useUser()
  const navigate = useNavigate()
  const [typed, setTyped] = useState<Typed>(kept ?? begin)
  const [touched, setTouched] = useState(false)
  const key = useRef(newId())
  const { project, type, title, form, strokes, signer } = typed
  const change = (to: Partial<Typed>) => {
    setTouched(true)
    setTyped((before) => ({ ...before, ...to }))
  }
  const setForm = (next: Partial<Form>) => {
    setTouched(true)
    setTyped((before) => {
      const form = { ...before.form, ...next }
      // The name under the signature is the one in the form, until another was typed.
      return { ...before, form, signer: before.signer === signerOf(before.form) ? signerOf(form) : before.signer }
    })
  }
  useEffect(() => {
    if (!touched) return
    const timer = setTimeout(() => void write('kept', { ...typed, at: new Date().toISOString() } satisfies Kept, draftPrefix + place).catch(() => undefined), 400)
    return () => clearTimeout(timer)
  }, [typed, touched, place])

  const signatures = row?.signatures.filter((signature) => signature.role === 'signer') ?? []
  const save = useMutation({
    mutationFn: async (status: SafetyStatus) => {
      const signature = strokes.lines.length > 0 ? { name: signer.trim(), strokes } : undefined
      const body = { title: title.trim(), data: toData(type, form), status, signature }
      if (versioned) return updateSafety(versioned.row.id, body, versioned.etag)
      return createSafety({ ...body, project_id: project ?? '', document_type: type }, key.current)
    },
    onSuccess: async (saved, status) => {
      await remove('kept', draftPrefix + place).catch(() => undefined)
      if (type !== 'jsa') localStorage.setItem(rememberedKey(user.id), JSON.stringify({ licence: form.texts.inspector_license, contact: form.texts.contact }))
      toast(status === 'completed' ? `${saved.number ?? saved.title} is completed.` : `${saved.title} is saved as a draft.`)
      void navigate({ to: '/safety-documents/$id', params: { id: saved.id } })
    },
    onError: (error) => {
      if (!isPassing(error)) key.current = newId()
    },
    onSettled: () => Promise.all(['safety-documents', 'unbilled', 'files'].map((noun) => queryClient.invalidateQueries({ queryKey: [noun] }))),
  })
  const fields = save.error instanceof ApiError ? save.error.fields : {}
  const count = Object.keys(fields).length
  const faults = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (save.error) faults.current?.scrollIntoView({ block: 'center', behavior: 'smooth' })
  }, [save.error])
  const changedSince = touched && signatures.length > 0
  return (
    <Page title={row ? `Edit ${row.number ?? row.title}` : 'New safety document'} lead={row && `${safetyTypes[type].words}, ${row.project_name}`} back={<BackLink to={list.to}>{list.label}</BackLink>}>
      {kept && (
        <Notice
          tone="accent"
          title="What you typed is still here"
          action={
            <Button
              onClick={() => {
                void remove('kept', draftPrefix + place).catch(() => undefined)
                onDiscard()
              }}
            >
              Begin anew
            </Button>
          }
        >
          It was not saved on {formatMinute(kept.at)}.
        </Notice>
      )}
      <div ref={faults} aria-live="polite" className="empty:-mt-5">
        {save.error && (
          <Notice tone="bad" icon={<TriangleAlert aria-hidden />} title={count > 1 ? `${count} things are missing or wrong` : 'It was not saved'}>
            {count > 1 ? (
              <ul className="list-inside list-disc">
                {Object.entries(fields).map(([field, message]) => (
                  <li key={field}>{message}</li>
                ))}
              </ul>
            ) : (
              messageOf(save.error)
            )}
          </Notice>
        )}
      </div>
      <section aria-label="Document" className="card grid gap-4 p-4 sm:grid-cols-2">
        {!row && (
          <>
            <Field label="Project" error={fields.project_id}>
              <ProjectPicker value={project} onChange={(id) => change({ project: id })} />
            </Field>
            <Field label="Type" error={fields.document_type}>
              <Select
                value={type}
                onChange={(event) => {
                  const next = another?.(event.target.value as SafetyType)
                  if (next) change({ type: next.type, form: next.form })
                }}
              >
                {Object.entries(safetyTypes).map(([value, { words, short }]) => (
                  <option key={value} value={value}>
                    {words} ({short})
                  </option>
                ))}
              </Select>
            </Field>
          </>
        )}
        <Field label="Title" className="sm:col-span-2" error={fields.title}>
          <Input value={title} maxLength={255} placeholder="Main switchboard" onChange={(event) => change({ title: event.target.value })} />
        </Field>
      </section>
      <FormFields type={type} form={form} fields={fields} onChange={setForm} />
      <section aria-label="Signature" className="card flex flex-col gap-4 p-4">
        <h2 className="text-lg font-semibold">Signature</h2>
        {signatures.length > 0 && strokes.lines.length === 0 && (
          <p className={changedSince ? 'font-medium text-warn' : 'text-muted'}>
            {changedSince ? 'A change takes the signature away: sign again.' : `Signed by ${signatures[0]?.name ?? ''}. A change takes the signature away.`}
          </p>
        )}
        <div className="grid max-w-xl gap-4">
          <Field label="Name of who signs" error={fields['signature.name']}>
            <Input value={signer} maxLength={200} autoComplete="off" onChange={(event) => change({ signer: event.target.value })} />
          </Field>
          <SignPad label="Signature" value={strokes} onChange={(next) => change({ strokes: next })} error={fields.signature ?? fields['signature.strokes']} />
        </div>
      </section>
      <div className="sticky bottom-20 z-20 flex flex-wrap justify-end gap-3 rounded-card border border-line bg-surface p-3 shadow-lg lg:bottom-4">
        <Link to={list.to} className={buttonClass('ghost', 'max-sm:hidden')}>
          Cancel
        </Link>
        <Button busy={save.isPending && save.variables === 'draft'} disabled={save.isPending} className="flex-1 sm:flex-none" icon={<Save aria-hidden className="size-4" />} onClick={() => save.mutate('draft')}>
          Save draft
        </Button>
        <Button
          variant="primary"
          busy={save.isPending && save.variables === 'completed'}
          disabled={save.isPending}
          className="flex-1 sm:flex-none"
          icon={<CheckCheck aria-hidden className="size-4" />}
          onClick={() => save.mutate('completed')}
        >
          Complete
        </Button>
      </div>
    </Page>
  )
}
