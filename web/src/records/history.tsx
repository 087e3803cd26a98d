import { useInfiniteQuery } from '@tanstack/react-query'
import { getAuditEntries } from '@/api/records'
import { useUser } from '@/api/session'
import { formatInstant } from '@/format/calendar'
import { Button } from '@/ui/button'
import { Disclosure } from '@/ui/disclosure'
import { Failure, Skeleton } from '@/ui/states'
import { actionWords, detailLines } from './audit'
import { capital } from './kinds'

/** Who changed a record, when and how; for administrators, who alone may read the audit log. */
export function History({ entityType, id }: { entityType: string; id: string }) {
  if (useUser().role !== 'admin') return null
  return <Disclosure title="History">{() => <Entries entityType={entityType} id={id} />}</Disclosure>
}

const size = 50

function Entries({ entityType, id }: { entityType: string; id: string }) {
  const entries = useInfiniteQuery({
    queryKey: ['audit', entityType, id],
    queryFn: ({ pageParam, signal }) => getAuditEntries({ entity_type: entityType, entity_id: id, limit: size, offset: pageParam }, signal),
    initialPageParam: 0,
    getNextPageParam: (last, all) => (all.length * size < last.total ? all.length * size : undefined),
  })
  if (entries.isPending)
    return (
      <div className="p-4">
        <Skeleton rows={2} height="h-10" />
      </div>
    )
  if (entries.isError) return <Failure error={entries.error} onRetry={() => void entries.refetch()} />
  const rows = entries.data.pages.flatMap((page) => page.logs)
  if (rows.length === 0) return <p className="p-4 text-muted">Nothing was written down about it yet.</p>
  return (
    <>
      <ol className="divide-y divide-line" aria-label="History, newest first">
        {rows.map((entry) => (
          <li key={entry.id} className="grid gap-x-4 px-4 py-2.5 sm:grid-cols-[11rem_minmax(0,1fr)]">
            <time dateTime={entry.created_at} className="num text-sm text-muted">
              {formatInstant(entry.created_at)}
            </time>
            <div className="min-w-0">
              <p>
                <span className="font-medium">{capital(actionWords(entry.action))}</span> by {entry.actor}
              </p>
              <p className="text-sm break-words text-muted">
                {detailLines(entry.details)
                  .map(([name, value]) => `${name}: ${value}`)
                  .join(' · ')}
              </p>
            </div>
          </li>
        ))}
      </ol>
      {entries.hasNextPage && (
        <div className="p-3">
          <Button busy={entries.isFetchingNextPage} onClick={() => void entries.fetchNextPage()}>
            Show more
          </Button>
        </div>
      )}
    </>
  )
}
