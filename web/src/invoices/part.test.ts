import { expect, it } from 'vitest'
import { partFault } from './part'

it.each([
  [undefined, undefined],
  ['7.5', undefined],
  ['0.25', undefined],
  ['8', 'At most 7.5'],
  ['0', 'More than 0'],
  ['', 'Not a number'],
])('says of %s hours of an entry what is wrong', (typed, fault) => expect(partFault(typed, { hours: '7.50' })).toBe(fault))
