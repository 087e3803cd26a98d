import { describe, expect, it } from 'vitest'
import { newForm, readForm, toData, usualTests } from './forms'

const known = { name: 'Wiremu', licence: 'E 1', contact: '021', today: '2026-05-04' }

describe('the forms of safety documents', () => {
  it.each(['jsa', 'electrical_compliance', 'electrical_safety_certificate'] as const)('a new %s is the same when it was stored and read again', (type) => {
    const data = toData(type, newForm(type, known))
    expect(toData(type, readForm(type, data))).toEqual(data)
  })

  it('begins a certificate of compliance with the tests of every installation', () => {
    const data = toData('electrical_compliance', newForm('electrical_compliance', known))
    expect((data.testing_results as { test: string }[]).map((row) => row.test)).toEqual(usualTests)
    expect(data.compliance_standards).toEqual(['AS/NZS 3000'])
  })

  it('keeps what it has no field for, and shows what others stored otherwise', () => {
    const form = readForm('electrical_compliance', { own: { a: 1 }, testing_results: 'All good', compliance_standards: ['A', 'B'], location: 7, safe_to_connect: 'yes' })
    expect(form.tests).toEqual([{ test: 'Results', circuit: '', result: 'All good', outcome: '' }])
    expect(form.texts.compliance_standards).toBe('A\nB')
    expect(form.texts.location).toBe('7')
    expect(form.ticks.safe_to_connect).toBe(false)
    expect(toData('electrical_compliance', form).own).toEqual({ a: 1 })
  })
})
