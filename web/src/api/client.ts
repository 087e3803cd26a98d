/**
 * The calls of the HTTP API, as functions; those of a newer noun stand with its shapes in a file
 * of its own (records.ts, people.ts, …). All throw ApiError or NoAnswerError (see errors.ts).
 */

import { request, requestJSON, withQuery } from './http'
import { getSlice } from './slices'
import { getVersioned, ifMatch } from './versions'
import type {
  Account,
  ActivityType,
  BatchAnswer,
  Client,
  CostCenter,
  CreatedInvoice,
  Invoice,
  InvoiceChange,
  InvoicePreview,
  InvoiceRequest,
  Lane,
  Page,
  PersonName,
  Project,
  PurchaseOrder,
  PurchaseOrderRequest,
  RetryChange,
  Settings,
  SyncedEntity,
  SyncHealth,
  SyncLog,
  SyncState,
  TaxRate,
  Timesheet,
  TimesheetGroup,
  TimesheetInput,
  Unbilled,
  User,
  XeroStatus,
} from './types'

const get = <T>(path: string, query: Record<string, string | number | boolean | null | undefined> = {}, signal?: AbortSignal) =>
  requestJSON<T>('GET', path, { query, signal })

// Session

export const signIn = (email: string, password: string) =>
  requestJSON<{ user: User }>('POST', '/api/auth/login', { body: { email, password } })
export const signOut = () => request('POST', '/api/auth/logout')
export const getMe = () => get<User>('/api/auth/me')
export const changePassword = (currentPassword: string, newPassword: string) =>
  requestJSON<{ message: string }>('PUT', '/api/auth/change-password', { body: { currentPassword, newPassword } })
export const updateProfile = (change: { name?: string; email?: string }) =>
  requestJSON<User>('PUT', '/api/auth/profile', { body: change })
export const getPeople = () => get<PersonName[]>('/api/users/names')

// Clients, projects, activity types, cost centres

export interface ListQuery {
  search?: string
  page?: number
  limit?: number
  sort?: string
  order?: 'asc' | 'desc'
  [filter: string]: string | number | undefined
}

export const getClients = (query: ListQuery, signal?: AbortSignal) => get<Page<Client>>('/api/clients', query, signal)
export const createClient = (fields: Partial<Client>, idempotencyKey: string) =>
  requestJSON<Client>('POST', '/api/clients', { body: fields, idempotencyKey })
export const updateClient = (id: string, fields: Partial<Client>) =>
  requestJSON<Client>('PUT', `/api/clients/${id}`, { body: fields })

export const getProjects = (query: ListQuery, signal?: AbortSignal) => get<Page<Project>>('/api/projects', query, signal)
export const createProject = (fields: Partial<Project>, idempotencyKey: string) =>
  requestJSON<Project>('POST', '/api/projects', { body: fields, idempotencyKey })
export const updateProject = (id: string, fields: Partial<Project>) =>
  requestJSON<Project>('PUT', `/api/projects/${id}`, { body: fields })

export const getActivityTypes = () => get<ActivityType[]>('/api/activity-types', { limit: 500 })
export const createActivityType = (fields: Partial<ActivityType>, idempotencyKey: string) =>
  requestJSON<ActivityType>('POST', '/api/activity-types', { body: fields, idempotencyKey })
export const updateActivityType = (id: string, fields: Partial<ActivityType>) =>
  requestJSON<ActivityType>('PUT', `/api/activity-types/${id}`, { body: fields })
export const deleteActivityType = (id: string) => request('DELETE', `/api/activity-types/${id}`)

export const getCostCenters = () => get<CostCenter[]>('/api/cost-centers', { limit: 500 })
export const createCostCenter = (fields: Partial<CostCenter>, idempotencyKey: string) =>
  requestJSON<CostCenter>('POST', '/api/cost-centers', { body: fields, idempotencyKey })
export const updateCostCenter = (id: string, fields: Partial<CostCenter>) =>
  requestJSON<CostCenter>('PUT', `/api/cost-centers/${id}`, { body: fields })
