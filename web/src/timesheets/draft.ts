import { draftPrefix, read, remove, write } from '@/api/device'
import type { TimesheetGroup, TimesheetInput } from '@/api/types'
import type { Photo } from './outbox'

/** One kind of work of an entry that is being typed. */
export interface ActivityDraft {
  activity_type_id: string
  hours: string
  billable: boolean
}

/** What was typed into a new entry and not saved yet. */
export interface Draft {
  project_id: string
  date: string
  cost_center_id: string
  notes: string
  location: string
  /** At least one. */
  activities: ActivityDraft[]
  /** None is the person who types. */
  people: string[]
  photos: Photo[]
}

export const noActivity = (): ActivityDraft => ({ activity_type_id: '', hours: '', billable: true })

export const blankDraft = (date: string): Draft => ({ project_id: '', date, cost_center_id: '', notes: '', location: '', activities: [noActivity()], people: [], photos: [] })

/** What is sent of a draft: one entry, or a group of them with what they share. */
export function toSend(draft: Draft): { input: TimesheetInput; group: TimesheetGroup | undefined } {
  const [first = noActivity()] = draft.activities
  const several = draft.activities.length > 1 || draft.people.length > 1
  const input: TimesheetInput = {
    project_id: draft.project_id, date: draft.date, hours: first.hours, activity_type_id: first.activity_type_id, cost_center_id: draft.cost_center_id,
    notes: draft.notes.trim(), location: draft.location.trim(), billable: first.billable,
    ...(draft.people.length === 1 ? { user_id: draft.people[0] } : {}),
  }
  return { input, group: several ? { people: draft.people, activities: draft.activities } : undefined }
}

/** The same the other way: what waits on the device, as a draft. */
export function fromSent(input: TimesheetInput, group: TimesheetGroup | undefined, photos: Photo[]): Draft {
  return {
    project_id: input.project_id, date: input.date, cost_center_id: input.cost_center_id, notes: input.notes, location: input.location ?? '',
    activities: group?.activities ?? [{ activity_type_id: input.activity_type_id, hours: input.hours, billable: input.billable ?? true }],
    people: group?.people ?? (input.user_id ? [input.user_id] : []),
    photos,
  }
}

const key = (userId: string) => `${draftPrefix}${userId}`

/** What an earlier version of the app kept had one activity and no list of them. */
type Kept = Partial<Draft> & Partial<Pick<TimesheetInput, 'activity_type_id' | 'hours'>>

export async function readDraft(userId: string): Promise<Draft | undefined> {
  const kept = await read<Kept>('kept', key(userId)).catch(() => undefined)
  if (!kept) return undefined
  return {
    ...blankDraft(''),
    ...kept,
    activities: kept.activities ?? [{ activity_type_id: kept.activity_type_id ?? '', hours: kept.hours ?? '', billable: true }],
  }
}
export const writeDraft = (userId: string, draft: Draft) => write('kept', draft, key(userId)).catch(() => undefined)
export const forgetDraft = (userId: string) => remove('kept', key(userId)).catch(() => undefined)
