import { describe, expect, it } from 'vitest'
import { colourOf } from '@/activities/picker'
import { matching } from '@/ui/combobox'
import { faultsOf } from './faults'
import { photoURL } from '@/work/photo-url'
import { fitInto } from './photos'

const whole = { project_id: 'p', date: '2026-11-23', hours: '7.5', activity_type_id: 'a', cost_center_id: 'c' }

describe('an entry', () => {
  it('can be saved when it is whole', () => expect(faultsOf(whole)).toEqual({}))
  it.each(['', '0', '0.2', '24.25', 'x', '-1'])('is not saved with %s hours', (hours) => {
    expect(faultsOf({ ...whole, hours })).toEqual({ hours: 'Hours must be between 0.25 and 24' })
  })
  it('says everything that is missing at once', () => {
    expect(Object.keys(faultsOf({ project_id: '', date: '', hours: '', activity_type_id: '', cost_center_id: '' })).sort()).toEqual(
      ['activity_type_id', 'cost_center_id', 'date', 'hours', 'project_id'],
    )
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
