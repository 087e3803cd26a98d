import { queryOptions } from '@tanstack/react-query'
import type { Reminder } from '@/api/sales'
import { getReminderSchedule } from '@/api/sales'
import type { SliceQuery } from '@/api/slices'
import { sliceQuery } from '@/api/slices'

export const scheduleQuery = queryOptions({ queryKey: ['reminders', 'schedule'], queryFn: ({ signal }) => getReminderSchedule(signal) })
export const reminderHistoryQuery = (query: SliceQuery) => sliceQuery<Reminder>(['reminders', 'history'], '/api/xero/reminders/history', query)
