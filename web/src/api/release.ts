/** Documents taken over from the former product: what a person says of them. */

import { requestJSON } from './http'
import type { SyncState } from './types'

export interface Released {
  id: string
  entity_type: 'invoice' | 'purchase_order'
  released: boolean
  /** Why not. */
  error: string | null
}

export const releaseDocument = (kind: 'invoice' | 'purchase_order', id: string, body: { action: 'send' | 'keep' | 'link'; xero_id?: string }) =>
  requestJSON<SyncState>('POST', `/api/xero/${kind === 'invoice' ? 'invoices' : 'purchase-orders'}/${id}/release`, { body })
export const releaseDocuments = (ids: string[], action: 'send' | 'keep') => requestJSON<Released[]>('POST', '/api/xero/release', { body: { ids, action } })
