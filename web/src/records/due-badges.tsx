import type { Payable } from './due'
import { daysOverdue, dueStatuses } from './due'
import { StatusBadge } from './status'
import { Badge } from '@/ui/states'
import { Clock } from 'lucide-react'

/** The status of an invoice or a bill, whether it is paid, and how late it is. */
export function DueBadges({ document }: { document: Payable }) {
  const late = daysOverdue(document)
  const statuses = dueStatuses(document).filter((status) => status !== 'OVERDUE')
  return (
    <span className="inline-flex flex-wrap gap-1.5">
      {(statuses.length > 0 ? statuses : [document.status]).map((status) => (
        <StatusBadge key={status} status={status} />
      ))}
      {late > 0 && (
        <Badge tone="bad" icon={<Clock aria-hidden className="size-3.5" />}>
          Overdue {late} {late === 1 ? 'day' : 'days'}
        </Badge>
      )}
    </span>
  )
}
