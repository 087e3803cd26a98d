import { useMutation, useQuery } from '@tanstack/react-query'
import { LogOut, MonitorSmartphone } from 'lucide-react'
import { messageOf } from '@/api/errors'
import { endSession, endSessions } from '@/api/people'
import { queryClient } from '@/api/query'
import { formatAgo, formatInstant } from '@/format/calendar'
import { Button } from '@/ui/button'
import { Badge, Failure, Skeleton } from '@/ui/states'
import { toast } from '@/ui/toast'
import { deviceWords } from './device'
import { sessionsQuery } from './queries'

/** Where somebody is signed in, and the way to end that; without a person, oneself. */
export function Sessions({ person = null }: { person?: string | null }) {
  const sessions = useQuery(sessionsQuery(person))
  const settle = () => queryClient.invalidateQueries({ queryKey: sessionsQuery(person).queryKey })
  const end = useMutation({
    mutationFn: (id: string) => endSession(person, id),
    onSuccess: () => toast('That device is signed out.'),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: settle,
  })
  const endAll = useMutation({
    mutationFn: () => endSessions(person),
    onSuccess: () => toast(person ? 'All devices are signed out.' : 'All other devices are signed out.'),
    onError: (error) => toast(messageOf(error), 'bad'),
    onSettled: settle,
  })
  if (sessions.isError) return <Failure error={sessions.error} onRetry={() => void sessions.refetch()} />
  if (!sessions.data) return <Skeleton rows={2} />
  if (sessions.data.length === 0) return <p className="text-muted">Signed in nowhere.</p>
  const others = sessions.data.filter((session) => !session.current)
  return (
    <>
      <ul className="card divide-y divide-line" aria-label="Devices">
        {sessions.data.map((session) => (
          <li key={session.id} className="flex flex-wrap items-center gap-3 px-4 py-2.5">
            <MonitorSmartphone aria-hidden className="size-5 shrink-0 text-muted" />
            <div className="min-w-0 flex-1 basis-44">
              <p className="font-medium">
                {deviceWords(session.user_agent)} {session.current && <Badge tone="good">This device</Badge>}
              </p>
              <p className="text-sm text-muted">
                <span title={formatInstant(session.last_seen_at)}>Last used {formatAgo(session.last_seen_at)}</span>
                {session.ip_address && (
                  <>
                    {' '}
                    from <span className="font-mono">{session.ip_address}</span>
                  </>
                )}
              </p>
            </div>
            {!session.current && (
              <Button busy={end.isPending && end.variables === session.id} onClick={() => end.mutate(session.id)}>
                Sign out
              </Button>
            )}
          </li>
        ))}
      </ul>
      {others.length > 1 && (
        <Button className="self-start" busy={endAll.isPending} icon={<LogOut aria-hidden className="size-4" />} onClick={() => endAll.mutate()}>
          {person ? 'Sign out everywhere' : 'Sign out everywhere else'}
        </Button>
      )}
    </>
  )
}
