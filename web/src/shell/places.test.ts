import { expect, it } from 'vitest'
import type { User } from '@/api/types'
import { mostUsed, placesFor } from './places'

const person = (role: User['role'], ...permissions: string[]): User => ({ id: 'u', email: 'u@example.com', name: 'U', role, permissions })
const titles = (user: User) => placesFor(user).map((group) => group.title)

it('shows a tech no money and nothing to set up', () => {
  const tech = person('user', 'can_create_timesheets', 'can_view_projects', 'can_view_clients')
  const places = placesFor(tech).flatMap((group) => group.places.map((place) => place.to))
  expect(places).toContain('/timesheets')
  expect(places).toContain('/projects')
  expect(places.filter((to) => to.startsWith('/financials') || to === '/unbilled' || to === '/settings')).toEqual([])
})

it('shows an administrator everything', () => {
  expect(titles(person('admin'))).toEqual(['Work', 'Money', 'Set-up'])
})

it('puts what is needed most within reach of a thumb', () => {
  expect(mostUsed(placesFor(person('admin'))).map((place) => place.to)).toEqual(['/timesheets', '/unbilled', '/financials/invoices', '/projects'])
  expect(mostUsed(placesFor(person('user', 'can_view_projects', 'can_view_clients'))).slice(0, 3).map((place) => place.to)).toEqual(['/timesheets', '/projects', '/clients'])
})
