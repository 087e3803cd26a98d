/** People, what they may do, where they are signed in, their tokens and notifications. */

import { request, requestJSON } from './http'
import type { Instant, Role, User } from './types'
import type { Versioned } from './versions'
import { getVersioned, ifMatch } from './versions'

export interface Grant {
  permission: string
  granted: boolean
}

export interface Person {
  id: string
  email: string
  name: string
  role: Role
  is_active: boolean
  /** Has no password yet. */
  invited: boolean
  created_at: Instant
  updated_at: Instant
  /** Every active permission, and whether the person holds it. */
  permissions: Grant[]
}

/** A link that is good once; shown this once. */
export interface Invitation {
  invitation_link?: string
  mailed: boolean
}

export interface PermissionRecord {
  id: string
  key: string
  label: string
  description: string | null
  is_system: boolean
  is_custom: boolean
  is_active: boolean
}

export interface RolePermissions {
  permissions: { key: string; label: string; description: string | null }[]
  rolePermissions: Record<Role, Record<string, boolean>>
}

export interface SessionRow {
  id: string
  current: boolean
  user_agent: string
  ip_address: string
  created_at: Instant
  last_seen_at: Instant
  expires_at: Instant
}

export interface ApiToken {
  id: string
  name: string
  /** Its first characters. */
  hint: string
  scopes: string[]
  created_at: Instant
  expires_at: Instant | null
  last_used_at: Instant | null
}

export interface Notification {
  id: string
  kind: string
  title: string
  body: string | null
  /** A page of this app. */
  link: string | null
  created_at: Instant
  read_at: Instant | null
}

export const getPersons = () => requestJSON<Person[]>('GET', '/api/users', { query: { limit: 500 } })
export const getPerson = (id: string): Promise<Versioned<Person>> => getVersioned<Person>(`/api/users/${id}`)
export const createPerson = (fields: { name: string; email: string; role: Role }) =>
  requestJSON<Person & Invitation>('POST', '/api/users', { body: fields })
export const updatePerson = (id: string, change: Partial<Pick<Person, 'name' | 'email' | 'role' | 'is_active'>>, etag: string | null = null) =>
  requestJSON<Person>('PUT', `/api/users/${id}`, { body: change, headers: ifMatch(etag) })
export const deletePerson = (id: string) => request('DELETE', `/api/users/${id}`)
export const inviteAgain = (id: string) => requestJSON<Invitation>('POST', `/api/users/${id}/invitation`)
export const setPersonPermissions = (id: string, permissions: Grant[]) =>
  request('PUT', `/api/users/${id}/permissions`, { body: { permissions } })

export const getPermissions = () => requestJSON<PermissionRecord[]>('GET', '/api/permissions')
export const createPermission = (fields: { key: string; label: string; description?: string }, idempotencyKey: string) =>
  requestJSON<PermissionRecord>('POST', '/api/permissions', { body: fields, idempotencyKey })
export const updatePermission = (id: string, change: { label?: string; description?: string; is_active?: boolean }) =>
  requestJSON<PermissionRecord>('PUT', `/api/permissions/${id}`, { body: change })
export const deletePermission = (id: string) => request('DELETE', `/api/permissions/${id}`)
export const getRolePermissions = () => requestJSON<RolePermissions>('GET', '/api/role-permissions')
export const setRolePermissions = (rolePermissions: Partial<RolePermissions['rolePermissions']>) =>
  request('PUT', '/api/role-permissions', { body: { rolePermissions } })

// Sessions and tokens: of oneself, and for administrators of a person.

const sessionsPath = (person: string | null) => (person ? `/api/users/${person}/sessions` : '/api/auth/sessions')
export const getSessions = (person: string | null) => requestJSON<SessionRow[]>('GET', sessionsPath(person))
export const endSession = (person: string | null, id: string) => request('DELETE', `${sessionsPath(person)}/${id}`)
/** Of oneself the one in use goes on. */
export const endSessions = (person: string | null) => request('DELETE', sessionsPath(person))

export const getTokens = () => requestJSON<ApiToken[]>('GET', '/api/tokens')
export const createToken = (fields: { name: string; scopes: string[]; expires_at: Instant | null }) =>
  requestJSON<ApiToken & { token: string }>('POST', '/api/tokens', { body: fields })
export const revokeToken = (id: string) => request('DELETE', `/api/tokens/${id}`)

// Notifications

export const getNotifications = () => requestJSON<{ notifications: Notification[]; unread: number }>('GET', '/api/notifications')
export const readNotification = (id: string) => request('POST', `/api/notifications/${id}/read`)
export const readNotifications = () => request('POST', '/api/notifications/read-all')

// Without signing in

export interface Branding {
  company_name: string
  company_logo: string | null
  company_favicon: string | null
}

export interface Health {
  status: 'healthy' | 'unhealthy'
  database: { healthy: boolean; status: string }
  xero: { configured: boolean; connected: boolean; status: 'connected' | 'not_connected' | 'not_configured' }
}

export const getBranding = () => requestJSON<Branding>('GET', '/api/setup/branding')
export const getHealth = () => requestJSON<Health>('GET', '/api/health')
export const getSetupStatus = () => requestJSON<{ completed: boolean; message?: string }>('GET', '/api/setup/status')
export const setUpAdmin = (fields: { token: string; name: string; email: string; password: string; company_name: string; timezone: string }) =>
  requestJSON<{ user: User }>('POST', '/api/setup/admin', { body: fields })
export const forgotPassword = (email: string) => requestJSON<{ message: string }>('POST', '/api/auth/forgot-password', { body: { email } })
export const resetPassword = (token: string, password: string) => requestJSON<{ message: string }>('POST', '/api/auth/reset-password', { body: { token, password } })
export const acceptInvitation = (fields: { token: string; name?: string; password: string }) =>
  requestJSON<{ user: User }>('POST', '/api/auth/accept-invitation', { body: fields })
