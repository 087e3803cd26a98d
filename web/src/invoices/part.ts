import type { Timesheet } from '@/api/types'
import { formatQuantity, parseTenThousandths } from '@/format/money'

/** What is wrong with the part of an entry's hours that is to be billed; undefined while nothing is. */
export function partFault(typed: string | undefined, entry: Pick<Timesheet, 'hours'>): string | undefined {
  if (typed === undefined) return undefined
  const units = parseTenThousandths(typed)
  if (units === null) return 'Not a number'
  if (units <= 0) return 'More than 0'
  return units > (parseTenThousandths(entry.hours) ?? 0) ? `At most ${formatQuantity(entry.hours)}` : undefined
}
