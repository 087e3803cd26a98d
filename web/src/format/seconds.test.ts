import { expect, it } from 'vitest'
import { formatSeconds } from './seconds'

it('says a stretch of time in the unit that says it shortest', () => {
  expect([0, 0.44, 9.94, 12, 89, 90, 600, 5400, 86_400].map(formatSeconds)).toEqual(['0.0 s', '0.4 s', '9.9 s', '12 s', '89 s', '2 min', '10 min', '2 h', '24 h'])
})
