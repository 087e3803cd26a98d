import { describe, expect, it } from 'vitest'
import { urgency } from './burn'

describe('how long a budget lasts', () => {
  it.each([
    [null, null],
    ['2026-11-24', 'bad'],
    ['2026-11-01', 'bad'],
    ['2026-12-22', 'warn'],
    ['2026-12-23', 'neutral'],
  ])('until %s is %s', (day, tone) => expect(urgency(day, '2026-11-24')?.tone ?? null).toBe(tone))
})
