import type { CostCenterCosts } from '@/api/work'
import { daysBetween, formatDay, today } from '@/format/calendar'
import { formatMoney, parseCents } from '@/format/money'
import type { Tone } from '@/ui/states'
import { Badge } from '@/ui/states'

/** How urgent it is that a budget ends on a day; null when it cannot be told. */
export function urgency(exhausted: string | null, now: string): { tone: Tone; words: string } | null {
  if (exhausted === null) return null
  const left = daysBetween(now, exhausted)
  if (left <= 0) return { tone: 'bad', words: 'Used up' }
  if (left <= 28) return { tone: 'warn', words: `Ends ${formatDay(exhausted)}` }
  return { tone: 'neutral', words: `Lasts until ${formatDay(exhausted)}` }
}

export function Exhaustion({ costs }: { costs: Pick<CostCenterCosts, 'projected_exhaustion_date'> }) {
  const told = urgency(costs.projected_exhaustion_date, today())
  return told && <Badge tone={told.tone}>{told.words}</Badge>
}

/** A budget as a bar: what is spent, what is ordered, what is left. */
export function BudgetBar({ costs }: { costs: CostCenterCosts }) {
  const budget = parseCents(costs.budget) ?? 0
  if (budget <= 0) return <span className="text-sm text-muted">No budget</span>
  const spent = parseCents(costs.spent_to_date) ?? 0
  const percent = Math.round((spent / budget) * 100)
  return (
    <span className="flex min-w-28 flex-col gap-1">
      <span aria-hidden className="flex h-2 overflow-hidden rounded-full bg-raised">
        <span className={percent > 100 ? 'bg-bad' : percent > 85 ? 'bg-[#c99312]' : 'bg-accent-fill'} style={{ width: `${Math.min(100, percent)}%` }} />
      </span>
      <span className="num text-xs text-muted">
        {percent}% of {formatMoney(costs.budget)}
      </span>
    </span>
  )
}
