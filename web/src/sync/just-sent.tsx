import { useQueries } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { formatMoney } from '@/format/money'
import { SyncBadge } from './badge'
import { pollMs, useStreamUp } from './live'
import { documentKeys } from './queries'
import { syncStatusOf } from './retry'
import { useSubmitted } from './submitted'

/** What this person just created, so that it can be followed from the page where the work goes on. */
export function JustSent() {
  const submitted = useSubmitted().slice(0, 4)
  const up = useStreamUp()
  const states = useQueries({
    queries: submitted.map((document) => ({
      queryKey: [...documentKeys[document.kind], 'sync-status', document.id],
      queryFn: () => syncStatusOf(document),
      refetchInterval: (query: { state: { data?: { sync_status: string | null } } }) => (query.state.data?.sync_status === 'pending' ? pollMs(up) : false),
    })),
  })
  if (submitted.length === 0) return null
  return (
    <section aria-label="Just sent" className="card divide-y divide-line" aria-live="polite">
      {submitted.map((document, i) => (
        <Link
          key={document.id}
          to={document.kind === 'invoice' ? '/financials/invoices/$id' : '/financials/purchase-orders/$id'}
          params={{ id: document.id }}
          className="flex min-h-12 flex-wrap items-center gap-x-4 px-4 py-2 hover:bg-raised"
        >
          <span className="font-mono font-medium text-accent">{document.number}</span>
          <span className="min-w-0 flex-1 truncate">{document.party}</span>
          <span className="num font-semibold">{formatMoney(document.amount)}</span>
          <SyncBadge id={document.id} sync_status={states[i]?.data?.sync_status ?? 'pending'} phase={states[i]?.data?.phase ?? null} />
        </Link>
      ))}
    </section>
  )
}
