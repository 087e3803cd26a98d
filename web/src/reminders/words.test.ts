import { expect, it } from 'vitest'
import { readDays, typeWords } from './words'

it('says when the schedule reminds', () => {
  expect(readDays([7, 14, 30])).toBe('7, 14, or 30 days')
  expect(readDays([1])).toBe('1 day')
})

it('says what a reminder was sent for', () => {
  expect(typeWords('days_14')).toBe('14 days overdue')
  expect(typeWords('days_1')).toBe('1 day overdue')
  expect(typeWords('manual')).toBe('By hand')
})
