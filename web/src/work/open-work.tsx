import { useInfiniteQuery } from '@tanstack/react-query'
import { getOpenWork } from '@/api/work'
import { fromSlices } from '@/records/rows'
import { Button } from '@/ui/button'
import { Failure, Skeleton } from '@/ui/states'
import { Entries } from './entries'
import { ReasonBadge } from './reasons'

/** The entries of a client or project that are not billed, oldest first, each with why. */
export function OpenWork({ of, id, reason, without }: { of: 'clients' | 'projects'; id: string; reason?: string; without?: ('project' | 'client')[] }) {
  const open = fromSlices(
    useInfiniteQuery({
      queryKey: ['timesheets', 'open', of, id, reason ?? ''],
      queryFn: ({ pageParam, signal }) => getOpenWork(of, id, reason, signal, pageParam),
      initialPageParam: undefined as string | undefined,
      getNextPageParam: (slice) => slice.next ?? undefined,
    }),
  )
  if (open.error) return <Failure error={open.error} onRetry={open.retry} />
  if (!open.rows) return <Skeleton rows={3} />
  if (open.rows.length === 0) return <p className="rounded-card border border-dashed border-edge px-4 py-3 text-muted">Nothing is unbilled here.</p>
  return (
    <>
      <Entries
        label="Unbilled entries"
        rows={open.rows}
        without={without}
        money
        under={(row) =>
          row.reasons[0] && (
            <span className="flex flex-wrap items-center gap-2 text-sm font-normal text-muted">
              <ReasonBadge code={row.reasons[0].code} />
            </span>
          )
        }
      />
      {open.more && (
        <Button className="self-center" busy={open.more.busy} onClick={open.more.load}>
          Show more
        </Button>
      )}
    </>
  )
}
