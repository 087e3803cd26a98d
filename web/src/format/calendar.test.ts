import { describe, expect, it } from 'vitest'
import { addDays, daysBetween, firstOfMonth, formatAgo, formatCountdown, formatDay, formatMinute, formatWeekday, isDay, mondayOf, today, weekDays } from './calendar'

// These tests run in New Zealand's zone (vite.config.ts), half a day ahead of UTC.

describe('today', () => {
  it('is the day on the wall, not the day in Greenwich', () => {
    const mondayMorning = new Date(2026, 10, 23, 8, 30)
    expect(mondayMorning.toISOString()).toBe('2026-11-22T19:30:00.000Z')
    expect(today(mondayMorning)).toBe('2026-11-23')
  })
})

describe('counting days', () => {
  it('crosses months, years and leap days', () => {
    expect(addDays('2026-12-31', 1)).toBe('2027-01-01')
    expect(addDays('2028-02-28', 1)).toBe('2028-02-29')
    expect(addDays('2026-03-01', -1)).toBe('2026-02-28')
  })
  it('is not shaken by daylight saving', () => {
    // New Zealand's clocks go forward on 27 September 2026 and back on 5 April 2026.
    expect(addDays('2026-09-26', 2)).toBe('2026-09-28')
    expect(addDays('2026-04-04', 2)).toBe('2026-04-06')
    expect(daysBetween('2026-09-26', '2026-09-28')).toBe(2)
  })
})

describe('weeks', () => {
  it('start on Monday', () => {
    expect(mondayOf('2026-11-23')).toBe('2026-11-23')
    expect(mondayOf('2026-11-29')).toBe('2026-11-23')
    expect(mondayOf('2026-11-22')).toBe('2026-11-16')
    expect(mondayOf('1969-12-31')).toBe('1969-12-29')
    expect(weekDays('2026-11-30')).toEqual(['2026-11-30', '2026-12-01', '2026-12-02', '2026-12-03', '2026-12-04', '2026-12-05', '2026-12-06'])
  })
  it('and months on the first', () => expect(firstOfMonth('2026-11-23')).toBe('2026-11-01'))
})

describe('what is a day', () => {
  it.each(['2026-11-23', '2028-02-29'])('%s is', (text) => expect(isDay(text)).toBe(true))
  it.each(['2026-02-29', '2026-13-01', '2026-1-1', '', '2026-11-23T00:00:00Z'])('%s is not', (text) => expect(isDay(text)).toBe(false))
})

describe('showing', () => {
  it('shows the same day in every zone', () => {
    expect(formatDay('2026-11-23')).toBe('23 Nov 2026')
    expect(formatWeekday('2026-11-23')).toBe('Mon, 23 Nov')
    expect(formatDay(null)).toBe('')
  })
  it('counts down to zero and not below', () => {
    const now = Date.UTC(2026, 10, 23)
    const at = (ms: number) => new Date(now + ms).toISOString()
    expect(formatCountdown(at(41_000), now)).toBe('00:41')
    expect(formatCountdown(at(3_725_000), now)).toBe('1:02:05')
    expect(formatCountdown(at(-5_000), now)).toBe('00:00')
  })
  it('says how long ago', () => {
    const now = Date.UTC(2026, 10, 23)
    expect(formatAgo(new Date(now - 180_000).toISOString(), now)).toBe('3 minutes ago')
    expect(formatAgo(new Date(now - 86_400_000).toISOString(), now)).toBe('yesterday')
  })
  it('names the year of another year only', () => {
    const now = new Date(2026, 0, 1, 12)
    expect(formatMinute('2026-11-23T05:24:48Z', now)).toBe('23 Nov, 6:24 pm')
    expect(formatMinute('2025-12-31T10:59:00Z', now)).toBe('31 Dec 2025, 11:59 pm')
    expect(formatMinute('2025-12-31T11:00:00Z', now)).toBe('1 Jan, 12:00 am')
    expect(formatMinute(null)).toBe('')
  })
})
