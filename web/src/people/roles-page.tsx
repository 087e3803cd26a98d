import { useMutation, useQuery } from '@tanstack/react-query'
import { Pencil, Plus, Trash2 } from 'lucide-react'
import { useRef, useState } from 'react'
import { z } from 'zod'
import { isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import type { PermissionRecord, RolePermissions } from '@/api/people'
import { createPermission, deletePermission, setRolePermissions, updatePermission } from '@/api/people'
import { queryClient } from '@/api/query'
import { sessionQuery } from '@/api/session'
import type { Role } from '@/api/types'
import { BackLink, Section } from '@/records/record-page'
import { Button } from '@/ui/button'
import { Confirm } from '@/ui/dialog'
import { Checkbox, Field, Input, Textarea } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { Menu } from '@/ui/menu'
import { Page } from '@/ui/page'
import { RecordForm } from '@/ui/record-form'
import { Badge, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { toggled } from './grants'
import { permissionsQuery, personsKey, rolePermissionsQuery } from './queries'
import { roleWords } from './roles'

const settle = () => {
  for (const { queryKey } of [permissionsQuery, rolePermissionsQuery, sessionQuery]) void queryClient.invalidateQueries({ queryKey })
  void queryClient.invalidateQueries({ queryKey: personsKey })
}

/** What each role may do, and the firm's own permissions. */
export function RolesPage() {
  const roles = useQuery(rolePermissionsQuery)
  return (
    <Page title="Roles" lead="What everybody with a role may do. For one person it can differ, on their page." back={<BackLink to="/people">People</BackLink>}>
      {roles.isError ? <Failure error={roles.error} onRetry={() => void roles.refetch()} /> : roles.data ? <Matrix roles={roles.data} /> : <Skeleton rows={6} />}
      <OwnPermissions />
    </Page>
  )
}

const columns: Role[] = ['admin', 'manager', 'user']

function Matrix({ roles }: { roles: RolePermissions }) {
  const [changed, setChanged] = useState<Record<string, boolean>>({})
  const save = useMutation({
    mutationFn: () => {
      const change: Partial<RolePermissions['rolePermissions']> = {}
      for (const [key, granted] of Object.entries(changed)) {
        const [role, permission] = key.split(' ') as [Role, string]
        change[role] = { ...change[role], [permission]: granted }
      }
      return setRolePermissions(change)
    },
    onSuccess: () => {
      toast('Roles saved.')
      setChanged({})
    },
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: settle,
  })
  const count = Object.keys(changed).length
  return (
    <>
      <div className="card overflow-x-auto">
        <table className="w-full border-collapse text-left" aria-label="Roles and permissions">
          <thead>
            <tr className="border-b border-line text-sm text-muted">
              <th scope="col" className="px-4 py-2.5 font-medium">
                Permission
              </th>
              {columns.map((role) => (
                <th key={role} scope="col" className="px-1 py-2.5 text-center font-medium sm:w-32 sm:px-3">
                  <span className="max-sm:hidden">{roleWords[role]}</span>
                  <abbr title={roleWords[role]} className="no-underline sm:hidden">
                    {{ admin: 'Admin', manager: 'Mgr', user: 'User' }[role]}
                  </abbr>
                </th>
              ))}
            </tr>
          </thead>
          <tbody className="divide-y divide-line">
            {roles.permissions.map(({ key, label, description }) => (
              <tr key={key} className="hover:bg-raised/60">
                <th scope="row" className="px-4 py-1.5 text-left font-normal">
                  <span className="block font-medium">{label}</span>
                  <span className="block text-sm text-muted">{description}</span>
                </th>
                {columns.map((role) => {
                  const stored = roles.rolePermissions[role][key] ?? false
                  const place = `${role} ${key}`
                  return (
                    <td key={role} className="px-1 text-center">
                      <Checkbox
                        className="justify-center"
                        aria-label={`${label} for ${roleWords[role]}`}
                        checked={changed[place] ?? stored}
                        disabled={role === 'admin'}
                        onChange={(event) => setChanged(toggled(changed, place, event.target.checked, stored))}
                      />
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {count > 0 && (
        <div className="sticky bottom-20 z-20 flex flex-wrap items-center gap-3 rounded-card border border-line bg-surface p-3 shadow-lg lg:bottom-4">
          <p className="flex-1 font-medium">
            {count} {count === 1 ? 'change' : 'changes'} not saved; they count for everybody with the role at once
          </p>
          <Button onClick={() => setChanged({})}>Undo</Button>
          <Button variant="primary" busy={save.isPending} onClick={() => save.mutate()}>
            Save roles
          </Button>
        </div>
      )}
    </>
  )
}

function OwnPermissions() {
  const permissions = useQuery(permissionsQuery)
  const [editing, setEditing] = useState<PermissionRecord | 'new' | null>(null)
  const [deleting, setDeleting] = useState<PermissionRecord | null>(null)
  const remove = useMutation({
    mutationFn: (permission: PermissionRecord) => deletePermission(permission.id),
    onSuccess: () => {
      toast('Permission deleted.')
      setDeleting(null)
    },
    onSettled: settle,
  })
  const own = (permissions.data ?? []).filter((permission) => permission.is_custom)
  return (
    <Section
      title="Permissions of our own"
      actions={
        <Button icon={<Plus aria-hidden className="size-4" />} onClick={() => setEditing('new')}>
          New permission
        </Button>
      }
    >
      <p className="text-muted">For the firm's own programs, which ask for them with a person's API token.</p>
      {permissions.isError && <Failure error={permissions.error} onRetry={() => void permissions.refetch()} />}
      {own.length > 0 && (
        <ul className="card divide-y divide-line" aria-label="Permissions of our own">
          {own.map((permission) => (
            <li key={permission.id} className="flex items-center gap-3 py-1.5 pr-2 pl-4">
              <div className="min-w-0 flex-1">
                <p className="font-medium">
                  {permission.label} {!permission.is_active && <Badge>Not in use</Badge>}
                </p>
                <p className="text-sm break-words text-muted">
                  <span className="font-mono">{permission.key}</span>
                  {permission.description && ` · ${permission.description}`}
                </p>
              </div>
              <Menu
                label={`Actions for ${permission.label}`}
                items={[
                  { label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => setEditing(permission) },
                  { label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(permission) },
                ]}
              />
            </li>
          ))}
        </ul>
      )}
      {editing && <PermissionForm permission={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && (
        <Confirm title={`Delete ${deleting.label}?`} action="Delete" busy={remove.isPending} error={remove.error ? messageOf(remove.error) : undefined} onConfirm={() => remove.mutate(deleting)} onClose={() => setDeleting(null)}>
          <p>Programs that ask for it are refused from then on.</p>
        </Confirm>
      )}
    </Section>
  )
}

const schema = z.object({
  label: z.string().trim().min(1, 'Enter a name').max(255),
  key: z.string().regex(/^[a-z_]{1,100}$/, 'Lower-case letters and underscores'),
  description: z.string().max(2000),
  is_active: z.boolean(),
})

function PermissionForm({ permission, onClose }: { permission: PermissionRecord | null; onClose: () => void }) {
  const key = useRef(newId())
  const form = useZodForm(schema, { label: permission?.label ?? '', key: permission?.key ?? 'can_', description: permission?.description ?? '', is_active: permission?.is_active ?? true })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: ({ label, key: name, description, is_active }: z.infer<typeof schema>) =>
      permission ? updatePermission(permission.id, { label, description, is_active }) : createPermission({ key: name, label, description: description || undefined }, key.current),
    onSuccess: (saved) => {
      toast(`${saved.label} saved.`)
      onClose()
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
    onSettled: settle,
  })
  return (
    <RecordForm title={permission ? permission.label : 'New permission'} form={form} save={save} onClose={onClose}>
      <Field label="Name" error={errors.label?.message}>
        <Input data-autofocus {...form.register('label')} />
      </Field>
      <Field label="Key" hint="What programs ask for; it cannot be changed later." error={errors.key?.message}>
        <Input className="font-mono" readOnly={permission !== null} {...form.register('key')} />
      </Field>
      <Field label="Description" error={errors.description?.message}>
        <Textarea {...form.register('description')} />
      </Field>
      {permission && <Checkbox {...form.register('is_active')}>In use</Checkbox>}
    </RecordForm>
  )
}
