/** A change in percent as one says it: "12.5 % more". */
export function trendWords(percent: number): string {
  if (percent === 0) return 'as last month'
  return `${Math.abs(percent)}% ${percent > 0 ? 'more' : 'less'} than last month`
}

const monthFormat = new Intl.DateTimeFormat('en-NZ', { month: 'short', timeZone: 'UTC' })
/** "2026-11" as "Nov" */
export const monthName = (month: string): string => monthFormat.format(new Date(`${month}-01T00:00:00Z`))

/** 12500 as "12.5k", for an axis. */
export const short = (value: number): string => (Math.abs(value) >= 1000 ? `${Math.round(value / 100) / 10}k` : String(value))
