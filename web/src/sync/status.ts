import type { Phase, SyncStatus, WhoMustAct } from '@/api/types'

export type SyncLabel = 'Pending Sync' | 'Syncing…' | 'Synced' | 'Sync Failed'

/**
 * What the badge of a document says.
 *
 * "Syncing…" is said while a request to Xero is under way or its fate is being looked up, and
 * from a person's click until the first answer about it. A document that waits its turn, or for
 * the next try, is "Pending Sync". A document that never went on its way has no badge.
 */
export function syncLabel(sync_status: SyncStatus | null, phase: Phase | null, justSubmitted: boolean): SyncLabel | null {
  switch (sync_status) {
    case 'synced':
      return 'Synced'
    case 'failed':
      return 'Sync Failed'
    case 'pending':
      if (phase === 'sending' || phase === 'checking') return 'Syncing…'
      if (justSubmitted && phase !== 'waiting') return 'Syncing…'
      return 'Pending Sync'
    case null:
      return null
  }
}

/** Who has to do something, as a sentence; null when nobody has. */
export function whoMustAct(who: WhoMustAct | null): string | null {
  switch (who) {
    case 'office':
      return 'The office can mend this.'
    case 'admin':
      return 'An administrator has to mend this.'
    case 'accountant':
      return 'Ask the accountant: it has to be mended in Xero.'
    default:
      return null
  }
}

/**
 * The cause of a refusal, the same for all documents refused for the same reason: the message
 * without the document's own number.
 */
export function causeOf(message: string | null, number: string): string {
  const text = message?.trim() ?? ''
  if (text === '') return 'No reason was given'
  return number === '' ? text : text.replaceAll(number, '…')
}

/** Where on the help page a badge is explained. */
export function helpTopic(sync_status: SyncStatus | null, phase: Phase | null): string {
  if (sync_status === null) return 'sync-not-sent'
  if (sync_status !== 'pending') return `sync-${sync_status}`
  return phase === 'sending' || phase === 'checking' ? 'sync-sending' : 'sync-pending'
}
