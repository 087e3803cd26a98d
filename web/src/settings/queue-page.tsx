import { keepPreviousData, useMutation, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { CheckCheck, Clock, ExternalLink, Hourglass, ListRestart, RotateCw, X } from 'lucide-react'
import { useState } from 'react'
import { retryClientSync, retryInvoiceSync, retryPOSync } from '@/api/client'
import { messageOf } from '@/api/errors'
import { queryClient } from '@/api/query'
import type { QueuedDocument, QueuedKind, QueuedPhase, QueueFilter } from '@/api/queue'
import { getQueue } from '@/api/queue'
import { may, useUser } from '@/api/session'
import { formatAgo, formatInstant } from '@/format/calendar'
import { capital } from '@/records/kinds'
import { ListPage } from '@/records/list-page'
import { recordTarget } from '@/records/record-link'
import { fromPages } from '@/records/rows'
import { NextTry } from '@/sync/badge'
import { LaneBanner, PauseButton } from '@/sync/lane'
import { pollMs, useStreamUp } from '@/sync/live'
import { documentKeys, queueKey, xeroStatusQuery } from '@/sync/queries'
import { whoMustAct } from '@/sync/status'
import { Button, buttonClass } from '@/ui/button'
import { useNow } from '@/ui/now'
import { Badge, Empty, Spinner } from '@/ui/states'
import { rowLink } from '@/ui/table'
import { toast } from '@/ui/toast'
import { useWide } from '@/ui/wide'
import { RetryDialog } from './retry-dialog'
import { SettingsTabs } from './tabs'

const kinds: Record<QueuedKind, string> = { invoice: 'invoice', purchase_order: 'purchase order', client: 'client' }
const phases: Record<QueuedPhase, string> = { queued: 'Queued', sending: 'Sending', checking: 'Checking', waiting: 'Waiting', failed: 'Failed' }
const operations = { create: '', update: 'change', void: 'deletion' } as const

/** Every document on its way to Xero, and every one that Xero refused: why, since when, and what can be done. */
export function QueuePage() {
  const user = useUser()
  const search = useSearch({ from: '/settings/queue' })
  const [planning, setPlanning] = useState(false)
  const filter: QueueFilter = { phase: search.phase, entity_type: search.kind, q: search.search }
  const query = { ...filter, page: search.page ?? 1, limit: 25 }
  const read = useQuery({
    queryKey: [...queueKey, 'list', query],
    queryFn: ({ signal }) => getQueue(query, signal),
    placeholderData: keepPreviousData,
    refetchInterval: pollMs(useStreamUp()),
  })
  const status = useQuery(xeroStatusQuery) // while sending is paused, the banner has the way back
  const retry = useMutation({
    mutationFn: ({ entity_type, entity_id }: QueuedDocument) => {
      switch (entity_type) {
        case 'invoice':
          return retryInvoiceSync(entity_id)
        case 'purchase_order':
          return retryPOSync(entity_id)
        default:
          return retryClientSync(entity_id)
      }
    },
    onSuccess: (_state, document) => toast(`${document.number} is being sent again.`, 'info'),
    onError: (error, document) => toast(`${document.number}: ${messageOf(error)}`, 'bad'),
    onSettled: (_state, _error, document) => Promise.all([queueKey, documentKeys[document.entity_type]].map((queryKey) => queryClient.invalidateQueries({ queryKey }))),
  })
  const wide = useWide()
  const mayRetry = may(user, 'can_create_invoices')
  const total = read.data?.pagination.total ?? 0
  return (
    <ListPage<QueuedDocument>
      title="Queue"
      lead="Every document on its way to Xero, and every one that Xero refused."
      noun="documents"
      actions={
        <>
          {user.role === 'admin' && (
            <a href="/admin/queue/" target="_blank" rel="noopener" className={buttonClass('secondary')}>
              <ExternalLink aria-hidden className="size-4" />
              Background jobs<span className="sr-only">, in a new tab</span>
            </a>
          )}
          {status.data && !status.data.lane.paused && <PauseButton />}
          {mayRetry && (
            <Button variant="primary" disabled={total === 0} icon={<ListRestart aria-hidden className="size-4" />} onClick={() => setPlanning(true)}>
              Retry all that match
            </Button>
          )}
        </>
      }
      csv={{ path: '/api/xero/queue', query: { ...filter } }}
      banner={
        <>
          <SettingsTabs />
          <LaneBanner />
        </>
      }
      filters={[
        { kind: 'search', name: 'search', label: 'Search error, number or client' },
        { kind: 'choice', name: 'phase', label: 'State', options: Object.entries(phases).map(([value, label]) => ({ value, label })) },
        { kind: 'choice', name: 'kind', label: 'Kind', options: Object.entries(kinds).map(([value, label]) => ({ value, label: capital(label) })) },
      ]}
      summary={
        total > 0 && (
          <p className="num text-sm text-muted" role="status">
            {total.toLocaleString('en-NZ')} {total === 1 ? 'document' : 'documents'}
          </p>
        )
      }
      list={fromPages(read)}
      keyOf={(row) => row.xero_sync_id}
      nameOf={(row) => row.number}
      rowActions={
        mayRetry
          ? (row) => [{ label: 'Retry', icon: <RotateCw aria-hidden />, onSelect: () => retry.mutate(row), ...(row.stuck ? { refused: row.stuck } : {}) }]
          : undefined
      }
      columns={[
        { head: 'Document', phone: 'title', className: 'align-top', cell: (row) => <Name row={row} /> },
        { head: 'Client or supplier', className: 'align-top', cell: (row) => row.party },
        { head: 'State', phone: 'badge', className: 'align-top', cell: (row) => <PhaseBadge phase={row.phase} /> },
        { head: 'Why', phone: 'none', className: 'w-2/5 align-top', cell: (row) => <Why row={row} /> },
        {
          head: 'Attempts', className: 'align-top whitespace-nowrap',
          cell: (row) => (
            <span className="num">
              {row.attempt} of {row.max_attempts}
              <span className="lg:hidden"> {row.max_attempts === 1 ? 'attempt' : 'attempts'}</span>
            </span>
          ),
        },
        { head: 'Asked for', className: 'align-top whitespace-nowrap', cell: (row) => <Age at={row.opened_at} /> },
      ]}
      under={wide ? undefined : (row) => <Why row={row} />}
      empty={
        <Empty icon={<CheckCheck aria-hidden />} title="Nothing is on its way">
          And nothing that Xero refused is left to mend. A document shows here from the click until it has arrived.
        </Empty>
      }
    >
      {planning && <RetryDialog filter={filter} onClose={() => setPlanning(false)} />}
    </ListPage>
  )
}

function Name({ row }: { row: QueuedDocument }) {
  const target = recordTarget(row)
  return (
    <>
      {target && (
        <Link {...(target as { to: string })} data-row-link className={`${rowLink} ${row.entity_type === 'client' ? '' : 'font-mono whitespace-nowrap'}`}>
          {row.number}
        </Link>
      )}
      <span className="block text-sm font-normal whitespace-nowrap text-muted">
        {capital(kinds[row.entity_type])}
        {operations[row.operation] && `, ${operations[row.operation]}`}
      </span>
    </>
  )
}

function PhaseBadge({ phase }: { phase: QueuedPhase }) {
  const words = phases[phase]
  switch (phase) {
    case 'failed':
      return <Badge tone="bad" icon={<X aria-hidden className="size-3.5" />}>{words}</Badge>
    case 'waiting':
      return <Badge tone="warn" icon={<Clock aria-hidden className="size-3.5" />}>{words}</Badge>
    case 'queued':
      return <Badge icon={<Hourglass aria-hidden className="size-3.5" />}>{words}</Badge>
    default:
      return <Badge tone="accent" icon={<Spinner className="size-3.5" />}>{words}</Badge>
  }
}

/** Why it is where it is, who can mend it, and when it goes on. */
function Why({ row }: { row: QueuedDocument }) {
  const who = whoMustAct(row.who_must_act)
  return (
    <div className="flex min-w-0 flex-col gap-0.5">
      {row.error_message && <span className="break-words">{row.error_message}</span>}
      {row.last_error && row.last_error !== row.error_message && <span className="text-sm break-words text-muted">Last answer: {row.last_error}</span>}
      {who && <span className="text-sm text-muted">{who}</span>}
      {row.certain_at && <span className="num text-sm text-muted">Certain by {formatInstant(row.certain_at)}</span>}
      <NextTry {...row} attempt={0} />
    </div>
  )
}

function Age({ at }: { at: string }) {
  return (
    <time dateTime={at} title={formatInstant(at)} className="num">
      {formatAgo(at, useNow(true))}
    </time>
  )
}
