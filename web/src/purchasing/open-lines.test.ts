import { expect, it } from 'vitest'
import { billFault, openQuantity } from './open-lines'

const line = (quantity: string, billed_quantity: string) => ({ quantity, billed_quantity })

it('knows what is left to bill', () => {
  expect(openQuantity(line('12.0000', '0.0000'))).toBe('12')
  expect(openQuantity(line('2.5000', '1.0000'))).toBe('1.5')
  expect(openQuantity(line('10.0000', '10.0000'))).toBe('0')
  expect(openQuantity(line('1.0000', '2.0000'))).toBe('0')
})

it.each([
  ['', undefined],
  ['0', undefined],
  ['1.5', undefined],
  ['1.6', 'Only 1.5 is left'],
  ['x', 'Not a number'],
  ['-1', 'Less than nothing'],
])('says of "%s" what is wrong', (typed, fault) => expect(billFault(typed, line('2.5', '1'))).toBe(fault))
