import { draftPrefix, read, remove, write } from '@/api/device'
import type { Photo } from './outbox'

/** What was typed into a new entry and not saved yet. */
export interface Draft {
  project_id: string
  date: string
  hours: string
  activity_type_id: string
  cost_center_id: string
  notes: string
  photos: Photo[]
}

const key = (userId: string) => `${draftPrefix}${userId}`

export const readDraft = (userId: string) => read<Draft>('kept', key(userId)).catch(() => undefined)
export const writeDraft = (userId: string, draft: Draft) => write('kept', draft, key(userId)).catch(() => undefined)
export const forgetDraft = (userId: string) => remove('kept', key(userId)).catch(() => undefined)