export const deleteCostCenter = (id: string) => request('DELETE', `/api/cost-centers/${id}`)

// Timesheets

/** All entries that match; the server hands them out in pages of a hundred. */
export async function getTimesheets(query: ListQuery, signal?: AbortSignal): Promise<Timesheet[]> {
  const rows: Timesheet[] = []
  for (let page = 1; ; page++) {
    const answer = await get<Page<Timesheet>>('/api/timesheets', { ...query, page, limit: 100 }, signal)
    rows.push(...answer.data)
    if (!answer.pagination.hasNext) return rows
  }
}

/** Records an entry once, however often it is sent with the same key. `uploads` are its photos, which have arrived. */
export const createTimesheet = (input: TimesheetInput, uploads: string[], idempotencyKey: string) =>
  requestJSON<Timesheet>('POST', '/api/timesheets', { body: { ...input, ...photosOf(uploads) }, idempotencyKey })
/** Records the entries of several people or activities together, all of them or none. */
export function createTimesheets(shared: TimesheetInput, group: TimesheetGroup, uploads: string[], idempotencyKey: string) {
  const { project_id, date, cost_center_id, notes, location, user_id } = shared
  const input = { project_id, date, cost_center_id, notes, location, user_id, activities: group.activities, ...(group.people.length > 0 ? { people: group.people } : {}) }
  return requestJSON<{ timesheets: Timesheet[]; warnings: string[] }>('POST', '/api/timesheets/batch', { body: { ...input, ...photosOf(uploads) }, idempotencyKey })
}
const photosOf = (uploads: string[]) => (uploads.length > 0 ? { upload_ids: uploads } : {})
export const updateTimesheet = (id: string, input: TimesheetInput, etag: string | null = null) =>
  requestJSON<Timesheet>('PUT', `/api/timesheets/${id}`, { body: input, headers: ifMatch(etag) })
export const deleteTimesheet = (id: string) => request('DELETE', `/api/timesheets/${id}`)
export const addTimesheetPhotos = (id: string, uploads: string[]) =>
  requestJSON<{ image_urls: string[] }>('POST', `/api/timesheets/${id}/images`, { body: photosOf(uploads) })
/** Puts the photos of an entry in an order, or one that was taken off it back. */
export const setTimesheetPhotos = (id: string, image_urls: string[]) => requestJSON<Timesheet>('PUT', `/api/timesheets/${id}`, { body: { image_urls } })
export const captionTimesheetPhoto = (id: string, index: number, caption: string) =>
  requestJSON<Timesheet>('PUT', `/api/timesheets/${id}/images/${index}`, { body: { caption } })
export const deleteTimesheetPhoto = (id: string, index: number) =>
  requestJSON<{ image_urls: string[] }>('DELETE', `/api/timesheets/${id}/images/${index}`)

// Unbilled work and invoices

export const getUnbilled = (query: { client_id?: string; page?: number; limit?: number }, signal?: AbortSignal) => get<Unbilled>('/api/xero/unbilled', query, signal)

export const previewInvoiceFromTimesheets = (body: InvoiceRequest, signal?: AbortSignal) =>
  requestJSON<InvoicePreview>('POST', '/api/xero/invoices/from-timesheets/preview', { body, signal })

/** Creates the invoice here; the answer comes at once, Xero gets the document in the background. */
export const createInvoiceFromTimesheets = (body: InvoiceRequest, idempotencyKey: string) =>
  requestJSON<CreatedInvoice>('POST', '/api/xero/invoices/from-timesheets', { body, idempotencyKey })

export const createInvoicesFromTimesheets = (invoices: InvoiceRequest[], idempotencyKey: string) =>
  requestJSON<BatchAnswer>('POST', '/api/xero/invoices/from-timesheets/batch', { body: { invoices }, idempotencyKey })

export interface DocumentQuery {
  search?: string
  sync_status?: string
  status?: string
  client_id?: string
  project_id?: string
  date_from?: string
  date_to?: string
  limit?: number
  include_deleted?: boolean
  [filter: string]: string | number | boolean | undefined
}

