/** Records from CSV files. */

import { requestJSON } from './http'

export type ImportKind = 'clients' | 'projects' | 'timesheets'

/** What is wrong with a row. Rows are the lines of the file, its first line included. */
export interface ImportFault {
  row: number
  field: string
  message: string
}

export interface ImportAnswer {
  dry_run: boolean
  rows: number
  /** On a rehearsal: how many would be. */
  created: number
  errors: ImportFault[]
}

export const importTemplate = (kind: ImportKind) => `/api/import/${kind}/template`

/** Takes all rows of the file or, if one is wrong, none; a rehearsal only says which. */
export const importFile = (kind: ImportKind, file: Blob, rehearse: boolean, idempotencyKey?: string) =>
  requestJSON<ImportAnswer>('POST', `/api/import/${kind}`, {
    query: { dry_run: rehearse || undefined },
    body: file,
    headers: { 'Content-Type': 'text/csv' },
    idempotencyKey,
    timeoutMs: 300_000,
  })
