/**
 * Money and quantities come as decimal text ("1150.00") and are counted here in whole units:
 * money in cents, quantities and unit prices in ten-thousandths. No amount passes through a
 * binary fraction.
 */

/** Reads decimal text as a whole number of units of 10^-digits; null when it is not a number that fits exactly. */
export function parseUnits(text: string | number | null | undefined, digits: number): number | null {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(String(text ?? '').replaceAll(/[\s,$]/g, ''))
  if (!match) return null
  const [, sign, whole = '', fraction = ''] = match
  if (whole + fraction === '') return null
  const kept = fraction.replace(/0+$/, '')
  if (kept.length > digits) return null
  const units = Number(whole + kept.padEnd(digits, '0'))
  if (!Number.isSafeInteger(units)) return null
  return sign === '-' && units !== 0 ? -units : units
}

export const parseCents = (text: string | number | null | undefined): number | null => parseUnits(text, 2)

/** Quantities and unit prices. */
export const parseTenThousandths = (text: string | number | null | undefined): number | null => parseUnits(text, 4)

/** Units of 10^-digits as decimal text. */
export function unitsToText(units: number, digits: number): string {
  const all = String(Math.abs(units)).padStart(digits + 1, '0')
  return `${units < 0 ? '-' : ''}${all.slice(0, -digits)}.${all.slice(-digits)}`
}

/** Cents as decimal text: 115000 is "1150.00". */
export const centsToText = (cents: number): string => unitsToText(cents, 2)

/** The amount of a line in cents: quantity times unit price, half a cent away from zero, as Xero rounds. */
export function lineCents(quantity: number, unitPrice: number): number {
  const product = BigInt(quantity) * BigInt(unitPrice)
  const size = product < 0n ? -product : product
  const cents = Number((size + 500_000n) / 1_000_000n)
  return product < 0n ? -cents : cents
}

/** Adds decimal amounts exactly; an amount that cannot be read is an error, never a zero. */
export function sumMoney(amounts: (string | number)[]): string {
  let cents = 0
  for (const amount of amounts) {
    const read = parseCents(amount)
    if (read === null) throw new RangeError(`"${amount}" is not an amount of money.`)
    cents += read
  }
  return centsToText(cents)
}

const currencyFormats = new Map<string, Intl.NumberFormat>()

/** "$1,150.00", from the decimal text itself. */
export function formatMoney(amount: string | number | null | undefined, currency = 'NZD'): string {
  if (amount === null || amount === undefined || amount === '') return '–'
  let format = currencyFormats.get(currency)
  if (!format) {
    format = new Intl.NumberFormat('en-NZ', { style: 'currency', currency, currencyDisplay: 'narrowSymbol' })
    currencyFormats.set(currency, format)
  }
  return format.format(amount as Intl.StringNumericLiteral)
}

/** Hours and quantities without needless zeros: "7.50" is "7.5". */
export function formatQuantity(quantity: string | number | null | undefined): string {
  const units = parseTenThousandths(quantity)
  if (units === null) return '–'
  return unitsToText(units, 4).replace(/\.?0+$/, '')
}

/** Adds hours exactly and answers as formatQuantity does. */
export function sumHours(hours: (string | number)[]): string {
  return formatQuantity(unitsToText(hours.reduce<number>((sum, h) => sum + (parseTenThousandths(h) ?? 0), 0), 4))
}
