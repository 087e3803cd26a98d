import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { useSearch } from '@tanstack/react-router'
import { ScrollText } from 'lucide-react'
import type { AuditEntry } from '@/api/records'
import { peopleQuery } from '@/api/session'
import { formatInstant } from '@/format/calendar'
import { actionWords, detailLines, entityWords, labelOf } from '@/records/audit'
import { capital } from '@/records/kinds'
import { ListPage } from '@/records/list-page'
import { RecordLink } from '@/records/record-link'
import { Empty } from '@/ui/states'
import { auditQuery } from './queries'

const actions = ['create', 'update', 'delete', 'restore', 'purge', 'import', 'export', 'login', 'login_failed', 'logout', 'send_mail', 'mail_sent', 'mail_failed', 'connect', 'disconnect']
const kinds = [
  'client', 'project', 'timesheet', 'invoice', 'purchase_order', 'quote', 'bill', 'expense', 'payment', 'credit_note', 'cost_center', 'activity_type',
  'user', 'setting', 'mail', 'connection',
]

/** Who changed what, and when; nothing in it can be changed or removed. */
export function AuditPage() {
  const search = useSearch({ from: '/audit-log' })
  const query = { q: search.search, user_id: search.person, action: search.action, entity_type: search.kind, date_from: search.from, date_to: search.to }
  const entries = useInfiniteQuery({ ...auditQuery(query), placeholderData: (before) => before })
  const people = useQuery(peopleQuery)
  const total = entries.data?.pages[0]?.total
  return (
    <ListPage<AuditEntry>
      title="Audit log"
      lead="Who changed what, and when. Nothing in it can be changed."
      noun="entries"
      filters={[
        { kind: 'search', name: 'search', label: 'Search name, action or details' },
        { kind: 'choice', name: 'person', label: 'Person', options: (people.data ?? []).map((person) => ({ value: person.id, label: person.name })) },
        { kind: 'choice', name: 'action', label: 'Action', options: actions.map((action) => ({ value: action, label: capital(actionWords(action)) })) },
        { kind: 'choice', name: 'kind', label: 'What', options: kinds.map((kind) => ({ value: kind, label: capital(entityWords(kind)) })) },
        { kind: 'date', name: 'from', label: 'From' },
        { kind: 'date', name: 'to', label: 'To' },
      ]}
      summary={total !== undefined && total > 0 && <p className="num text-sm text-muted">{total.toLocaleString('en-NZ')} {total === 1 ? 'entry' : 'entries'}</p>}
      list={{
        rows: entries.data?.pages.flatMap((page) => page.logs),
        error: entries.isLoadingError ? entries.error : null,
        retry: () => void entries.refetch(),
        stale: entries.isPlaceholderData,
        more: entries.hasNextPage ? { load: () => void entries.fetchNextPage(), busy: entries.isFetchingNextPage } : undefined,
      }}
      keyOf={(entry) => entry.id}
      nameOf={(entry) => `${entry.actor} ${actionWords(entry.action)}`}
      columns={[
        {
          head: 'When',
          className: 'whitespace-nowrap align-top',
          cell: (entry) => (
            <time dateTime={entry.created_at} className="num">
              {formatInstant(entry.created_at)}
            </time>
          ),
        },
        { head: 'Who', className: 'align-top', cell: (entry) => entry.actor },
        { head: 'What', phone: 'title', className: 'w-1/2 align-top', cell: (entry) => <What entry={entry} /> },
        { head: 'From where', className: 'align-top', cell: (entry) => entry.ip_address && <span className="font-mono text-sm">{entry.ip_address}</span> },
      ]}
      empty={<Empty icon={<ScrollText aria-hidden />} title="Nothing was written down yet" />}
    />
  )
}

function What({ entry }: { entry: AuditEntry }) {
  const label = labelOf(entry)
  const lines = detailLines(entry.details).filter(([, value]) => value !== label)
  return (
    <>
      <p>
        <span className="font-medium">{capital(actionWords(entry.action))}</span>{' '}
        {!signs.has(entry.action) && <span className="font-normal text-muted">{entityWords(entry.entity_type)} </span>}
        {label !== null && (entry.entity_id ? <RecordLink record={{ entity_type: entry.entity_type, entity_id: entry.entity_id, label }} /> : <span>{label}</span>)}
      </p>
      {lines.length > 0 && (
        <p className="text-sm font-normal break-words text-muted" title={entry.request_id ? `Request ${entry.request_id}` : undefined}>
          {lines.map(([name, value]) => `${name}: ${value}`).join(' · ')}
        </p>
      )}
    </>
  )
}

/** What a person does to their own account, which needs no naming. */
const signs = new Set(['login', 'login_failed', 'logout', 'change_password'])
