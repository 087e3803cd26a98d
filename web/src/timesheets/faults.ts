import { isDay } from '@/format/calendar'
import { parseTenThousandths } from '@/format/money'
import type { Draft } from './draft'

/** What is wrong with each field, those of activities under "activities[0].hours"; nothing when the entries can be saved. */
export function faultsOf(draft: Pick<Draft, 'project_id' | 'cost_center_id' | 'date' | 'activities'>): Partial<Record<string, string>> {
  const faults: Partial<Record<string, string>> = {}
  if (!draft.project_id) faults.project_id = 'Choose a project'
  if (!draft.cost_center_id) faults.cost_center_id = 'Choose a cost centre'
  if (!isDay(draft.date)) faults.date = 'Choose a day'
  draft.activities.forEach(({ activity_type_id, hours: text }, i) => {
    if (!activity_type_id) faults[`activities[${i}].activity_type_id`] = 'Choose what you did'
    const hours = parseTenThousandths(text)
    if (hours === null || hours < 2_500 || hours > 240_000) faults[`activities[${i}].hours`] = 'Hours must be between 0.25 and 24'
  })
  return faults
}

/** The server's faults by the names that the sheet has for its fields: those of a single entry are of its first activity. */
export function placeFaults(fields: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(fields).map(([name, fault]) => [name === 'hours' || name === 'activity_type_id' ? `activities[0].${name}` : name, fault]))
}
