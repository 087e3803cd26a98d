import { expect, it } from 'vitest'
import { inBytes } from './bytes'

it.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [123_456, '123 kB'],
  [2_500_000_000, '2.5 GB'],
])('%d bytes are %s', (bytes, words) => expect(inBytes(bytes)).toBe(words))
