import { queryOptions } from '@tanstack/react-query'
import { getTimesheets } from '@/api/client'
import { readKept } from '@/api/device'
import { NoAnswerError } from '@/api/errors'
import type { Timesheet } from '@/api/types'
import type { Day } from '@/format/calendar'
import { addDays, mondayOf, today } from '@/format/calendar'
import { useOutbox } from './device-outbox'

export { useSendUnsent } from './device-outbox'

/** A week of entries of one person, or of everybody. The own current week can be read without signal. */
export const weekQuery = (monday: Day, userId: string | undefined, own: boolean) =>
  queryOptions({
    queryKey: ['timesheets', 'week', monday, userId ?? 'all'],
    queryFn: ({ signal }) => {
      const read = () => getTimesheets({ date_from: monday, date_to: addDays(monday, 6), user_id: userId }, signal)
      return own && userId && monday === mondayOf(today())
        ? readKept<Timesheet[]>(`week:${userId}`, read, (error) => error instanceof NoAnswerError)
        : read()
    },
  })

/** What a person did in the week before a day, newest first. */
export const latelyQuery = (userId: string, before: Day) =>
  queryOptions({
    queryKey: ['timesheets', 'lately', userId, before],
    queryFn: ({ signal }) => getTimesheets({ date_from: addDays(before, -7), date_to: addDays(before, -1), user_id: userId }, signal),
  })

/** How many entries of this person are on the device only. */
export function useUnsentCount(userId: string): number {
  return useOutbox().entries.filter((entry) => entry.userId === userId).length
}
