import type { PurchaseOrderLine } from '@/api/types'
import { parseTenThousandths, unitsToText } from '@/format/money'

/** How much of a line is on no bill yet, in ten-thousandths. */
export const openUnits = (line: Pick<PurchaseOrderLine, 'quantity' | 'billed_quantity'>): number =>
  Math.max(0, (parseTenThousandths(line.quantity) ?? 0) - (parseTenThousandths(line.billed_quantity) ?? 0))

/** The same as text: "2.5". */
export const openQuantity = (line: Pick<PurchaseOrderLine, 'quantity' | 'billed_quantity'>): string => unitsToText(openUnits(line), 4).replace(/\.?0+$/, '')

/** What is wrong with a quantity that is to be billed of a line; undefined while nothing is. Empty and 0 leave the line out. */
export function billFault(typed: string, line: Pick<PurchaseOrderLine, 'quantity' | 'billed_quantity'>): string | undefined {
  if (typed.trim() === '') return undefined
  const units = parseTenThousandths(typed)
  if (units === null) return 'Not a number'
  if (units < 0) return 'Less than nothing'
  return units > openUnits(line) ? `Only ${openQuantity(line)} is left` : undefined
}
