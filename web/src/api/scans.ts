/** Receipts and suppliers' documents: their scans, what was read in them, and the files of documents. */

import type { Day } from '@/format/calendar'
import { requestJSON } from './http'
import type { Instant } from './types'
import { getVersioned, ifMatch } from './versions'

export type ScanStatus = 'pending' | 'processing' | 'completed' | 'failed'
export type Paper = 'receipt' | 'invoice' | 'purchase_order' | 'bill' | 'expense' | 'unknown'

/** A field as it was found in a text. */
export interface Found {
  value: string
  /** In percent; 0 is not found. */
  confidence: number
  /** Counted from 0; -1 where it was concluded and not read. */
  line: number
  start: number
  end: number
}

export interface ScanLine {
  description: string
  quantity: string
  unit_amount: string
  amount: string
}

export interface ScanFields {
  document_type: Paper
  supplier_id: string | null
  vendor_name: string
  document_number: string
  date: Day | null
  due_date: Day | null
  total_amount: string | null
  tax_amount: string | null
  po_number: string
  line_items: ScanLine[]
}

export interface Scan {
  id: string
  project_id: string | null
  project_code: string | null
  project_name: string | null
  cost_center_id: string | null
  user_name: string
  status: ScanStatus
  document_type: Paper
  /** Of the reading, from 0 to 1. */
  confidence: number | null
  error_message: string | null
  file_name: string
  file_path: string
  preview_url: string
  mime_type: string
  missing?: boolean
  fields: ScanFields
  supplier_name: string | null
  /** A person has put the fields right. */
  checked: boolean
  filed_kind: 'bill' | 'expense' | null
  filed_id: string | null
  filed_number: string | null
  created_at: Instant
  updated_at: Instant
}

export interface ScanTwin {
  id: string
  file_name: string
  created_at: Instant
  user_name: string
  reason: 'same_file' | 'same_document'
  filed_kind: 'bill' | 'expense' | '' | null
  filed_id: string | null
  filed_number: string
}

export interface ScanMatch {
  id: string
  entity_type: 'purchase_order' | 'invoice' | 'bill' | 'expense'
  entity_id: string
  entity_name: string
  entity_amount: string
  entity_date: Day | null
  entity_status: string
  /** From 0 to 1. */
  confidence_score: number
  match_reasons: string[]
  confirmed: boolean
}

export type ReadField = 'document_type' | 'supplier' | 'vendor_name' | 'document_number' | 'date' | 'due_date' | 'total_amount' | 'tax_amount' | 'po_number' | 'gst_number'

export interface ScanDetail extends Scan {
  raw_text: string
  reading: Record<ReadField, Found>
  duplicates: ScanTwin[]
  confirmed_matches: ScanMatch[]
}

/** Whether the text of documents can be read on the server. */
export interface ScanReading {
  pictures: boolean
  pdf: boolean
  message: string
}

export const scanPath = (id: string) => `/api/document-scan/${id}`
export const getReading = (signal?: AbortSignal) => requestJSON<ScanReading>('GET', '/api/document-scan/reading', { signal })
export const getScan = (id: string, signal?: AbortSignal) => getVersioned<ScanDetail>(scanPath(id), signal)
export const getMatches = (id: string, signal?: AbortSignal) => requestJSON<ScanMatch[]>('GET', `${scanPath(id)}/matches`, { signal })
/** Keeps the file of an upload as a scan, once for a key. */
export const createScan = (upload: string, project: string | null, idempotencyKey: string) =>
  requestJSON<{ scan: Scan }>('POST', '/api/document-scan', { body: { upload_id: upload, project_id: project }, idempotencyKey })
export const updateScan = (id: string, fields: Partial<ScanFields> & { project_id?: string | null }, etag: string | null) =>
  requestJSON<ScanDetail>('PUT', scanPath(id), { body: fields, headers: ifMatch(etag) })
export const retryScan = (id: string) => requestJSON<Scan>('POST', `${scanPath(id)}/retry`)
export const findMatches = (id: string) => requestJSON<ScanMatch[]>('POST', `${scanPath(id)}/matches`)
export const confirmMatch = (id: string, match: string) => requestJSON<{ match: ScanMatch }>('POST', `${scanPath(id)}/match/${match}/confirm`)
export const rejectMatch = (id: string, match: string) => requestJSON<{ rejected: number }>('POST', `${scanPath(id)}/match/${match}/reject`)

// Files of documents

export interface AttachedFile {
  id: string
  url: string
  preview_url: string
  file_name: string
  content_type: string
  size: number
  missing?: boolean
  attached_by_name: string
  attached_at: Instant
  scan_id: string | null
}

export type Attachable = 'bill' | 'expense'
const attachmentsPath = (kind: Attachable, id: string) => `/api/xero/${kind}s/${id}/attachments`
export const getAttachments = (kind: Attachable, id: string, signal?: AbortSignal) => requestJSON<AttachedFile[]>('GET', attachmentsPath(kind, id), { signal })
export const attachUpload = (kind: Attachable, id: string, upload: string, idempotencyKey: string) =>
  requestJSON<AttachedFile[]>('POST', attachmentsPath(kind, id), { body: { upload_id: upload }, idempotencyKey })
/** Attaches a file again that was taken off. */
export const attachAgain = (kind: Attachable, id: string, file: string) => requestJSON<AttachedFile[]>('POST', attachmentsPath(kind, id), { body: { file_id: file } })
export const detach = (kind: Attachable, id: string, file: string) => requestJSON<AttachedFile[]>('DELETE', `${attachmentsPath(kind, id)}/${file}`)
