import { expect, it } from 'vitest'
import { sureness } from './words'

it('says how sure a reading is in words', () => {
  expect(sureness(97)).toEqual({ words: 'Read clearly (97 %)', tone: 'good' })
  expect(sureness(85).tone).toBe('good')
  expect(sureness(84)).toEqual({ words: 'Check it (84 %)', tone: 'warn' })
  expect(sureness(59)).toEqual({ words: 'Unsure (59 %)', tone: 'bad' })
})
