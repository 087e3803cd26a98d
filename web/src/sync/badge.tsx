import { Check, Clock, TriangleAlert, X } from 'lucide-react'
import type { Phase, SyncFields, SyncStatus } from '@/api/types'
import { formatMoney } from '@/format/money'
import { useNow } from '@/ui/now'
import { formatCountdown } from '@/format/calendar'
import { Badge, Spinner } from '@/ui/states'
import { syncLabel } from './status'
import { isJustSubmitted, useSubmitted } from './submitted'

interface SyncBadgeProps {
  id: string
  sync_status: SyncStatus | null
  phase: Phase | null
}

/** Where a document stands on its way to Xero. */
export function SyncBadge({ id, sync_status, phase }: SyncBadgeProps) {
  const label = syncLabel(sync_status, phase, isJustSubmitted(useSubmitted(), id))
  switch (label) {
    case 'Synced':
      return <Badge tone="good" icon={<Check aria-hidden className="size-3.5" />}>Synced</Badge>
    case 'Sync Failed':
      return <Badge tone="bad" icon={<X aria-hidden className="size-3.5" />}>Sync Failed</Badge>
    case 'Syncing…':
      return <Badge tone="accent" icon={<Spinner className="size-3.5" />}>Syncing…</Badge>
    case 'Pending Sync':
      return <Badge tone="warn" icon={<Clock aria-hidden className="size-3.5" />}>Pending Sync</Badge>
    case null:
      return <Badge>Not sent</Badge>
  }
}

/** When the next try is, counting down; and which try it is. */
export function NextTry({ phase, next_attempt_at, attempt, max_attempts }: Pick<SyncFields, 'phase' | 'next_attempt_at' | 'attempt' | 'max_attempts'>) {
  const waiting = phase === 'waiting' && next_attempt_at !== null
  const now = useNow(waiting)
  if (!waiting) return null
  const left = formatCountdown(next_attempt_at, now)
  return (
    <span className="num text-sm text-muted" role="timer">
      {left === '00:00' ? 'Next try now' : `Next try in ${left}`}
      {attempt > 0 && ` · try ${attempt} of ${max_attempts} done`}
    </span>
  )
}

/** Says that what is in Xero is not quite what is here. */
export function SyncWarning({ document, total }: { document: Pick<SyncFields, 'sync_warning' | 'xero_total'>; total: string }) {
  const text = warningOf(document, total)
  if (!text) return null
  return (
    <span className="inline-flex items-center gap-1 text-sm font-medium text-warn" title={text}>
      <TriangleAlert aria-hidden className="size-4 shrink-0" />
      <span className="sr-only">{text}</span>
      <span aria-hidden>Differs</span>
    </span>
  )
}

export function warningOf(document: Pick<SyncFields, 'sync_warning' | 'xero_total'>, total: string): string | null {
  if (document.sync_warning) return document.sync_warning
  if (document.xero_total !== null && document.xero_total !== total)
    return `The total in Xero is ${formatMoney(document.xero_total)}, here it is ${formatMoney(total)}.`
  return null
}
