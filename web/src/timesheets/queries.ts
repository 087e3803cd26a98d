import { queryOptions } from '@tanstack/react-query'
import { getTimesheets } from '@/api/client'
import { readKept } from '@/api/device'
import { NoAnswerError } from '@/api/errors'
import type { Timesheet } from '@/api/types'
import type { TimesheetQuery } from '@/api/work'
import { getTimesheetPage } from '@/api/work'
import type { Day } from '@/format/calendar'
import { addDays, daysBetween, firstOfMonth, mondayOf, today } from '@/format/calendar'
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

/** A month of entries, with the whole weeks around it as days to show. */
export const monthQuery = (first: Day, userId: string | undefined) => {
  const next = firstOfMonth(addDays(first, 31))
  const from = mondayOf(first)
  const count = Math.ceil((daysBetween(from, next)) / 7) * 7
  return queryOptions({
    queryKey: ['timesheets', 'month', first, userId ?? 'all'],
    queryFn: async ({ signal }) => ({
      days: Array.from({ length: count }, (_, i) => addDays(from, i)),
      entries: await getTimesheets({ date_from: first, date_to: addDays(next, -1), user_id: userId }, signal),
    }),
  })
}

/** A page of the list of entries. */
export const entriesQuery = (query: TimesheetQuery, page: number) =>
  queryOptions({ queryKey: ['timesheets', 'list', query, page], queryFn: ({ signal }) => getTimesheetPage({ ...query, page, limit: 50 }, signal) })

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
