import type { Instant } from '@/api/types'
import type { Day } from '@/format/calendar'
import { today } from '@/format/calendar'

const keptDays = 30

/** The day from which a deleted record can be removed for good; null when it can be now. */
export function removableFrom(deletedAt: Instant, now: number = Date.now()): Day | null {
  const from = new Date(deletedAt).getTime() + keptDays * 86_400_000
  return from <= now ? null : today(new Date(from))
}
