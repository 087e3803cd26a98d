import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { SyncHealth as Health } from '@/api/types'
import { formatAgo } from '@/format/calendar'
import { formatSeconds } from '@/format/seconds'
import { Section } from '@/records/record-page'
import { syncHealthQuery } from '@/sync/queries'
import { buttonClass } from '@/ui/button'
import { Detail } from '@/ui/page'
import { Failure, Skeleton } from '@/ui/states'

const kinds: Record<string, string> = { invoice: 'Invoices', purchase_order: 'Purchase orders', client: 'Clients' }
const phases: Record<string, string> = { queued: 'queued', sending: 'being sent', checking: 'being looked for', waiting: 'waiting' }
const outcomes: Record<string, string> = {
  confirmed: 'Recorded by Xero',
  rejected: 'Refused by Xero',
  evidence: 'Said to be there already',
  throttled: 'Too many calls',
  not_sent: 'Xero not reached',
  auth: 'Access refused',
  unknown: 'Answer lost',
}

/** How the way to Xero goes, for whoever looks after it. The same figures are at /metrics. */
export function SyncHealth() {
  const health = useQuery(syncHealthQuery)
  if (health.isError) return <Failure error={health.error} onRetry={() => void health.refetch()} />
  if (!health.data) return <Skeleton rows={2} />
  return <Figures health={health.data} />
}

function Figures({ health }: { health: Health }) {
  const ends = Object.entries(health.outcomes).sort((a, b) => b[1] - a[1])
  return (
    <Section
      title="Sync health"
      actions={
        <Link to="/settings/queue" className={buttonClass('secondary')}>
          See each document
        </Link>
      }
    >
      <div className="card flex flex-col gap-5 p-5">
        <dl className="grid grid-cols-2 gap-x-6 gap-y-4 sm:grid-cols-4">
          <Detail label="Arrived in 24 hours">{health.arrived}</Detail>
          <Detail label="Half of them within">{health.arrived > 0 ? formatSeconds(health.seconds.p50) : '–'}</Detail>
          <Detail label="95 of 100 within">{health.arrived > 0 ? formatSeconds(health.seconds.p95) : '–'}</Detail>
          <Detail label="Refused, not mended yet">{health.failed}</Detail>
        </dl>
        <div className="grid gap-5 sm:grid-cols-2">
          <div>
            <h3 className="font-sans text-sm font-normal text-muted">On their way now</h3>
            {health.open.length === 0 ? (
              <p>Nothing</p>
            ) : (
              <ul className="num">
                {health.open.map((open) => (
                  <li key={`${open.entity_type} ${open.phase} ${open.reason ?? ''}`} className="flex gap-3">
                    <span className="flex-1">
                      {kinds[open.entity_type] ?? open.entity_type}, {phases[open.phase] ?? open.phase}
                      {open.reason && ` (${open.reason.replaceAll('_', ' ')})`}
                    </span>
                    <span className="font-medium">{open.count}</span>
                    <span className="text-muted">oldest {formatAgo(open.oldest_at)}</span>
                  </li>
                ))}
              </ul>
            )}
          </div>
          <div>
            <h3 className="font-sans text-sm font-normal text-muted">How sending ended in 24 hours</h3>
            {ends.length === 0 ? (
              <p>Nothing was sent</p>
            ) : (
              <ul className="num">
                {ends.map(([outcome, n]) => (
                  <li key={outcome} className="flex gap-3">
                    <span className="flex-1">{outcomes[outcome] ?? outcome}</span>
                    <span className="font-medium">{n}</span>
                  </li>
                ))}
              </ul>
            )}
          </div>
        </div>
      </div>
    </Section>
  )
}
