import { useMutation, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { MailPlus, ShieldCheck, UserPlus, UserRoundCheck, UserRoundX } from 'lucide-react'
import { useState } from 'react'
import { z } from 'zod'
import { ApiError, messageOf } from '@/api/errors'
import type { Invitation, Person } from '@/api/people'
import { createPerson, inviteAgain, updatePerson } from '@/api/people'
import { queryClient } from '@/api/query'
import { peopleQuery, useUser } from '@/api/session'
import type { Role } from '@/api/types'
import { ListPage } from '@/records/list-page'
import { fromAll } from '@/records/rows'
import { Button, buttonClass } from '@/ui/button'
import { CopyText } from '@/ui/copy'
import { Dialog } from '@/ui/dialog'
import { Field, Input, Select } from '@/ui/field'
import { showFaults, useZodForm } from '@/ui/form'
import type { MenuItem } from '@/ui/menu'
import { Badge, Empty } from '@/ui/states'
import { rowLink } from '@/ui/table'
import { toast } from '@/ui/toast'
import { personsKey, personsQuery } from './queries'
import { roleWords } from './roles'

export const peopleChanged = () => {
  void queryClient.invalidateQueries({ queryKey: personsKey })
  void queryClient.invalidateQueries({ queryKey: peopleQuery.queryKey })
}

/** Who may sign in, and as what. */
export function PeoplePage() {
  const user = useUser()
  const search = useSearch({ from: '/people' })
  const [inviting, setInviting] = useState(false)
  const [invited, setInvited] = useState<{ name: string; invitation: Invitation } | null>(null)
  const persons = useQuery({
    ...personsQuery,
    select: (rows) =>
      rows.filter(
        (row) =>
          (!search.search || `${row.name} ${row.email}`.toLowerCase().includes(search.search.toLowerCase())) &&
          (!search.role || row.role === search.role) &&
          (!search.state || stateOf(row) === search.state),
      ),
  })
  const change = useMutation({
    mutationFn: ({ person, active }: { person: Person; active: boolean }) => updatePerson(person.id, { is_active: active }),
    onSuccess: (person) => toast(person.is_active ? `${person.name} may sign in again.` : `${person.name} may no longer sign in, and is signed out everywhere.`),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: peopleChanged,
  })
  const again = useMutation({
    mutationFn: (person: Person) => inviteAgain(person.id),
    onSuccess: (invitation, { name }) => setInvited({ name, invitation }),
    onError: (error) => toast(messageOf(error), 'bad'),
  })
  const mayChange = user.role === 'admin'
  const actions = (person: Person): MenuItem[] => {
    const items: MenuItem[] = []
    if (person.invited && person.is_active) items.push({ label: 'Invite again', icon: <MailPlus aria-hidden />, onSelect: () => again.mutate(person) })
    if (person.id !== user.id)
      items.push(
        person.is_active
          ? { label: 'Deactivate', icon: <UserRoundX aria-hidden />, onSelect: () => change.mutate({ person, active: false }) }
          : { label: 'Activate', icon: <UserRoundCheck aria-hidden />, onSelect: () => change.mutate({ person, active: true }) },
      )
    return items
  }
  return (
    <ListPage<Person>
      title="People"
      lead="Who may sign in, and what they may do."
      noun="people"
      actions={
        mayChange && (
          <>
            <Link to="/people/roles" className={buttonClass('secondary')}>
              <ShieldCheck aria-hidden className="size-4" />
              Roles
            </Link>
            <Button variant="primary" icon={<UserPlus aria-hidden className="size-4" />} onClick={() => setInviting(true)}>
              Invite
            </Button>
          </>
        )
      }
      filters={[
        { kind: 'search', name: 'search', label: 'Search name or e-mail' },
        { kind: 'choice', name: 'role', label: 'Role', options: Object.entries(roleWords).map(([value, label]) => ({ value, label })) },
        { kind: 'choice', name: 'state', label: 'State', options: Object.entries(stateWords).map(([value, label]) => ({ value, label })) },
      ]}
      csv={{ path: '/api/users' }}
      list={fromAll(persons)}
      keyOf={(person) => person.id}
      nameOf={(person) => person.name}
      columns={[
        {
          head: 'Name',
          phone: 'title',
          cell: (person) => (
            <Link data-row-link to="/people/$id" params={{ id: person.id }} className={rowLink}>
              {person.name}
              {person.id === user.id && <span className="font-normal text-muted"> (you)</span>}
            </Link>
          ),
        },
        { head: 'E-mail', cell: (person) => person.email },
        { head: 'Role', cell: (person) => roleWords[person.role] },
        { head: 'State', phone: 'badge', cell: (person) => <PersonState person={person} /> },
      ]}
      rowActions={mayChange ? actions : undefined}
      empty={<Empty title="Nobody yet" />}
    >
      {inviting && (
        <Invite
          onClose={() => setInviting(false)}
          onInvited={(name, invitation) => {
            setInviting(false)
            setInvited({ name, invitation })
          }}
        />
      )}
      {invited && <InvitationLink {...invited} onClose={() => setInvited(null)} />}
    </ListPage>
  )
}

const stateWords = { active: 'Active', invited: 'Invited', inactive: 'Deactivated' } as const
const stateOf = (person: Person): keyof typeof stateWords => (!person.is_active ? 'inactive' : person.invited ? 'invited' : 'active')

export function PersonState({ person }: { person: Person }) {
  const state = stateOf(person)
  return <Badge tone={state === 'active' ? 'good' : state === 'invited' ? 'accent' : 'neutral'}>{stateWords[state]}</Badge>
}

const schema = z.object({ name: z.string().trim().min(1, 'Enter a name').max(255), email: z.email('This is not an e-mail address'), role: z.enum(['admin', 'manager', 'user']) })

function Invite({ onClose, onInvited }: { onClose: () => void; onInvited: (name: string, invitation: Invitation) => void }) {
  const form = useZodForm<z.infer<typeof schema>>(schema, { name: '', email: '', role: 'user' })
  const { errors } = form.formState
  const invite = useMutation({
    mutationFn: createPerson,
    onSuccess: (person) => onInvited(person.name, person),
    onError: (error) => showFaults(form, error.message, error instanceof ApiError ? error.fields : {}),
    onSettled: peopleChanged,
  })
  const submit = form.handleSubmit((values) => invite.mutate(values))
  return (
    <Dialog
      side
      title="Invite somebody"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={invite.isPending} onClick={() => void submit()}>
            Invite
          </Button>
        </>
      }
    >
      <form noValidate className="flex flex-col gap-4" onSubmit={(event) => void submit(event)}>
        {errors.root && (
          <p role="alert" className="font-medium text-bad">
            {errors.root.message}
          </p>
        )}
        <Field label="Name" error={errors.name?.message}>
          <Input data-autofocus autoComplete="off" {...form.register('name')} />
        </Field>
        <Field label="E-mail" error={errors.email?.message}>
          <Input type="email" autoComplete="off" {...form.register('email')} />
        </Field>
        <RoleField value={form.watch('role')} onChange={(role) => form.setValue('role', role)} />
        <p className="text-sm text-muted">They get a link with which they choose their own password.</p>
        <button type="submit" hidden />
      </form>
    </Dialog>
  )
}

export function RoleField({ value, onChange, hint, disabled }: { value: Role; onChange: (role: Role) => void; hint?: string; disabled?: boolean }) {
  return (
    <Field label="Role" hint={hint}>
      <Select value={value} disabled={disabled} onChange={(event) => onChange(event.target.value as Role)}>
        {Object.entries(roleWords).map(([role, words]) => (
          <option key={role} value={role}>
            {words}
          </option>
        ))}
      </Select>
    </Field>
  )
}

export function InvitationLink({ name, invitation, onClose }: { name: string; invitation: Invitation; onClose: () => void }) {
  return (
    <Dialog title={`${name} is invited`} onClose={onClose} footer={<Button variant="primary" onClick={onClose}>Done</Button>}>
      <div className="flex flex-col gap-4">
        <p>{invitation.mailed ? 'The link was mailed. You can also hand it over yourself; it is not shown again.' : 'Mail is not set up, so hand this link over yourself. It is not shown again.'}</p>
        {invitation.invitation_link && <CopyText label="Link" text={invitation.invitation_link} hint="Good for seven days and one use." />}
      </div>
    </Dialog>
  )
}
