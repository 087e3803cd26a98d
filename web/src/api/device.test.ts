import { expect, it } from 'vitest'
import { forgetKept, read, readAll, readKept, write } from './device'
import { NoAnswerError } from './errors'

const offline = (error: unknown) => error instanceof NoAnswerError
const noSignal = () => Promise.reject(new NoAnswerError(false))

it('answers without signal what was read when there last was one', async () => {
  await expect(readKept('projects', noSignal, offline)).rejects.toThrow(NoAnswerError)
  expect(await readKept('projects', () => Promise.resolve(['a']), offline)).toEqual(['a'])
  expect(await readKept('projects', noSignal, offline)).toEqual(['a'])
  // A refusal is not a lack of signal: what one may no longer see is not shown.
  await expect(readKept('projects', () => Promise.reject(new Error('Permission denied')), offline)).rejects.toThrow('Permission denied')
})

it('forgets at sign-out what was kept, but neither drafts nor unsent entries', async () => {
  await write('kept', 'someone', 'user')
  await write('kept', 'half typed', 'draft:u1')
  await write('entries', { id: 'unsent' })
  await forgetKept()
  expect(await read('kept', 'user')).toBeUndefined()
  expect(await read('kept', 'draft:u1')).toBe('half typed')
  expect(await readAll('entries')).toEqual([{ id: 'unsent' }])
})
