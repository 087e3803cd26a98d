import { queryOptions } from '@tanstack/react-query'
import { getPermissions, getPerson, getPersons, getRolePermissions, getSessions, getTokens } from '@/api/people'

export const personsKey = ['persons'] as const
export const personsQuery = queryOptions({ queryKey: [...personsKey, 'list'], queryFn: getPersons })
export const personQuery = (id: string) => queryOptions({ queryKey: [...personsKey, 'one', id], queryFn: () => getPerson(id) })
export const permissionsQuery = queryOptions({ queryKey: ['permissions'], queryFn: getPermissions })
export const rolePermissionsQuery = queryOptions({ queryKey: ['role-permissions'], queryFn: getRolePermissions })
/** Where a person is signed in; null is oneself. */
export const sessionsQuery = (person: string | null) => queryOptions({ queryKey: ['sessions', person], queryFn: () => getSessions(person) })
export const tokensQuery = queryOptions({ queryKey: ['tokens'], queryFn: getTokens })
