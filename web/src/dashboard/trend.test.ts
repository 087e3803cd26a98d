import { describe, expect, it } from 'vitest'
import { monthName, short, trendWords } from './trend'

describe('the figures of the dashboard', () => {
  it.each([[0, 'as last month'], [12.5, '12.5% more than last month'], [-3, '3% less than last month']])('say %d percent as %s', (percent, words) => expect(trendWords(percent)).toBe(words))
  it('name months, whatever the zone of the device', () => expect(['2026-01', '2026-12'].map(monthName)).toEqual(['Jan', 'Dec']))
  it('are short on an axis', () => expect([0, 950, 12_500, 40_000].map(short)).toEqual(['0', '950', '12.5k', '40k']))
})
