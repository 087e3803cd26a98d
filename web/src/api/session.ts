import { queryOptions } from '@tanstack/react-query'
import { createContext, use } from 'react'
import { getMe, getPeople } from './client'
import { forgetKept, read, write } from './device'
import { ApiError, NoAnswerError } from './errors'
import { queryClient } from './query'
import type { User } from './types'

const keptUser = 'user'

/** Who is signed in; null when nobody is. Without signal, who was when there last was one. */
export const sessionQuery = queryOptions({
  queryKey: ['me'],
  staleTime: 5 * 60_000,
  queryFn: async (): Promise<User | null> => {
    try {
      const user = await getMe()
      await write('kept', user, keptUser).catch(() => undefined)
      return user
    } catch (error) {
      if (error instanceof ApiError && error.status === 401) return null
      if (error instanceof NoAnswerError) {
        const kept = await read<User>('kept', keptUser).catch(() => undefined)
        if (kept) return kept
      }
      throw error
    }
  },
})

export const peopleQuery = queryOptions({ queryKey: ['people'], queryFn: getPeople, staleTime: 5 * 60_000 })

/** Makes the app forget who was signed in and what was read for them. */
export async function forgetSession(): Promise<void> {
  await forgetKept().catch(() => undefined)
  queryClient.setQueryData(sessionQuery.queryKey, null)
  queryClient.removeQueries({ predicate: (query) => query.queryKey[0] !== 'me' })
}

export const UserContext = createContext<User | null>(null)

/** The person who is signed in; only for what stands behind the sign-in. */
export function useUser(): User {
  const user = use(UserContext)
  if (!user) throw new Error('useUser was called outside the sign-in gate.')
  return user
}

export type Permission =
  | 'can_create_timesheets' | 'can_view_own_timesheets' | 'can_edit_own_timesheets' | 'can_delete_own_timesheets' | 'can_view_projects'
  | 'can_view_clients' | 'can_view_dashboard' | 'can_view_financials' | 'can_edit_projects' | 'can_view_all_timesheets' | 'can_manage_clients'
  | 'can_view_reports' | 'can_export_data' | 'can_create_invoices' | 'can_manage_users' | 'can_sync_xero' | 'can_edit_activity_types'
  | 'can_manage_cost_centers' | 'can_manage_settings' | 'can_approve_timesheets'

/** Whether the person may do this. The server decides again; this only hides what it would refuse. */
export function may(user: User, permission: Permission): boolean {
  return user.role === 'admin' || user.permissions.includes(permission)
}
