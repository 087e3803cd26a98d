import type { Invoice, PurchaseOrder, SyncFields } from '@/api/types'
import type { Day } from '@/format/calendar'

/** What an invoice and a purchase order have in common on the screens that follow them to Xero. */
export interface SyncedDocument {
  kind: 'invoice' | 'purchase_order'
  id: string
  number: string
  party: string
  project: string | null
  date: Day
  /** When it falls due, or is to be delivered. */
  due: Day | null
  total: string
  currency: string
  status: string
  /** The document's id in Xero; null until Xero has answered with it. */
  xeroId: string | null
  sync: SyncFields
}

export const invoiceDocument = (row: Invoice): SyncedDocument => ({
  kind: 'invoice',
  id: row.id,
  number: row.invoice_number,
  party: row.client_name,
  project: row.project_name,
  date: row.issue_date,
  due: row.due_date,
  total: row.total,
  currency: row.currency,
  status: row.status,
  xeroId: row.xero_invoice_id,
  sync: row,
})

export const purchaseOrderDocument = (row: PurchaseOrder): SyncedDocument => ({
  kind: 'purchase_order',
  id: row.id,
  number: row.po_number,
  party: row.supplier_name,
  project: `${row.project_code} ${row.project_name}`,
  date: row.date,
  due: row.delivery_date,
  total: row.total_amount,
  currency: row.currency,
  status: row.status,
  xeroId: row.xero_po_id,
  sync: row,
})

/** "AUTHORISED" as "Authorised". */
export const statusWords = (status: string): string => status.charAt(0) + status.slice(1).toLowerCase().replaceAll('_', ' ')

/** A document that Xero no longer counts; nothing more can be done with it here. */
export const isGone = (status: string): boolean => status === 'VOIDED' || status === 'DELETED'

export const documentWords = { invoice: 'invoice', purchase_order: 'purchase order' } as const
