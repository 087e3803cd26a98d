import type { Day } from '@/format/calendar'
import { daysBetween, today } from '@/format/calendar'
import { parseCents } from '@/format/money'

/** A document that is paid, in whole or in part. */
export interface Payable {
  status: string
  amount_due: string
  amount_paid: string
  due_date: Day | null
}

/** The states in which money is owed. */
const open = ['SUBMITTED', 'AUTHORISED']

/** How many days ago it was due; 0 while it is not overdue, or nothing is owed. */
export function daysOverdue({ status, amount_due, due_date }: Omit<Payable, 'amount_paid'>, now: Day = today()): number {
  if (!open.includes(status) || !due_date || (parseCents(amount_due) ?? 0) <= 0) return 0
  return Math.max(0, daysBetween(due_date, now))
}

/** The statuses to show for what is owed: whether it is paid, and whether it is late. One that is no claim yet, or no more, has none. */
export function dueStatuses(document: Payable, now: Day = today()): string[] {
  const { status } = document
  if (status === 'PAID') return ['PAID']
  if (!open.includes(status)) return []
  const statuses = [(parseCents(document.amount_paid) ?? 0) > 0 ? 'PARTIALLY_PAID' : 'UNPAID']
  if (daysOverdue(document, now) > 0) statuses.push('OVERDUE')
  return statuses
}
