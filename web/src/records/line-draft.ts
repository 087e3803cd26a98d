import { newId } from '@/api/ids'
import { lineCents, parseTenThousandths } from '@/format/money'

/** A line of a document while it is being typed. */
export interface LineDraft {
  key: string
  /** Its id on the server, when it is there already. */
  id?: string
  description: string
  quantity: string
  unit_price: string
  account_code: string
  cost_center_id: string
  item_id: string
  /** Hours and rate come from timesheets; only the description is free. */
  locked?: boolean
}

export const emptyLine = (): LineDraft => ({ key: newId(), description: '', quantity: '1', unit_price: '', account_code: '', cost_center_id: '', item_id: '' })

/** The tax in percent, in ten-thousandths, that an account charges; '' is the account of the settings. Null while it is not known. */
export type TaxOf = (accountCode: string) => number | null

export interface DraftTotals {
  subtotal: number
  /** Null while a rate is not known. */
  tax: number | null
}

/** A share of an amount in cents, half a cent away from zero: the tax of a line, as the server and Xero round it. */
export function taxCents(amount: number, rate: number): number {
  const product = BigInt(amount) * BigInt(rate)
  const size = product < 0n ? -product : product
  const cents = Number((size + 500_000n) / 1_000_000n)
  return product < 0n ? -cents : cents
}

/** What a line comes to in cents before tax; null while it is not complete. */
export function draftCents(line: Pick<LineDraft, 'quantity' | 'unit_price'>): number | null {
  const quantity = parseTenThousandths(line.quantity)
  const price = parseTenThousandths(line.unit_price)
  return quantity === null || price === null ? null : lineCents(quantity, price)
}

/** What the lines come to, tax line by line; null while one is not complete. A quantity of zero or less is not. */
export function draftTotals(lines: readonly LineDraft[], taxOf: TaxOf): DraftTotals | null {
  let subtotal = 0
  let tax: number | null = 0
  for (const line of lines) {
    const cents = draftCents(line)
    if (cents === null || (parseTenThousandths(line.quantity) ?? 0) <= 0 || line.description.trim() === '') return null
    subtotal += cents
    const rate = taxOf(line.account_code)
    tax = rate === null || tax === null ? null : tax + taxCents(cents, rate)
  }
  return lines.length > 0 ? { subtotal, tax } : null
}

/** The lines as quotes, invoices and credit notes send them. */
export const toSaleLines = (lines: readonly LineDraft[]) =>
  lines.map((line) => ({
    description: line.description.trim(),
    quantity: line.quantity,
    unit_price: line.unit_price,
    account_code: line.account_code || undefined,
    item_id: line.item_id || undefined,
  }))

/** The lines as purchase orders and bills send them. */
export const toPurchaseLines = (lines: readonly LineDraft[]) =>
  lines.map((line) => ({
    description: line.description.trim(),
    quantity: line.quantity,
    unit_amount: line.unit_price,
    account_code: line.account_code || undefined,
    cost_center_id: line.cost_center_id || undefined,
    item_id: line.item_id || undefined,
  }))
