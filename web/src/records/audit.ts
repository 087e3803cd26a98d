import type { AuditEntry } from '@/api/records'
import { capital } from './kinds'

const past: Record<string, string> = {
  create: 'created', update: 'changed', delete: 'deleted', restore: 'restored', purge: 'removed for good', import: 'imported', upload: 'uploaded', move: 'moved', export: 'exported',
  login: 'signed in', login_failed: 'failed to sign in', logout: 'signed out', change_password: 'changed the password', update_permissions: 'changed what one may do',
  void: 'voided', send_mail: 'queued a mail', mail_sent: 'mail was sent', mail_failed: 'mail failed', connect: 'connected', disconnect: 'disconnected',
  allocate: 'set against an invoice', unallocate: 'taken off an invoice', accept: 'accepted', decline: 'declined', send: 'sent', convert: 'converted', reopen: 'made a draft again',
  renumber: 'gave another number', link: 'linked to what is in Xero', accept_tax: "took Xero's tax", needs_reconnect: 'has to be connected again', retry_sync: 'sent again', tell_of_backlog: 'told of what waits', queue: 'asked the queue', complete: 'completed', approve: 'approved', sign: 'signed', unsign: 'took a signature off', generate_pdf: 'made the PDF of', rehash_password: 'stored the password more safely',
}

/** What was done, as a verb: "created"; an action that has no word here is shown as it is called. */
export const actionWords = (action: string): string => past[action] ?? action.replaceAll('_', ' ')

/** What it was done to: "purchase order", "setting". */
export const entityWords = (type: string): string => type.replaceAll('_', ' ')

/** Ids that tell a person nothing. */
const unreadable = new Set(['session', 'deletion_id', 'about_id', 'invoice_id'])

/** The details of an entry as lines to read: the name of each part, and its value. */
export function detailLines(details: unknown): [string, string][] {
  if (details === null || details === undefined) return []
  if (typeof details !== 'object') return [['Details', valueText(details)]]
  return Object.entries(details as Record<string, unknown>)
    .filter(([name, value]) => value !== null && value !== '' && value !== undefined && !unreadable.has(name))
    .map(([name, value]) => [capital(name.replaceAll('_', ' ')), valueText(value)])
}

function valueText(value: unknown): string {
  if (value === null || value === undefined) return '–'
  if (typeof value === 'boolean') return value ? 'yes' : 'no'
  if (typeof value === 'string' || typeof value === 'number') return String(value)
  if (Array.isArray(value)) return value.map(valueText).join(', ')
  const change = value as Record<string, unknown>
  if ('from' in change && 'to' in change) return `${valueText(change.from)} → ${valueText(change.to)}`
  return Object.entries(change)
    .map(([name, part]) => `${name.replaceAll('_', ' ')} ${valueText(part)}`)
    .join(', ')
}

/** The name that the thing an entry is about bears in its details, if it does. */
export function labelOf(entry: Pick<AuditEntry, 'details'>): string | null {
  if (typeof entry.details !== 'object' || entry.details === null) return null
  const details = entry.details as Record<string, unknown>
  for (const key of ['label', 'number', 'invoice_number', 'po_number', 'quote_number', 'name', 'file_name', 'key', 'email', 'code']) {
    const value = details[key]
    if (typeof value === 'string' && value !== '') return value
  }
  return null
}
