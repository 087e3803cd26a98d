import { expect, it } from 'vitest'
import type { RolePermissions } from '@/api/people'
import { originOf } from './grants'

const roles: RolePermissions = {
  permissions: [],
  rolePermissions: { admin: {}, manager: { can_view_financials: true }, user: { can_view_financials: false, can_create_timesheets: true } },
}

it.each([
  ['user', 'can_create_timesheets', true, 'role'],
  ['user', 'can_view_financials', true, 'granted'],
  ['manager', 'can_view_financials', false, 'denied'],
  ['user', 'can_view_financials', false, 'not-held'],
  ['user', 'can_unlock_gate', true, 'granted'],
] as const)('a %s with %s %s has it %s', (role, permission, granted, origin) => expect(originOf({ permission, granted }, { role }, roles)).toBe(origin))
