/** The firm's settings: what there are, their values, pictures and a test of the mail. */

import { requestJSON } from './http'

export interface SettingWords {
  key: string
  group: string
  label: string
  description: string
  type: 'text' | 'multiline' | 'number' | 'boolean' | 'choice' | 'email' | 'secret' | 'timezone' | 'account' | 'picture' | 'json'
  choices?: string[]
  default: string
}

export const getSettingsSchema = () => requestJSON<SettingWords[]>('GET', '/api/settings/schema')
/** Changes all of them or none; the faults are by key. */
export const putSettings = (settings: { key: string; value: string }[]) =>
  requestJSON<{ message: string }>('PUT', '/api/settings', { body: { settings, global: true } })
export const sendTestMail = (email: string) => requestJSON<{ message: string }>('POST', '/api/settings/email/test', { body: { email }, timeoutMs: 90_000 })
export function uploadPicture(which: 'logo' | 'favicon', file: File) {
  const form = new FormData()
  form.set(which, file)
  return requestJSON<{ logo_url?: string; favicon_url?: string }>('POST', `/api/settings/${which}`, { body: form, timeoutMs: 120_000 })
}
