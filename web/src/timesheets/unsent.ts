import { sumHours } from '@/format/money'
import type { UnsentEntry } from './outbox'

/** The hours of what waits on this device: of one person, or of all whom it is for. */
export function unsentHours(entry: Pick<UnsentEntry, 'userId' | 'input' | 'group'>, person?: string): string {
  const people = entry.group && entry.group.people.length > 0 ? entry.group.people : [entry.input.user_id ?? entry.userId]
  const counted = person === undefined ? people.length : people.filter((other) => other === person).length
  const each = entry.group ? entry.group.activities.map((activity) => activity.hours) : [entry.input.hours]
  return sumHours(Array.from({ length: counted }, () => each).flat())
}
