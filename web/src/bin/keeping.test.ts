import { expect, it } from 'vitest'
import { removableFrom } from './keeping'

it('keeps what was deleted for thirty days', () => {
  const now = Date.parse('2026-11-24T00:00:00Z')
  expect(removableFrom('2026-10-25T00:00:00Z', now)).toBeNull()
  expect(removableFrom('2026-10-25T00:00:01Z', now)).toBe('2026-11-24')
  expect(removableFrom('2026-11-24T00:00:00Z', now)).toBe('2026-12-24')
})
