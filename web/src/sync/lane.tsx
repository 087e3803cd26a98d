import { useMutation, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { CirclePause, CirclePlay, CloudOff, Settings2, Unplug } from 'lucide-react'
import { setLanePaused } from '@/api/client'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import type { XeroStatus } from '@/api/types'
import { formatAgo, formatInstant } from '@/format/calendar'
import { formatMoney } from '@/format/money'
import { Button, buttonClass } from '@/ui/button'
import { Notice } from '@/ui/states'
import { toast } from '@/ui/toast'
import { xeroStatusKey, xeroStatusQuery } from './queries'

export type LaneState = 'live' | 'sending' | 'paused' | 'offline' | 'parked' | 'disconnected' | 'incomplete'

/** In what state the way to Xero is, the most serious first. */
export function laneState(status: XeroStatus): LaneState {
  if (!status.connected || status.needs_reconnect !== null) return 'disconnected'
  if (status.missing.length > 0) return 'incomplete'
  if (status.lane.paused) return 'paused'
  if (status.lane.breaker !== 'closed') return 'offline'
  if (status.lane.parked_until && new Date(status.lane.parked_until).getTime() > Date.now()) return 'parked'
  return status.lane.in_flight > 0 ? 'sending' : 'live'
}

const words: Record<LaneState, string> = {
  live: 'Connected to Xero',
  sending: 'Sending to Xero',
  paused: 'Sending is paused',
  offline: 'Xero does not answer',
  parked: 'Waiting for Xero',
  disconnected: 'Not connected to Xero',
  incomplete: 'Settings are missing',
}

/** The wire from here to Xero, as it is now: it stands in the sidebar on every page. */
export function Wire() {
  const { data: status } = useQuery(xeroStatusQuery)
  if (!status) return null
  const state = laneState(status)
  const sound = state === 'live' || state === 'sending'
  const waiting = status.lane.waiting.count
  return (
    <Link
      to="/financials/invoices"
      search={waiting > 0 ? { sync: 'pending' } : {}}
      className="block rounded-xl border border-board-line px-3 py-3 text-board-ink hover:bg-white/5"
    >
      <span className="mb-2 flex items-center gap-2 text-[0.6875rem] font-semibold tracking-widest text-board-muted uppercase" aria-hidden>
        Here
        <span className="relative h-0.5 flex-1">
          <span className={`absolute inset-0 rounded-full ${sound ? 'bg-spark' : 'border-t-2 border-dashed border-[#ffc65c]'}`} />
          {state === 'sending' && <span className="absolute -top-[3px] size-2 animate-[pulse-along_1.1s_linear_infinite] rounded-full bg-white" />}
        </span>
        Xero
      </span>
      <span className="block text-sm font-medium">{words[state]}</span>
      <span className="num block text-sm text-board-muted">
        {waiting === 0
          ? 'Nothing is waiting'
          : `${waiting} waiting · ${formatMoney(status.lane.waiting.amount)}${status.lane.waiting.oldest_at ? ` · oldest ${formatAgo(status.lane.waiting.oldest_at)}` : ''}`}
      </span>
    </Link>
  )
}

function usePause() {
  return useMutation({
    mutationFn: (paused: boolean) => setLanePaused(paused, paused ? 'Paused in the app' : undefined),
    onSuccess: (lane, paused) => {
      queryClient.setQueryData<XeroStatus>(xeroStatusKey, (status) => status && { ...status, lane })
      toast(paused ? 'Sending to Xero is paused.' : 'Sending to Xero goes on.')
    },
    onError: (error) => toast(messageOf(error), 'bad'),
  })
}

/** The switch that stops and starts sending, for those who may. */
export function PauseButton() {
  const user = useUser()
  const { data: status } = useQuery(xeroStatusQuery)
  const pause = usePause()
  if (!status?.connected || !may(user, 'can_sync_xero')) return null
  const { paused } = status.lane
  return (
    <Button
      busy={pause.isPending}
      icon={paused ? <CirclePlay aria-hidden className="size-4" /> : <CirclePause aria-hidden className="size-4" />}
      onClick={() => pause.mutate(!paused)}
    >
      {paused ? 'Resume sending' : 'Pause sending'}
    </Button>
  )
}

/** What stands in the way of sending, why, and what to do; nothing while nothing does. */
export function LaneBanner() {
  const user = useUser()
  const { data: status } = useQuery(xeroStatusQuery)
  const pause = usePause()
  if (!status) return null
  const mayMend = may(user, 'can_sync_xero')
  const settings = (
    <Link to="/settings/xero" className={buttonClass('secondary')}>
      Open Xero settings
    </Link>
  )
  switch (laneState(status)) {
    case 'disconnected':
      return (
        <Notice
          tone="bad"
          icon={<Unplug aria-hidden />}
          title={status.needs_reconnect ? 'Xero has to be connected again' : 'Xero is not connected'}
          action={mayMend && settings}
        >
          {status.needs_reconnect && <p>{status.needs_reconnect}</p>}
          Documents can still be created. They wait here and are sent once Xero is connected
          {mayMend ? '.' : '; ask an administrator.'}
        </Notice>
      )
    case 'incomplete':
      return (
        <Notice tone="warn" icon={<Settings2 aria-hidden />} title="Something is missing before documents can be sent" action={mayMend && settings}>
          <ul className="list-inside list-disc">
            {status.missing.map((gap) => (
              <li key={gap.setting}>{gap.message}</li>
            ))}
          </ul>
        </Notice>
      )
    case 'paused':
      return (
        <Notice
          tone="warn"
          icon={<CirclePause aria-hidden />}
          title={`Sending to Xero is paused${status.lane.paused_by ? ` by ${status.lane.paused_by}` : ''}`}
          action={
            mayMend && (
              <Button busy={pause.isPending} onClick={() => pause.mutate(false)}>
                Resume sending
              </Button>
            )
          }
        >
          {status.lane.paused_reason && <p>{status.lane.paused_reason}</p>}
          <p>New documents wait here, in their order.</p>
        </Notice>
      )
    case 'offline':
      return (
        <Notice tone="warn" icon={<CloudOff aria-hidden />} title="Xero does not answer">
          Nothing is lost: documents wait here and are sent when Xero is back.
          {status.lane.next_probe_at && ` It is tried again at ${formatInstant(status.lane.next_probe_at)}.`}
        </Notice>
      )
    case 'parked':
      return (
        <Notice tone="warn" icon={<CloudOff aria-hidden />} title="Xero asked us to wait">
          {status.lane.parked_reason} Sending goes on at {formatInstant(status.lane.parked_until)}.
        </Notice>
      )
    default:
      return status.lane.message === null ? null : <Notice tone="warn" icon={<CloudOff aria-hidden />} title={status.lane.message} />
  }
}