export const getInvoices = (query: DocumentQuery, signal?: AbortSignal, next?: string) =>
  getSlice<Invoice>('/api/xero/invoices', query, signal, next)

export const getInvoice = (id: string, signal?: AbortSignal) => getVersioned<Invoice>(`/api/xero/invoices/${id}`, signal)
export const updateInvoice = (id: string, change: InvoiceChange, etag: string | null) =>
  requestJSON<Invoice>('PUT', `/api/xero/invoices/${id}`, { body: change, headers: ifMatch(etag) })
export const deleteInvoice = (id: string) =>
  requestJSON<{ message: string }>('DELETE', `/api/xero/invoices/${id}`)
export const copyInvoice = (id: string, idempotencyKey: string) =>
  requestJSON<CreatedInvoice>('POST', `/api/xero/invoices/${id}/copy`, { body: {}, idempotencyKey })
export const invoicePDF = (id: string) => withQuery(`/api/xero/invoices/${id}/pdf`)
export const getInvoiceSyncStatus = (id: string) => get<SyncState>(`/api/xero/invoices/${id}/sync-status`)
export const retryInvoiceSync = (id: string, change: RetryChange = {}) =>
  requestJSON<SyncState>('POST', `/api/xero/invoices/${id}/retry-sync`, { body: change })

export const getClientSyncStatus = (id: string) => get<SyncState>(`/api/clients/${id}/sync-status`)
export const retryClientSync = (id: string, change: Pick<RetryChange, 'link'> = {}) =>
  requestJSON<SyncState>('POST', `/api/clients/${id}/retry-sync`, { body: change })

// Purchase orders

export const createPurchaseOrder = (body: PurchaseOrderRequest, idempotencyKey: string) =>
  requestJSON<PurchaseOrder & { message: string }>('POST', '/api/xero/purchase-orders', { body, idempotencyKey })
export const getPurchaseOrders = (query: DocumentQuery, signal?: AbortSignal, next?: string) =>
  getSlice<PurchaseOrder>('/api/xero/purchase-orders', query, signal, next)
export const getPurchaseOrder = (id: string, signal?: AbortSignal) =>
  getVersioned<PurchaseOrder>(`/api/xero/purchase-orders/${id}`, signal)
export const updatePurchaseOrder = (id: string, change: Partial<Omit<PurchaseOrderRequest, 'supplier_id' | 'po_number'>>, etag: string | null) =>
  requestJSON<PurchaseOrder>('PUT', `/api/xero/purchase-orders/${id}`, { body: change, headers: ifMatch(etag) })
export const deletePurchaseOrder = (id: string) =>
  requestJSON<{ message: string }>('DELETE', `/api/xero/purchase-orders/${id}`)
export const getPOSyncStatus = (id: string) => get<SyncState>(`/api/xero/purchase-orders/${id}/sync-status`)
export const retryPOSync = (id: string, change: RetryChange = {}) =>
  requestJSON<SyncState>('POST', `/api/xero/purchase-orders/${id}/retry-sync`, { body: change })

// The bridge to Xero

/** The calls that were made to Xero for one thing, newest first. */
export const getSyncLogs = (entityType: SyncedEntity, entityId: string, limit = 50) =>
  get<SyncLog[]>('/api/xero/sync-logs', { entity_type: entityType, entity_id: entityId, limit })
export const getSyncHealth = (signal?: AbortSignal) => get<SyncHealth>('/api/xero/sync-health', {}, signal)
export const getXeroStatus = () => get<XeroStatus>('/api/xero/status')
export const getXeroAuthURL = () => get<{ url: string; configured: boolean; redirectUri: string }>('/api/xero/auth/url')
export const disconnectXero = () => requestJSON<{ message: string }>('DELETE', '/api/xero/disconnect')
export const setLanePaused = (paused: boolean, reason?: string) =>
  requestJSON<Lane>('POST', '/api/xero/lane', { body: { paused, reason } })
export const getAccounts = () => get<Account[]>('/api/xero/accounts')
export const getTaxRates = () => get<TaxRate[]>('/api/xero/tax-rates')
export const getSettings = () => get<Settings>('/api/settings')
