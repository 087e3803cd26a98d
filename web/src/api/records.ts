/** What every kind of record has: deleting and restoring, the bin, and the log of its changes. */

import { request, requestJSON } from './http'
import { getSlice } from './slices'
import type { Instant } from './types'

export type RecordKind =
  | 'client' | 'project' | 'timesheet' | 'invoice' | 'purchase_order' | 'quote' | 'bill' | 'expense' | 'payment' | 'credit_note' | 'project_file' | 'safety_document' | 'document_scan'

/** One record, named for a person. */
export interface NamedRecord {
  entity_type: RecordKind
  entity_id: string
  label: string
}

/** How many of each kind a deletion takes or took, the record itself included. */
export type Counts = Partial<Record<RecordKind, number>>

export interface DeletionPreview {
  label: string
  counts: Counts
  /** At most 200. */
  records: NamedRecord[]
  /** Why it cannot be deleted now. */
  refusal: string | null
  /** The documents that stand in the way. */
  blockers?: NamedRecord[]
}

/** What a DELETE answers: the deletion can be taken back by its id. */
export interface DeletedRecord {
  message: string
  deletion_id?: string
}

export interface RestoredRecord {
  /** "Invoice restored as a copy with the number …" */
  message: string
  entity_type: RecordKind
  entity_id: string
  label: string
  copy: boolean
  counts: Counts
}

export interface Deletion extends NamedRecord {
  id: string
  counts: Counts
  user_id: string | null
  deleted_by: string
  deleted_at: Instant
  restored_at: Instant | null
  restored_by: string | null
  purged_at: Instant | null
  purged_by: string | null
}

export interface BinQuery {
  entity_type?: RecordKind
  search?: string
  [filter: string]: string | undefined
}

export const previewDeletion = (kind: RecordKind, id: string) => requestJSON<DeletionPreview>('GET', `/api/bin/preview/${kind}/${id}`)
export const deleteRecord = (path: string) => requestJSON<DeletedRecord>('DELETE', path)
/** Takes the deletion of the record at this path back. */
export const restoreRecord = (path: string) => requestJSON<RestoredRecord>('POST', `${path}/restore`)

export const getBin = (query: BinQuery, signal?: AbortSignal, next?: string) => getSlice<Deletion>('/api/bin', { limit: 50, ...query }, signal, next)
export const getDeletion = (id: string) => requestJSON<Deletion & { records: NamedRecord[] }>('GET', `/api/bin/${id}`)
export const restoreDeletion = (id: string) => requestJSON<RestoredRecord>('POST', `/api/bin/${id}/restore`)
export const purgeDeletion = (id: string) => request('DELETE', `/api/bin/${id}`)

/** One change: who, when, what. */
export interface AuditEntry {
  id: string
  /** Null for the program itself. */
  user_id: string | null
  actor: string
  action: string
  entity_type: string
  entity_id: string | null
  details: unknown
  ip_address: string | null
  request_id: string | null
  created_at: Instant
}

export interface AuditQuery {
  user_id?: string
  action?: string
  entity_type?: string
  entity_id?: string
  limit?: number
  offset?: number
  [filter: string]: string | number | undefined
}

export const getAuditEntries = (query: AuditQuery, signal?: AbortSignal) =>
  requestJSON<{ logs: AuditEntry[]; total: number }>('GET', '/api/settings/logs/activity', { query, signal })
