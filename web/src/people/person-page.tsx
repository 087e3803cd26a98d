import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useParams } from '@tanstack/react-router'
import { Check, Minus, Pencil, Plus, Trash2, X } from 'lucide-react'
import { useState } from 'react'
import { z } from 'zod'
import { ApiError, messageOf } from '@/api/errors'
import type { Grant, Person, RolePermissions } from '@/api/people'
import { deletePerson, setPersonPermissions, updatePerson } from '@/api/people'
import { sessionQuery, useUser } from '@/api/session'
import { queryClient } from '@/api/query'
import type { Versioned } from '@/api/versions'
import { formatMinute } from '@/format/calendar'
import { History } from '@/records/history'
import { BackLink, Facts, RecordState, Section } from '@/records/record-page'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/dialog'
import { Checkbox, Field, Input } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { Page } from '@/ui/page'
import { RecordForm } from '@/ui/record-form'
import { Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import type { Origin } from './grants'
import { originOf, originWords, toggled } from './grants'
import { peopleChanged, PersonState, RoleField } from './page'
import { personQuery, rolePermissionsQuery } from './queries'
import { roleWords } from './roles'
import { Sessions } from './sessions'

const back = { to: '/people', label: 'People' } as const

export function PersonPage() {
  const { id } = useParams({ from: '/people/$id' })
  const person = useQuery(personQuery(id))
  if (!person.data) return <RecordState title="Person" back={back} error={person.error} onRetry={() => void person.refetch()} />
  return <View person={person.data} />
}

function View({ person: versioned }: { person: Versioned<Person> }) {
  const person = versioned.row
  const user = useUser()
  const navigate = useNavigate()
  const [editing, setEditing] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const mayChange = user.role === 'admin'
  const remove = useMutation({
    mutationFn: () => deletePerson(person.id),
    onSuccess: () => {
      toast(`${person.name} was deleted.`)
      void navigate({ to: '/people' })
    },
    onSettled: peopleChanged,
  })
  return (
    <Page
      title={person.name}
      lead={
        <span className="flex flex-wrap items-center gap-3">
          {person.email} <PersonState person={person} />
        </span>
      }
      back={<BackLink to={back.to}>{back.label}</BackLink>}
      actions={
        mayChange && (
          <>
            <Button icon={<Pencil aria-hidden className="size-4" />} onClick={() => setEditing(true)}>
              Edit
            </Button>
            {person.id !== user.id && (
              <Button icon={<Trash2 aria-hidden className="size-4" />} onClick={() => setDeleting(true)}>
                Delete
              </Button>
            )}
          </>
        )
      }
    >
      <Facts facts={[{ label: 'Role', value: roleWords[person.role] }, { label: 'Added', value: formatMinute(person.created_at) }]} />
      {mayChange && <Permissions key={person.updated_at} person={person} />}
      {mayChange && (
        <Section title="Where they are signed in">
          <Sessions person={person.id} />
        </Section>
      )}
      <History entityType="user" id={person.id} />
      {editing && <EditPerson versioned={versioned} onClose={() => setEditing(false)} />}
      {deleting && (
        <Confirm title={`Delete ${person.name}?`} action="Delete" busy={remove.isPending} error={remove.error ? messageOf(remove.error) : undefined} onConfirm={() => remove.mutate()} onClose={() => setDeleting(false)}>
          <p>They can no longer sign in. Their hours and what they did keep their name.</p>
          <p className="text-muted">To keep them out for a while only, deactivate them instead.</p>
        </Confirm>
      )}
    </Page>
  )
}

const schema = z.object({ name: z.string().trim().min(1, 'Enter a name').max(255), email: z.email('This is not an e-mail address'), role: z.enum(['admin', 'manager', 'user']), is_active: z.boolean() })

function EditPerson({ versioned: { row, etag }, onClose }: { versioned: Versioned<Person>; onClose: () => void }) {
  const user = useUser()
  const form = useZodForm<z.infer<typeof schema>>(schema, { name: row.name, email: row.email, role: row.role, is_active: row.is_active })
  const { errors } = form.formState
  const own = row.id === user.id
  const save = useMutation({
    mutationFn: (values: z.infer<typeof schema>) => updatePerson(row.id, values, etag),
    onSuccess: (person) => {
      toast(`${person.name} saved.`)
      if (own) void queryClient.invalidateQueries({ queryKey: sessionQuery.queryKey })
      onClose()
    },
    onSettled: peopleChanged,
  })
  return (
    <RecordForm title={row.name} form={form} save={save} onClose={onClose}>
      <Field label="Name" error={errors.name?.message}>
        <Input data-autofocus {...form.register('name')} />
      </Field>
      <Field label="E-mail" error={errors.email?.message}>
        <Input type="email" {...form.register('email')} />
      </Field>
      <RoleField value={form.watch('role')} onChange={(role) => form.setValue('role', role)} disabled={own} hint={own ? 'Another administrator has to change yours.' : undefined} />
      {errors.role && <p className="text-sm font-medium text-bad">{errors.role.message}</p>}
      {!own && <Checkbox {...form.register('is_active')}>May sign in</Checkbox>}
    </RecordForm>
  )
}

const signs: Record<Origin, { icon: typeof Check; className: string }> = {
  role: { icon: Check, className: 'text-good' },
  granted: { icon: Plus, className: 'text-accent' },
  denied: { icon: Minus, className: 'text-warn' },
  'not-held': { icon: X, className: 'text-muted' },
}

/** What the person may do, and where each permission comes from. */
function Permissions({ person }: { person: Person }) {
  const roles = useQuery(rolePermissionsQuery)
  if (roles.isError) return <Failure error={roles.error} onRetry={() => void roles.refetch()} />
  return <Section title="What they may do">{roles.data ? <Grants person={person} roles={roles.data} /> : <Skeleton rows={3} />}</Section>
}

function Grants({ person, roles }: { person: Person; roles: RolePermissions }) {
  const [changed, setChanged] = useState<Record<string, boolean>>({})
  const admin = person.role === 'admin'
  const save = useMutation({
    mutationFn: (grants: Grant[]) => setPersonPermissions(person.id, grants),
    onSuccess: () => {
      toast(`What ${person.name} may do was saved.`)
      setChanged({})
    },
    onError: (error) => toast(error instanceof ApiError ? (Object.values(error.fields)[0] ?? error.message) : messageOf(error), 'bad'),
    onSettled: peopleChanged,
  })
  const changes = Object.entries(changed).map(([permission, granted]) => ({ permission, granted }))
  return (
    <>
      {admin && <p className="text-muted">An administrator may do everything.</p>}
      <ul className="card grid divide-y divide-line lg:grid-cols-2 lg:divide-y-0">
        {person.permissions.map((stored) => {
          const grant = { permission: stored.permission, granted: changed[stored.permission] ?? stored.granted }
          const words = roles.permissions.find(({ key }) => key === grant.permission)
          const origin = originOf(grant, person, roles)
          const Icon = signs[origin].icon
          return (
            <li key={grant.permission} className="px-4 py-1.5 lg:border-b lg:border-line">
              <Checkbox
                className="w-full"
                checked={grant.granted}
                disabled={admin && words !== undefined}
                onChange={(event) => setChanged(toggled(changed, grant.permission, event.target.checked, stored.granted))}
              >
                <span className="min-w-0 flex-1">
                  <span className="block font-medium">{words?.label ?? grant.permission}</span>
                  <span className="block text-sm text-muted">{words?.description}</span>
                </span>
                <span className={`inline-flex items-center gap-1 text-sm ${signs[origin].className}`}>
                  <Icon aria-hidden className="size-4" />
                  {originWords[origin]}
                </span>
              </Checkbox>
            </li>
          )
        })}
      </ul>
      {changes.length > 0 && (
        <div className="sticky bottom-20 z-20 flex flex-wrap items-center gap-3 rounded-card border border-line bg-surface p-3 shadow-lg lg:bottom-4">
          <p className="flex-1 font-medium">
            {changes.length} {changes.length === 1 ? 'change' : 'changes'} not saved
          </p>
          <Button onClick={() => setChanged({})}>Undo</Button>
          <Button variant="primary" busy={save.isPending} onClick={() => save.mutate(changes)}>
            Save permissions
          </Button>
        </div>
      )}
    </>
  )
}
