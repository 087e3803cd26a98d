import type { Paper, ScanStatus } from '@/api/scans'
import type { Tone } from '@/ui/states'

export const paperWords: Record<Paper, string> = {
  receipt: 'Receipt',
  invoice: 'Invoice',
  bill: 'Bill',
  purchase_order: 'Purchase order',
  expense: 'Expense claim',
  unknown: 'Not known',
}

export const statusWords: Record<ScanStatus, { label: string; tone: Tone }> = {
  pending: { label: 'Waiting to be read', tone: 'neutral' },
  processing: { label: 'Being read', tone: 'accent' },
  completed: { label: 'Read', tone: 'good' },
  failed: { label: 'Not read', tone: 'warn' },
}

export interface Sureness {
  words: string
  tone: 'good' | 'warn' | 'bad'
}

/** How far a person can rely on what was read, in words: a colour alone tells nobody enough. */
export function sureness(confidence: number): Sureness {
  if (confidence >= 85) return { words: `Read clearly (${confidence} %)`, tone: 'good' }
  if (confidence >= 60) return { words: `Check it (${confidence} %)`, tone: 'warn' }
  return { words: `Unsure (${confidence} %)`, tone: 'bad' }
}
