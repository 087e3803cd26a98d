import { expect, it } from 'vitest'
import { alongWords, countWords } from './kinds'

it('counts what a deletion takes, in words', () => {
  expect(countWords({ project: 2, client: 1, timesheet: 14 })).toBe('1 client, 2 projects, and 14 timesheet entries')
  expect(countWords({ invoice: 1 })).toBe('1 invoice')
  expect(countWords({})).toBe('')
})

it('does not count the record itself among what goes along', () => {
  expect(alongWords({ client: 1, project: 2 }, 'client')).toBe('2 projects')
  expect(alongWords({ project: 1 }, 'project')).toBe('')
  expect(alongWords({}, 'project')).toBe('')
})
