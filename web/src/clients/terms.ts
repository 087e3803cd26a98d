import type { PaymentTermsType } from '@/api/types'

/** When an invoice falls due, in Xero's words and in plain ones. */
export const terms: { value: PaymentTermsType; words: string }[] = [
  { value: 'OFFOLLOWINGMONTH', words: 'on this day of the following month' },
  { value: 'OFCURRENTMONTH', words: 'on this day of the same month' },
  { value: 'DAYSAFTERBILLDATE', words: 'days after the invoice date' },
  { value: 'DAYSAFTERBILLMONTH', words: 'days after the end of the invoice month' },
]

/** When an invoice falls due, as one says it: "Day 20 of the following month". */
export function termsWords(type: PaymentTermsType, day: number): string {
  switch (type) {
    case 'OFFOLLOWINGMONTH':
      return `Day ${day} of the following month`
    case 'OFCURRENTMONTH':
      return `Day ${day} of the same month`
    case 'DAYSAFTERBILLDATE':
      return `${day} days after the invoice date`
    case 'DAYSAFTERBILLMONTH':
      return `${day} days after the end of the invoice month`
  }
}
