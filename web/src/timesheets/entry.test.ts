import { describe, expect, it } from 'vitest'
import { colourOf } from '@/activities/picker'
import { matching } from '@/ui/combobox'
import { blankDraft, fromSent, noActivity, toSend } from './draft'
import { faultsOf, placeFaults } from './faults'
import { photoURL } from '@/work/photo-url'
import { fitInto } from './photos'

const whole = { project_id: 'p', date: '2026-11-23', cost_center_id: 'c', activities: [{ activity_type_id: 'a', hours: '7.5', billable: true }] }

describe('an entry', () => {
  it('can be saved when it is whole', () => expect(faultsOf(whole)).toEqual({}))
  it.each(['', '0', '0.2', '24.25', 'x', '-1'])('is not saved with %s hours', (hours) => {
    expect(faultsOf({ ...whole, activities: [{ activity_type_id: 'a', hours, billable: true }] })).toEqual({ 'activities[0].hours': 'Hours must be between 0.25 and 24' })
  })
  it('says everything that is missing at once, at the activity it is missing of', () => {
    expect(Object.keys(faultsOf({ project_id: '', date: '', cost_center_id: '', activities: [whole.activities[0] ?? noActivity(), noActivity()] })).sort()).toEqual(
      ['activities[1].activity_type_id', 'activities[1].hours', 'cost_center_id', 'date', 'project_id'],
    )
  })
  it('shows faults the server finds in a single entry at its activity', () => {
    expect(placeFaults({ hours: 'Too many', project_id: 'Gone' })).toEqual({ 'activities[0].hours': 'Too many', project_id: 'Gone' })
  })
})

describe('what is sent', () => {
  const draft = { ...blankDraft('2026-11-23'), ...whole }
  it('is one entry for one person and one activity', () => {
    expect(toSend({ ...draft, people: ['x'] })).toMatchObject({ input: { user_id: 'x', hours: '7.5', billable: true }, group: undefined })
    expect(toSend(draft).input).not.toHaveProperty('user_id')
  })
  it('is a group for several people or activities', () => {
    expect(toSend({ ...draft, people: ['x', 'y'] }).group).toEqual({ people: ['x', 'y'], activities: whole.activities })
    expect(toSend({ ...draft, activities: [...whole.activities, { activity_type_id: 'b', hours: '1', billable: false }] }).group?.activities).toHaveLength(2)
  })
  it('comes back from the device as it was typed', () => {
    const typed = { ...draft, people: ['x', 'y'], location: 'Roof' }
    const { input, group } = toSend(typed)
    expect(fromSent(input, group, [])).toEqual(typed)
  })
})

describe('photos', () => {
  it('are made to fit and never enlarged', () => {
    expect(fitInto(4032, 3024, 2048)).toEqual({ width: 2048, height: 1536 })
    expect(fitInto(3024, 4032, 2048)).toEqual({ width: 1536, height: 2048 })
    expect(fitInto(640, 480, 2048)).toEqual({ width: 640, height: 480 })
    expect(fitInto(9000, 1, 2048)).toEqual({ width: 2048, height: 1 })
  })
  it('are read from where the server keeps them', () => {
    expect(photoURL('/uploads/a.jpg')).toBe('/uploads/a.jpg')
    expect(photoURL('uploads/a.jpg')).toBe('/uploads/a.jpg')
    expect(photoURL('timesheets/a.jpg')).toBe('/uploads/timesheets/a.jpg')
  })
})

describe('pickers', () => {
  it('find by every word, in the name or the detail', () => {
    const choices = [
      { id: '1', label: 'Kitchen rewire', detail: 'PROJ-0001 · Harbour Café' },
      { id: '2', label: 'Switchboard', detail: 'PROJ-0002 · Harbour View' },
    ]
    expect(matching(choices, 'harbour kit').map((choice) => choice.id)).toEqual(['1'])
    expect(matching(choices, '').length).toBe(2)
  })
  it('know the colours of records of earlier versions', () => {
    expect(colourOf('bg-voltage/20 border-voltage text-voltage')).toBe(colourOf('voltage'))
    expect(colourOf('#112233')).toBe('#112233')
    expect(colourOf(null)).toBe(colourOf('electric'))
  })
})
