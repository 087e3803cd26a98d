/**
 * A calendar day, "2026-11-23". It has no zone: a tech's Monday is Monday wherever the server
 * stands. A day is therefore never made with Date.toISOString, which would answer yesterday for
 * a New Zealand morning.
 */
export type Day = string

const pad = (n: number) => String(n).padStart(2, '0')

/** The calendar day that the clock of this device shows. */
export function today(now: Date = new Date()): Day {
  return `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`
}

/** Whether the text is a day that exists: "2026-02-30" is not. */
export function isDay(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false
  return fromNumber(toNumber(text)) === text
}

// Days are counted in UTC, where each has 24 hours; daylight saving plays no part.
const toNumber = (day: Day): number => {
  const [y = 0, m = 1, d = 1] = day.slice(0, 10).split('-').map(Number)
  return Date.UTC(y, m - 1, d) / 86_400_000
}

const fromNumber = (n: number): Day => {
  const date = new Date(n * 86_400_000)
  return `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`
}

export const addDays = (day: Day, days: number): Day => fromNumber(toNumber(day) + days)

/** How many days later `to` is than `from`; negative when it is earlier. */
export const daysBetween = (from: Day, to: Day): number => toNumber(to) - toNumber(from)

/** The Monday of the week that the day is in. */
export function mondayOf(day: Day): Day {
  const n = toNumber(day)
  // 1 January 1970 was a Thursday, the fourth day of a week that starts on Monday.
  return fromNumber(n - ((((n + 3) % 7) + 7) % 7))
}

export const firstOfMonth = (day: Day): Day => `${day.slice(0, 8)}01`

/** The seven days of the week that starts on the given Monday. */
export const weekDays = (monday: Day): Day[] => Array.from({ length: 7 }, (_, i) => addDays(monday, i))

const formatter = (options: Intl.DateTimeFormatOptions) => {
  const format = new Intl.DateTimeFormat('en-NZ', { ...options, timeZone: 'UTC' })
  return (day: Day | null | undefined): string =>
    day ? format.format(new Date(toNumber(day) * 86_400_000)) : ''
}

/** "23 Nov 2026" */
export const formatDay = formatter({ day: 'numeric', month: 'short', year: 'numeric' })
/** "Mon 23 Nov" */
export const formatWeekday = formatter({ weekday: 'short', day: 'numeric', month: 'short' })
/** "23 Nov" */
export const formatShortDay = formatter({ day: 'numeric', month: 'short' })

const timeFormat = new Intl.DateTimeFormat('en-NZ', {
  day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit', second: '2-digit',
})
/** An instant, as the clock of this device shows it: "23 Nov, 6:24:48 pm". */
export const formatInstant = (instant: string | null | undefined): string =>
  instant ? timeFormat.format(new Date(instant)) : ''

const minute: Intl.DateTimeFormatOptions = { day: 'numeric', month: 'short', hour: 'numeric', minute: '2-digit' }
const minuteFormat = new Intl.DateTimeFormat('en-NZ', minute)
const yearFormat = new Intl.DateTimeFormat('en-NZ', { ...minute, year: 'numeric' })
/** An instant whose seconds nobody asks for: "23 Nov, 6:24 pm"; of another year than this one "23 Nov 2025, 6:24 pm". */
export function formatMinute(instant: string | null | undefined, now = new Date()): string {
  if (!instant) return ''
  const at = new Date(instant)
  return (at.getFullYear() === now.getFullYear() ? minuteFormat : yearFormat).format(at)
}

/** How long ago or ahead an instant is, in the largest unit that fits: "3 minutes ago". */
export function formatAgo(instant: string, now: number = Date.now()): string {
  const seconds = Math.round((new Date(instant).getTime() - now) / 1000)
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
  const size = Math.abs(seconds)
  if (size < 60) return format.format(seconds, 'second')
  if (size < 3600) return format.format(Math.round(seconds / 60), 'minute')
  if (size < 86_400) return format.format(Math.round(seconds / 3600), 'hour')
  return format.format(Math.round(seconds / 86_400), 'day')
}

/** What is left until an instant: "00:41", "1:02:05"; "00:00" when it has passed. */
export function formatCountdown(until: string, now: number): string {
  const left = Math.max(0, Math.ceil((new Date(until).getTime() - now) / 1000))
  const h = Math.floor(left / 3600)
  const rest = `${pad(Math.floor(left / 60) % 60)}:${pad(left % 60)}`
  return h > 0 ? `${h}:${rest}` : rest
}
