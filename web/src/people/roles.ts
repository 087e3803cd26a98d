import type { Role } from '@/api/types'

export const roleWords: Record<Role, string> = { admin: 'Administrator', manager: 'Manager', user: 'User' }
