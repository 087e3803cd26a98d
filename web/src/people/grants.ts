import type { Grant, Person, RolePermissions } from '@/api/people'

/** Where a permission of a person comes from. */
export type Origin = 'role' | 'granted' | 'denied' | 'not-held'

/** Compares what a person holds with what the role gives. */
export function originOf(grant: Grant, person: Pick<Person, 'role'>, roles: RolePermissions): Origin {
  const byRole = roles.rolePermissions[person.role][grant.permission] ?? false
  if (grant.granted) return byRole ? 'role' : 'granted'
  return byRole ? 'denied' : 'not-held'
}

export const originWords: Record<Origin, string> = {
  role: 'From the role',
  granted: 'Granted to this person',
  denied: 'Denied to this person',
  'not-held': 'Not held',
}

/** Notes a tick of a box, or forgets it when the box is again as it is stored. */
export function toggled(changed: Record<string, boolean>, key: string, to: boolean, stored: boolean): Record<string, boolean> {
  const rest = Object.fromEntries(Object.entries(changed).filter(([other]) => other !== key))
  return to === stored ? rest : { ...rest, [key]: to }
}
