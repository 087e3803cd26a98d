/** Safety documents: job safety analyses and electrical certificates. */

import { requestJSON } from './http'
import type { Instant } from './types'
import { getVersioned, ifMatch } from './versions'

export type SafetyType = 'jsa' | 'electrical_compliance' | 'electrical_safety_certificate'
export type SafetyStatus = 'draft' | 'completed' | 'approved'

/** The lines of a drawing in the units of its own width and height: of each its points, x, y, x, y … */
export interface Strokes {
  width: number
  height: number
  lines: number[][]
}

export interface Signature {
  id: string
  revision: number
  role: 'signer' | 'crew'
  name: string
  strokes: Strokes
  signed_by_name: string
  signed_at: Instant
}

export interface SafetyDocument {
  id: string
  project_id: string
  project_code: string
  project_name: string
  client_name: string
  cost_center_id: string | null
  document_type: SafetyType
  title: string
  /** The form; what it holds depends on the type. */
  data: Record<string, unknown>
  number: string | null
  status: SafetyStatus
  revision: number
  created_by_name: string
  completed_by_name: string
  completed_at: Instant | null
  approved_by_name: string
  approved_at: Instant | null
  created_at: Instant
  updated_at: Instant
  /** The address of its PDF; null until one was made. */
  file_path: string | null
}

export interface SafetyDetail extends SafetyDocument {
  signatures: Signature[]
  /** What this person may do with it now. */
  may: { edit: boolean; approve: boolean; reopen: boolean; delete: boolean }
}

export interface SafetyRevision {
  id: string
  revision: number
  event: 'completed' | 'approved' | 'reopened' | 'taken_over'
  reason: string | null
  user_name: string
  created_at: Instant
  file_path: string | null
}

export interface SignatureInput {
  name: string
  role?: 'signer' | 'crew'
  strokes: Strokes
}

export interface SafetyInput {
  title: string
  data: Record<string, unknown>
  status?: SafetyStatus
  signature?: SignatureInput
}

export const safetyPath = (id: string) => `/api/safety-documents/${id}`
export const safetyPDF = (id: string) => `${safetyPath(id)}/pdf`
export const revisionPDF = (id: string, revision: string) => `${safetyPath(id)}/revisions/${revision}/pdf`

export const getSafety = (id: string, signal?: AbortSignal) => getVersioned<SafetyDetail>(safetyPath(id), signal)
export const createSafety = (body: SafetyInput & { project_id: string; document_type: SafetyType }, idempotencyKey: string) =>
  requestJSON<SafetyDocument>('POST', '/api/safety-documents', { body, idempotencyKey })
export const updateSafety = (id: string, body: SafetyInput, etag: string | null) => requestJSON<SafetyDetail>('PUT', safetyPath(id), { body, headers: ifMatch(etag) })
export const approveSafety = (id: string, etag: string | null) => requestJSON<SafetyDetail>('POST', `${safetyPath(id)}/approve`, { body: {}, headers: ifMatch(etag) })
export const reopenSafety = (id: string, reason: string, etag: string | null) =>
  requestJSON<SafetyDetail>('POST', `${safetyPath(id)}/reopen`, { body: { reason }, headers: ifMatch(etag) })
export const signSafety = (id: string, body: SignatureInput, etag: string | null) => requestJSON<SafetyDetail>('POST', `${safetyPath(id)}/signatures`, { body, headers: ifMatch(etag) })
export const unsignSafety = (id: string, signature: string, etag: string | null) =>
  requestJSON<SafetyDetail>('DELETE', `${safetyPath(id)}/signatures/${signature}`, { headers: ifMatch(etag) })
export const generateSafetyPDF = (id: string) => requestJSON<{ file_path: string | null }>('POST', `${safetyPath(id)}/generate-pdf`)
