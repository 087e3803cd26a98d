import type { Timesheet } from '@/api/types'
import type { EntryAction } from '@/api/work'

export const actionWords: Record<EntryAction, { verb: string; title: string; done: string }> = {
  approve: { verb: 'Approve', title: 'Approve for invoicing', done: 'approved' },
  unapprove: { verb: 'Send back', title: 'Take approvals back', done: 'sent back' },
  hold: { verb: 'Put on hold', title: 'Keep off invoices', done: 'put on hold' },
  'release-hold': { verb: 'Release', title: 'Release holds', done: 'released' },
}

/** Why an action does not touch an entry; null when it does. */
export function leftOut(action: EntryAction, entry: Pick<Timesheet, 'billing_status' | 'approved_at' | 'hold_reason'>): string | null {
  if (entry.billing_status !== 'unbilled') return 'billed already'
  switch (action) {
    case 'approve':
      return entry.approved_at ? 'approved already' : null
    case 'unapprove':
      return entry.approved_at ? null : 'not approved'
    case 'hold':
      return entry.hold_reason === null ? null : 'on hold already'
    case 'release-hold':
      return entry.hold_reason === null ? 'not on hold' : null
  }
}

export interface Plan {
  /** What will be changed. */
  entries: Timesheet[]
  hours: string[]
  amounts: string[]
  /** How many are left out for each reason. */
  left: { why: string; count: number }[]
}

/** What an action will do to entries, before it is done. */
export function planOf(action: EntryAction, entries: Timesheet[]): Plan {
  const plan: Plan = { entries: [], hours: [], amounts: [], left: [] }
  for (const entry of entries) {
    const why = leftOut(action, entry)
    if (why === null) {
      plan.entries.push(entry)
      plan.hours.push(entry.hours)
      plan.amounts.push(entry.amount)
    } else {
      const known = plan.left.find((left) => left.why === why)
      if (known) known.count++
      else plan.left.push({ why, count: 1 })
    }
  }
  return plan
}

/** A list in pieces of at most `size`. */
export function pieces<T>(list: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
}
