import { useMutation, useQuery } from '@tanstack/react-query'
import { KeyRound, Plus } from 'lucide-react'
import { useState } from 'react'
import { ApiError, messageOf } from '@/api/errors'
import { createToken, revokeToken } from '@/api/people'
import type { ApiToken } from '@/api/people'
import { queryClient } from '@/api/query'
import { useUser } from '@/api/session'
import { addDays, formatAgo, formatDay, today } from '@/format/calendar'
import { capital } from '@/records/kinds'
import { Button } from '@/ui/button'
import { CopyText } from '@/ui/copy'
import { Confirm, Dialog } from '@/ui/dialog'
import { Checkbox, Field, Input, Select } from '@/ui/field'
import { Badge, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { tokensQuery } from './queries'

const settle = () => queryClient.invalidateQueries({ queryKey: tokensQuery.queryKey })

/** "can_view_projects" as "View projects". */
export const permissionWords = (key: string) => capital(key.replace(/^can_/, '').replaceAll('_', ' '))

/** The tokens with which programs act for the person. */
export function Tokens() {
  const tokens = useQuery(tokensQuery)
  const [creating, setCreating] = useState(false)
  const [revoking, setRevoking] = useState<ApiToken | null>(null)
  const revoke = useMutation({
    mutationFn: (token: ApiToken) => revokeToken(token.id),
    onSuccess: () => {
      toast('The token no longer works.')
      setRevoking(null)
    },
    onSettled: settle,
  })
  if (tokens.isError) return <Failure error={tokens.error} onRetry={() => void tokens.refetch()} />
  if (!tokens.data) return <Skeleton rows={1} />
  return (
    <>
      {tokens.data.length > 0 && (
        <ul className="card divide-y divide-line" aria-label="API tokens">
          {tokens.data.map((token) => (
            <li key={token.id} className="flex flex-wrap items-center gap-3 px-4 py-2.5">
              <KeyRound aria-hidden className="size-5 shrink-0 text-muted" />
              <div className="min-w-0 flex-1 basis-44">
                <p className="font-medium break-words">
                  {token.name} <span className="font-mono text-sm font-normal text-muted">{token.hint}…</span>
                </p>
                <p className="text-sm text-muted">
                  {token.scopes.map(permissionWords).join(', ')}
                </p>
                <p className="text-sm text-muted">
                  {token.last_used_at ? `Last used ${formatAgo(token.last_used_at)}` : 'Never used'} · {token.expires_at ? `ends ${formatDay(today(new Date(token.expires_at)))}` : 'does not end'}
                </p>
              </div>
              {token.expires_at && today(new Date(token.expires_at)) < today() && <Badge tone="warn">Ended</Badge>}
              <Button onClick={() => setRevoking(token)}>Revoke</Button>
            </li>
          ))}
        </ul>
      )}
      <Button className="self-start" icon={<Plus aria-hidden className="size-4" />} onClick={() => setCreating(true)}>
        New token
      </Button>
      {creating && <CreateToken onClose={() => setCreating(false)} />}
      {revoking && (
        <Confirm title={`Revoke ${revoking.name}?`} action="Revoke" busy={revoke.isPending} error={revoke.error ? messageOf(revoke.error) : undefined} onConfirm={() => revoke.mutate(revoking)} onClose={() => setRevoking(null)}>
          <p>The program that uses it can do nothing more from now on.</p>
        </Confirm>
      )}
    </>
  )
}

function CreateToken({ onClose }: { onClose: () => void }) {
  const user = useUser()
  const [name, setName] = useState('')
  const [days, setDays] = useState('90')
  const [scopes, setScopes] = useState<string[]>([])
  const create = useMutation({
    mutationFn: () => createToken({ name: name.trim(), scopes, expires_at: days === '' ? null : new Date(`${addDays(today(), Number(days))}T00:00:00`).toISOString() }),
    onSettled: settle,
  })
  const fields = create.error instanceof ApiError ? create.error.fields : {}
  if (create.data)
    return (
      <Dialog title="The token" onClose={onClose} footer={<Button variant="primary" onClick={onClose}>Done</Button>}>
        <div className="flex flex-col gap-4">
          <p className="font-medium">Copy it now: it is not shown again.</p>
          <CopyText label={create.data.name} text={create.data.token} />
          <p className="text-muted">
            A program sends it in the header <span className="font-mono text-sm">Authorization: Bearer …</span> and then acts in your name.
          </p>
        </div>
      </Dialog>
    )
  return (
    <Dialog
      side
      title="New API token"
      onClose={onClose}
      footer={
        <>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={create.isPending} disabled={name.trim() === '' || scopes.length === 0} onClick={() => create.mutate()}>
            Create token
          </Button>
        </>
      }
    >
      <div className="flex flex-col gap-4">
        {create.error && Object.keys(fields).length === 0 && <p role="alert" className="font-medium text-bad">{messageOf(create.error)}</p>}
        <Field label="Name" hint="What it is for, such as “Stock system”." error={fields.name}>
          <Input data-autofocus value={name} maxLength={100} onChange={(event) => setName(event.target.value)} />
        </Field>
        <Field label="Ends after" error={fields.expires_at}>
          <Select value={days} onChange={(event) => setDays(event.target.value)}>
            <option value="30">30 days</option>
            <option value="90">90 days</option>
            <option value="365">One year</option>
            <option value="">Never</option>
          </Select>
        </Field>
        <Field group label="What it may do" hint="Give it only what the program needs." error={fields.scopes}>
          <div className="flex flex-col">
            {user.permissions.map((permission) => (
              <Checkbox key={permission} checked={scopes.includes(permission)} onChange={(event) => setScopes(event.target.checked ? [...scopes, permission] : scopes.filter((one) => one !== permission))}>
                {permissionWords(permission)}
              </Checkbox>
            ))}
          </div>
        </Field>
      </div>
    </Dialog>
  )
}
