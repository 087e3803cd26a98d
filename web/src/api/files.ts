/** Files of projects and cost centres, and the firm's pictures. */

import { request, requestJSON } from './http'
import type { Instant } from './types'
import { getVersioned, ifMatch } from './versions'

export type FileType = 'image' | 'pdf' | 'document'

export interface ProjectFile {
  id: string
  /** Null for a file of a cost centre alone. */
  project_id: string | null
  cost_center_id: string | null
  file_name: string
  file_type: FileType
  tags: string[]
  /** Where what is shown of it is read from. */
  file_path: string
  /** A small picture; empty where there is none. */
  preview_url: string
  /** Bytes, as text. */
  file_size: string
  mime_type: string
  stored_in: 'local' | 's3' | 'google-drive'
  moves_to?: string
  missing?: boolean
  uploaded_by: string | null
  uploaded_by_name: string
  project_code: string
  project_name: string
  client_id: string | null
  client_name: string
  cost_center_code: string
  cost_center_name: string
  created_at: Instant
  updated_at: Instant
}

/** A project that has files, or a cost centre that has some of its own. */
export interface FileFolder {
  project_id: string | null
  project_code: string
  project_name: string
  client_id: string | null
  client_name: string
  cost_center_id: string | null
  cost_center_code: string
  cost_center_name: string
  files: number
  newest: Instant
}

/** A logo or favicon of the firm that is kept. */
export interface FirmPicture {
  filename: string
  url: string
  size: number
  date: Instant
  in_use: boolean
}

export interface FileQuery {
  project_id?: string
  cost_center_id?: string
  client_id?: string
  file_type?: string
  tag?: string
  q?: string
  [filter: string]: string | number | undefined
}

export interface FileChange {
  file_name?: string
  project_id?: string | null
  cost_center_id?: string | null
  tags?: string[]
}

export const filePath = (id: string) => `/api/files/${id}`
export const downloadPath = (id: string) => `/api/files/${id}/download`

export const getFile = (id: string, signal?: AbortSignal) => getVersioned<ProjectFile & { link: string }>(filePath(id), signal)
/** Keeps the file that an upload has brought. */
export const createFile = (upload: string, file: FileChange, idempotencyKey: string) =>
  requestJSON<ProjectFile>('POST', '/api/files', { body: { ...file, upload_id: upload }, idempotencyKey, timeoutMs: 120_000 })
export const updateFile = (id: string, change: FileChange, etag: string | null) =>
  requestJSON<ProjectFile>('PUT', filePath(id), { body: change, headers: ifMatch(etag) })

export const getFirmPictures = () => requestJSON<FirmPicture[]>('GET', '/api/files/logos')
export const deleteFirmPicture = (filename: string) => request('DELETE', `/api/files/logos/${encodeURIComponent(filename)}`)
