import { expect, it } from 'vitest'
import { daysOverdue, dueStatuses } from './due'

const invoice = (part: object) => ({ status: 'AUTHORISED', amount_due: '100.00', amount_paid: '0.00', due_date: '2026-11-20', ...part })

it.each([
  ['unpaid and not due', { due_date: '2026-11-25' }, ['UNPAID']],
  ['unpaid on the day it is due', { due_date: '2026-11-24' }, ['UNPAID']],
  ['unpaid and late', {}, ['UNPAID', 'OVERDUE']],
  ['partly paid and late', { amount_due: '40.00', amount_paid: '60.00' }, ['PARTIALLY_PAID', 'OVERDUE']],
  ['without a due date', { due_date: null }, ['UNPAID']],
  ['paid, however late', { status: 'PAID', amount_due: '0.00', amount_paid: '100.00' }, ['PAID']],
  ['a draft owes nothing yet', { status: 'DRAFT' }, []],
  ['a voided one owes nothing any more', { status: 'VOIDED' }, []],
])('says of one that is %s', (_, part, statuses) => expect(dueStatuses(invoice(part), '2026-11-24')).toEqual(statuses))

it('counts the days since it was due', () => {
  expect(daysOverdue(invoice({}), '2026-11-24')).toBe(4)
  expect(daysOverdue(invoice({ due_date: '2026-12-24' }), '2026-11-24')).toBe(0)
  expect(daysOverdue(invoice({ amount_due: '0.00' }), '2026-11-24')).toBe(0)
})
