import type { GroupBy } from '@/api/types'
import { Select } from '@/ui/field'

export const groupings: { value: GroupBy; words: string }[] = [
  { value: 'activity', words: 'Activity and rate' },
  { value: 'person', words: 'Person' },
  { value: 'project', words: 'Project' },
  { value: 'day', words: 'Day' },
  { value: 'entry', words: 'Timesheet entry' },
]

/** What becomes one line of an invoice. */
export function GroupBySelect({ value, onChange }: { value: GroupBy; onChange: (value: GroupBy) => void }) {
  return (
    <Select value={value} onChange={(event) => onChange(event.target.value as GroupBy)}>
      {groupings.map((grouping) => (
        <option key={grouping.value} value={grouping.value}>
          {grouping.words}
        </option>
      ))}
    </Select>
  )
}
