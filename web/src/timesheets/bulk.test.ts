import { describe, expect, it } from 'vitest'
import type { Timesheet } from '@/api/types'
import type { EntryAction } from '@/api/work'
import { pieces, planOf } from './bulk'

const entry = (id: string, change: Partial<Timesheet> = {}) =>
  ({ id, hours: '2.00', amount: '190.00', billing_status: 'unbilled', approved_at: null, hold_reason: null, ...change }) as Timesheet

describe('the plan of a bulk action', () => {
  const entries = [entry('a'), entry('b', { approved_at: '2026-11-23T00:00:00Z' }), entry('c', { billing_status: 'billed' }), entry('d', { hold_reason: 'Disputed' }), entry('e', { billing_status: 'paid' })]
  it('says what will be changed, and how much is left out and why', () => {
    const ids = (action: EntryAction) => planOf(action, entries).entries.map(({ id }) => id)
    expect(planOf('approve', entries)).toEqual({
      entries: [entries[0], entries[3]], hours: ['2.00', '2.00'], amounts: ['190.00', '190.00'],
      left: [{ why: 'approved already', count: 1 }, { why: 'billed already', count: 2 }],
    })
    expect(ids('unapprove')).toEqual(['b'])
    expect(ids('hold')).toEqual(['a', 'b'])
    expect(ids('release-hold')).toEqual(['d'])
  })
  it('is carried out in pieces that lose nothing', () => {
    expect(pieces([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]])
    expect(pieces([], 2)).toEqual([])
  })
})
