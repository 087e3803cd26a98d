import { describe, expect, it, vi } from 'vitest'
import type { Phase, SyncStatus } from '@/api/types'
import { causeOf, syncLabel, whoMustAct } from './status'
import { isJustSubmitted, type Submitted } from './submitted'

describe('the badge', () => {
  it.each<[SyncStatus | null, Phase | null, boolean, string | null]>([
    ['pending', 'queued', false, 'Pending Sync'],
    ['pending', 'waiting', false, 'Pending Sync'],
    ['pending', null, false, 'Pending Sync'],
    ['pending', 'sending', false, 'Syncing…'],
    ['pending', 'checking', false, 'Syncing…'],
    // From the click until something is heard.
    ['pending', 'queued', true, 'Syncing…'],
    ['pending', null, true, 'Syncing…'],
    // Something was heard: it waits.
    ['pending', 'waiting', true, 'Pending Sync'],
    ['synced', 'synced', true, 'Synced'],
    ['failed', 'failed', true, 'Sync Failed'],
    [null, null, true, null],
  ])('%s, %s, just submitted %s: %s', (status, phase, submitted, label) => {
    expect(syncLabel(status, phase, submitted)).toBe(label)
  })
})

describe('just submitted', () => {
  const document: Submitted = { kind: 'invoice', id: 'a', number: 'INV-1', party: '', amount: '1.00', until: 1000, answered: false }
  it('ends with the first answer and with patience', () => {
    expect(isJustSubmitted([document], 'a', 999)).toBe(true)
    expect(isJustSubmitted([document], 'a', 1000)).toBe(false)
    expect(isJustSubmitted([{ ...document, answered: true }], 'a', 999)).toBe(false)
    expect(isJustSubmitted([document], 'b', 999)).toBe(false)
  })
  it('takes a place in the queue for no answer', async () => {
    vi.useFakeTimers()
    const { markSubmitted, noteAnswer } = await import('./submitted')
    markSubmitted({ kind: 'invoice', id: 'x', number: 'INV-2', party: 'Someone', amount: '2.00' })
    expect(noteAnswer({ entity_id: 'x', phase: 'queued' })?.answered).toBe(false)
    expect(noteAnswer({ entity_id: 'x', phase: 'waiting' })?.answered).toBe(false)
    // Told once: from now on it counts as answered.
    expect(noteAnswer({ entity_id: 'x', phase: 'waiting' })?.answered).toBe(true)
    vi.useRealTimers()
  })
})

describe('causes', () => {
  it('are the same for all documents refused for one reason', () => {
    expect(causeOf('Invoice INV-7 uses account 999, which is not in Xero.', 'INV-7')).toBe(causeOf('Invoice INV-8 uses account 999, which is not in Xero.', 'INV-8'))
  })
  it('are never empty', () => expect(causeOf(null, 'INV-7')).toBe('No reason was given'))
  it('say who must act only when somebody must', () => {
    expect(whoMustAct('nobody')).toBeNull()
    expect(whoMustAct('accountant')).toContain('accountant')
  })
})
