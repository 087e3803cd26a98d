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

export interface StorageUse {
  place: 'local' | 's3' | 'google-drive'
  files: number
  bytes: number
  /** Files that were meant for another place, which did not take them yet, and why not. */
  moving: number
  problem: string | null
  missing: number
}
export interface Storage {
  driver: 'local' | 's3' | 'google-drive'
  basePath: string
  s3Bucket: string
  s3Region: string
  s3AccessKeyId: string
  s3SecretAccessKey: string
  s3Endpoint: string
  s3LinkBase: string
  googleDriveFolderId: string
  googleDriveClientId: string
  googleDriveClientSecretSet: boolean
  googleDriveRedirectUri: string
  googleDriveConnected: boolean
  from_environment: boolean
  uses: StorageUse[]
}
/** A secret that is empty or stars stays as it is. */
export type StorageInput = Pick<
  Storage,
  'driver' | 'basePath' | 's3Bucket' | 's3Region' | 's3AccessKeyId' | 's3SecretAccessKey' | 's3Endpoint' | 's3LinkBase' | 'googleDriveFolderId' | 'googleDriveClientId'
> & { googleDriveClientSecret: string }

export const getStorage = () => requestJSON<Storage>('GET', '/api/settings/storage')
/** Tries the place before anything is changed. */
export const putStorage = (body: StorageInput) => requestJSON<{ message: string }>('PUT', '/api/settings/storage', { body, timeoutMs: 60_000 })
export const testStorage = (body: StorageInput) => requestJSON<{ success: boolean; message: string }>('POST', '/api/settings/storage/test', { body, timeoutMs: 60_000 })
export const getDriveConsent = () => requestJSON<{ url: string }>('GET', '/api/settings/storage/google-drive/auth')
export const disconnectDrive = () => requestJSON<{ message: string }>('DELETE', '/api/settings/storage/google-drive')
