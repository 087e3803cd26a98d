import { useSyncExternalStore } from 'react'
import type { SyncEvent } from '@/api/types'

/** A document that a person sent on its way in this tab. */
export interface Submitted {
  kind: 'invoice' | 'purchase_order'
  id: string
  number: string
  party: string
  amount: string
  /** Until when, in milliseconds, to count it as just submitted if no answer comes. */
  until: number
  /** Something was heard about it since. */
  answered: boolean
}

/** How long after the click a document counts as just submitted when nothing is heard of it. */
const patienceMs = 20_000
const remembered = 8

let submitted: Submitted[] = []
const listeners = new Set<() => void>()

function set(next: Submitted[]) {
  submitted = next
  listeners.forEach((listener) => listener())
}

export function markSubmitted(document: Pick<Submitted, 'kind' | 'id' | 'number' | 'party' | 'amount'>): void {
  set([
    { ...document, until: Date.now() + patienceMs, answered: false },
    ...submitted.filter((other) => other.id !== document.id),
  ].slice(0, remembered))
  // So that what shows it looks again when the patience has run out.
  setTimeout(() => set([...submitted]), patienceMs + 50)
}

/** Takes note of what the server said about a document. A place in the queue is not an answer yet. */
export function noteAnswer(event: Pick<SyncEvent, 'entity_id' | 'phase'>): Submitted | null {
  const document = submitted.find((other) => other.id === event.entity_id)
  if (!document || document.answered || event.phase === 'queued' || event.phase === 'sending') return document ?? null
  set(submitted.map((other) => (other === document ? { ...other, answered: true } : other)))
  return document
}

export const isJustSubmitted = (all: Submitted[], id: string, now = Date.now()): boolean =>
  all.some((other) => other.id === id && !other.answered && other.until > now)

/** What this person sent lately, newest first. */
export function useSubmitted(): Submitted[] {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => submitted,
  )
}
