import { parseCents } from '@/format/money'

/** How much of a budget is spent, in percent; null without a budget. */
export function spentPercent(spent: string | null, budget: string | null): number | null {
  const [of, part] = [parseCents(budget), parseCents(spent)]
  if (!of || of <= 0 || part === null) return null
  return Math.round((part / of) * 100)
}

/** A budget as a ring that fills as it is spent; red when it is overspent. The figure stands in it. */
export function BudgetRing({ spent, budget, size = 44 }: { spent: string | null; budget: string | null; size?: number }) {
  const percent = spentPercent(spent, budget)
  if (percent === null) return null
  const radius = 18
  const around = 2 * Math.PI * radius
  const tone = percent > 100 ? 'text-bad' : percent > 85 ? 'text-warn' : 'text-accent'
  return (
    <span className="relative inline-grid shrink-0 place-items-center" style={{ width: size, height: size }}>
      <svg viewBox="0 0 44 44" aria-hidden className={`absolute inset-0 -rotate-90 ${tone}`}>
        <circle cx="22" cy="22" r={radius} fill="none" stroke="var(--line)" strokeWidth="4" />
        <circle cx="22" cy="22" r={radius} fill="none" stroke="currentColor" strokeWidth="4" strokeLinecap="round" strokeDasharray={`${(Math.min(percent, 100) / 100) * around} ${around}`} />
      </svg>
      <span className="num text-[0.6875rem] font-semibold">
        {percent > 999 ? '>999' : percent}
        <span aria-hidden>%</span>
        <span className="sr-only"> percent of the budget spent</span>
      </span>
    </span>
  )
}
