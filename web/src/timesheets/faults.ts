import type { TimesheetInput } from '@/api/types'
import { isDay } from '@/format/calendar'
import { parseTenThousandths } from '@/format/money'

/** What is wrong with each field; nothing when the entry can be saved. */
export function faultsOf(draft: Omit<TimesheetInput, 'notes'>): Partial<Record<keyof TimesheetInput, string>> {
  const faults: Partial<Record<keyof TimesheetInput, string>> = {}
  if (!draft.project_id) faults.project_id = 'Choose a project'
  if (!draft.cost_center_id) faults.cost_center_id = 'Choose a cost centre'
  if (!draft.activity_type_id) faults.activity_type_id = 'Choose what you did'
  if (!isDay(draft.date)) faults.date = 'Choose a day'
  const hours = parseTenThousandths(draft.hours)
  if (hours === null || hours < 2_500 || hours > 240_000) faults.hours = 'Hours must be between 0.25 and 24'
  return faults
}
