import { expect, it } from 'vitest'
import { hitsOf } from './found'

it('shows what was found in groups, and no group that is empty', () => {
  const groups = hitsOf({
    clients: [{ id: 'c1', name: 'Harbour Café', contact_name: 'Jo', email: null, location: 'Ōtaki', status: 'active' }],
    projects: [],
    invoices: [{ id: 'i1', number: 'INV-00042', status: 'DRAFT', date: '2026-11-23', client_name: 'Harbour Café' }],
    timesheets: [{ id: 't1', date: '2026-11-23', hours: '7.5', notes: null, location: null, project_name: 'Switchboard', client_name: 'Harbour Café', user_name: 'Sam' }],
  })
  expect(groups.map(({ title }) => title)).toEqual(['Clients', 'Invoices', 'Timesheets'])
  expect(groups[0]?.hits[0]).toMatchObject({ label: 'Harbour Café', detail: 'Jo · Ōtaki' })
  expect(groups[1]?.hits[0]?.target).toEqual({ to: '/financials/invoices/$id', params: { id: 'i1' } })
  expect(groups[2]?.hits[0]).toMatchObject({ label: 'Switchboard · 7.5 h', detail: 'Sam · 23 Nov 2026' })
})
