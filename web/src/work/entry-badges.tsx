import { useQuery } from '@tanstack/react-query'
import { CircleCheck, CircleHelp, CircleSlash, Hand, Lock } from 'lucide-react'
import { Popover } from 'radix-ui'
import { getWhy } from '@/api/work'
import type { Timesheet } from '@/api/types'
import { usePortalHost } from '@/ui/portal-host'
import { Badge, Failure, Spinner } from '@/ui/states'
import { AppLink } from './link'
import { ReasonText } from './reasons'

export const isBilled = (entry: Timesheet) => entry.billing_status !== 'unbilled'

/** Where an entry stands on its way to an invoice: billed, approved, on hold, not billable; and why it is unbilled. */
export function EntryBadges({ entry, why = true }: { entry: Timesheet; why?: boolean }) {
  const billed = isBilled(entry)
  return (
    <span className="inline-flex flex-wrap items-center gap-1.5">
      {billed &&
        (entry.invoice_id ? (
          <AppLink to={`/financials/invoices/${entry.invoice_id}`} className="relative z-10 rounded-full">
            <Badge tone={entry.billing_status === 'paid' ? 'good' : 'accent'} icon={<Lock aria-hidden className="size-3.5" />}>
              {entry.billing_status === 'paid' ? 'Paid' : 'Billed'}
              {entry.invoice_number && ` · ${entry.invoice_number}`}
            </Badge>
          </AppLink>
        ) : (
          <Badge tone={entry.billing_status === 'paid' ? 'good' : 'accent'} icon={<Lock aria-hidden className="size-3.5" />}>
            {entry.billing_status === 'paid' ? 'Paid' : 'Billed'}
          </Badge>
        ))}
      {!entry.billable && (
        <Badge icon={<CircleSlash aria-hidden className="size-3.5" />}>Not billable</Badge>
      )}
      {entry.hold_reason !== null && (
        <Badge tone="warn" icon={<Hand aria-hidden className="size-3.5" />}>
          On hold
        </Badge>
      )}
      {entry.approved_at !== null && !billed && (
        <Badge tone="good" icon={<CircleCheck aria-hidden className="size-3.5" />}>
          Approved
        </Badge>
      )}
      {why && !billed && <WhyUnbilled id={entry.id} />}
    </span>
  )
}

/** A button that says why an entry is unbilled, and what would change it. */
export function WhyUnbilled({ id }: { id: string }) {
  const { ref, host } = usePortalHost()
  return (
    <Popover.Root>
      <Popover.Trigger ref={ref} className="relative z-10 inline-flex min-h-8 items-center gap-1 rounded-full px-1.5 text-sm text-muted hover:bg-raised hover:text-ink" aria-label="Why is this unbilled?">
        <CircleHelp aria-hidden className="size-4" />
        Why?
      </Popover.Trigger>
      <Popover.Portal container={host}>
        <Popover.Content align="start" sideOffset={4} collisionPadding={12} aria-label="Why is this unbilled?" className="z-40 w-[min(22rem,calc(100vw-1.5rem))] rounded-xl border border-line bg-surface p-4 shadow-xl">
          <Answer id={id} />
          <Popover.Arrow className="fill-line" />
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  )
}

function Answer({ id }: { id: string }) {
  const why = useQuery({ queryKey: ['timesheets', 'why', id], queryFn: () => getWhy(id), staleTime: 0 })
  if (why.isPending) return <Spinner className="size-5 text-accent" />
  if (why.isError) return <Failure error={why.error} onRetry={() => void why.refetch()} />
  if (why.data.reasons.length === 0) return <p>It is billed.</p>
  return (
    <ul className="flex flex-col gap-4">
      {why.data.reasons.map((reason) => (
        <li key={reason.code}>
          <ReasonText reason={reason} />
        </li>
      ))}
    </ul>
  )
}
