import { expect, it } from 'vitest'
import { actionWords, detailLines, labelOf } from './audit'

it('says what was done', () => {
  expect(actionWords('create')).toBe('created')
  expect(actionWords('follow_merged_contact')).toBe('follow merged contact')
})

it('shows the details as a person reads them', () => {
  expect(detailLines({ name: 'Harbour Café', is_active: false, note: null, counts: { project: 2, invoice: 1 } })).toEqual([
    ['Name', 'Harbour Café'],
    ['Is active', 'no'],
    ['Counts', 'project 2, invoice 1'],
  ])
  expect(detailLines({ total: { from: '10.00', to: '12.50' } })).toEqual([['Total', '10.00 → 12.50']])
  expect(detailLines({ cost_centers: ['A', 'B'] })).toEqual([['Cost centers', 'A, B']])
  expect(detailLines({ session: '01a2', name: 'Sam' })).toEqual([['Name', 'Sam']])
  expect(detailLines(null)).toEqual([])
})

it('finds the name of what an entry is about', () => {
  expect(labelOf({ details: { code: 'P1', name: 'Switchboard' } })).toBe('Switchboard')
  expect(labelOf({ details: { rows: 3 } })).toBeNull()
  expect(labelOf({ details: null })).toBeNull()
})
