/** Bills, expenses, items and their stock, the bank, and how the money stands. */

import type { Day } from '@/format/calendar'
import { request, requestJSON } from './http'
import type { Instant, Pagination } from './types'
import { getVersioned, ifMatch } from './versions'
import type { PaymentRequest } from './sales'

/** A line of a bill as it is sent. */
export interface PurchaseLineInput {
  description: string
  quantity: string
  unit_amount: string
  account_code?: string
  cost_center_id?: string
  item_id?: string
  po_line_id?: string
}

// Bills

export interface BillLine {
  id: string
  description: string
  quantity: string
  unit_amount: string
  account_code: string | null
  tax_rate: string | null
  tax_amount: string | null
  line_amount: string
  cost_center_id: string | null
  cost_center_code: string | null
  cost_center_name: string | null
  item_id: string | null
  po_line_id: string | null
}

export interface Bill {
  id: string
  bill_number: string
  supplier_id: string | null
  supplier_name: string
  purchase_order_id: string | null
  po_number: string | null
  project_id: string | null
  project_code: string | null
  project_name: string | null
  status: string
  subtotal: string
  total_tax: string
  /** With tax. */
  amount: string
  amount_paid: string
  amount_due: string
  currency: string
  date: Day
  due_date: Day | null
  paid_date: Day | null
  reference: string | null
  /** The scan that it was made of. */
  scanned_document_id: string | null
  line_items: BillLine[]
  created_at: Instant
  updated_at: Instant
  deleted_at: Instant | null
}

export interface BillRequest {
  supplier_id: string
  project_id?: string
  date: Day
  due_date?: Day
  bill_number?: string
  reference?: string
  status?: string
  scanned_document_id?: string
  line_items: PurchaseLineInput[]
}

export interface BillChange {
  project_id?: string | null
  date?: Day
  due_date?: Day | null
  bill_number?: string
  reference?: string | null
  status?: string
  line_items?: PurchaseLineInput[]
}

export const billPath = (id: string) => `/api/xero/bills/${id}`
export const getBill = (id: string, signal?: AbortSignal) => getVersioned<Bill>(billPath(id), signal)
export const createBill = (body: BillRequest, idempotencyKey: string) => requestJSON<Bill>('POST', '/api/xero/bills', { body, idempotencyKey })
export const updateBill = (id: string, body: BillChange, etag: string | null) =>
  requestJSON<Bill>('PUT', billPath(id), { body, headers: ifMatch(etag) })
export const payBill = (id: string, body: Partial<PaymentRequest>, idempotencyKey: string) =>
  requestJSON<Bill>('POST', `${billPath(id)}/pay`, { body, idempotencyKey })

/** What of a purchase order to bill; without lines, everything that is not billed yet. */
export interface OrderConversion {
  date?: Day
  due_date?: Day
  bill_number?: string
  scanned_document_id?: string
  lines?: { po_line_id: string; quantity: string }[]
}

export const convertOrder = (id: string, body: OrderConversion, idempotencyKey: string) =>
  requestJSON<Bill>('POST', `/api/xero/purchase-orders/${id}/convert-to-bill`, { body, idempotencyKey })

// Expenses

export interface Expense {
  id: string
  /** Who paid. */
  user_id: string | null
  user_name: string
  project_id: string | null
  project_code: string
  project_name: string
  cost_center_id: string | null
  cost_center_code: string
  cost_center_name: string
  status: string
  currency: string
  date: Day
  description: string | null
  /** With tax. */
  amount: string
  /** Of the amount. */
  tax: string
  account_code: string | null
  receipt_url: string | null
  scanned_document_id: string | null
  created_at: Instant
  updated_at: Instant
  deleted_at: Instant | null
}

export interface ExpenseRequest {
  project_id: string | null
  cost_center_id: string | null
  amount: string
  /** Null for what the account says. */
  tax?: string | null
  date: Day
  description: string
  receipt_url?: string | null
  account_code: string
  scanned_document_id?: string
}

export const expensePath = (id: string) => `/api/xero/expenses/${id}`
export const getExpense = (id: string, signal?: AbortSignal) => getVersioned<Expense>(expensePath(id), signal)
export const createExpense = (body: ExpenseRequest, idempotencyKey: string) =>
  requestJSON<Expense>('POST', '/api/xero/expenses', { body, idempotencyKey })
export const updateExpense = (id: string, body: ExpenseRequest, etag: string | null) =>
  requestJSON<Expense>('PUT', expensePath(id), { body, headers: ifMatch(etag) })
export type ExpenseStep = 'submit' | 'approve' | 'pay'
export const advanceExpense = (id: string, step: ExpenseStep, etag: string | null) =>
  requestJSON<Expense>('POST', `${expensePath(id)}/${step}`, { headers: ifMatch(etag) })

// Items

export interface Item {
  id: string
  code: string
  name: string
  description: string | null
  purchase_price: string
  sale_price: string
  stock_level: string
  is_tracked: boolean
  inventory_asset_account_code: string | null
  sales_account_code: string | null
  purchase_account_code: string | null
  is_active: boolean
  created_at: Instant
  updated_at: Instant
}

export interface ItemRequest {
  code: string
  name: string
  description: string
  purchase_price: string
  sale_price: string
  is_tracked: boolean
  sales_account_code: string
  purchase_account_code: string
  is_active: boolean
  /** Only of a new item: what is there already. */
  stock_level?: string
}

export interface StockMovement {
  id: string
  item_id: string
  /** Less than 0 when stock went away. */
  quantity: string
  reason: string
  actor: string
  created_at: Instant
}

export const getItem = (id: string, signal?: AbortSignal) => getVersioned<Item>(`/api/xero/items/${id}`, signal)
export const createItem = (body: ItemRequest, idempotencyKey: string) => requestJSON<Item>('POST', '/api/xero/items', { body, idempotencyKey })
export const updateItem = (id: string, body: Partial<ItemRequest>, etag: string | null) =>
  requestJSON<Item>('PUT', `/api/xero/items/${id}`, { body, headers: ifMatch(etag) })
export const deleteItem = (id: string) => requestJSON<{ message: string }>('DELETE', `/api/xero/items/${id}`)
export const setStock = (id: string, stock_level: string, reason: string | undefined, etag: string | null) =>
  requestJSON<Item>('PUT', `/api/xero/items/${id}/stock`, { body: { stock_level, reason }, headers: ifMatch(etag) })

// The bank

export interface BankTransaction {
  id: string
  bank_account_code: string | null
  bank_account_name: string | null
  date: Day
  amount: string
  type: 'RECEIVE' | 'SPEND'
  description: string | null
  reference: string | null
  contact_id: string | null
  payment_id: string | null
  reconciled: boolean
  reconciled_date: Day | null
  /** Who it is with. */
  contact_name: string | null
  /** Whose document the payment is for. */
  client_name: string | null
  document_number: string | null
}

export interface BankTransactionRequest {
  date: Day
  amount: string
  type: 'RECEIVE' | 'SPEND'
  description?: string
  reference?: string
}

export interface BankSuggestion {
  kind: 'payment' | 'invoice' | 'bill'
  id: string
  /** Of the document. */
  number: string
  client_name: string
  /** Of the payment, or when the document is due. */
  date: Day
  amount: string
}

export interface StatementAnswer {
  dry_run: boolean
  rows: number
  /** Or would be, in a dry run. */
  imported: number
  already_imported: number
  errors: { field: string; message: string }[]
  /** The first of a dry run, to look at. */
  transactions: BankTransaction[]
  message: string
}

export const createBankTransaction = (body: BankTransactionRequest, idempotencyKey: string) =>
  requestJSON<BankTransaction>('POST', '/api/xero/bank-transactions', { body, idempotencyKey })
export const getBankSuggestions = (id: string, signal?: AbortSignal) =>
  requestJSON<{ suggestions: BankSuggestion[] }>('GET', `/api/xero/bank-transactions/${id}/suggestions`, { signal })
export const reconcile = (transaction_id: string, payment_id: string) =>
  requestJSON<{ message: string; transaction: BankTransaction }>('POST', '/api/xero/reconcile', { body: { transaction_id, payment_id } })
export const unreconcile = (transaction_id: string) =>
  requestJSON<{ message: string; transaction: BankTransaction }>('POST', '/api/xero/unreconcile', { body: { transaction_id } })

export async function importStatement(file: File, account: string, dryRun: boolean): Promise<StatementAnswer> {
  const form = new FormData()
  form.set('dry_run', String(dryRun))
  if (account) form.set('bank_account_name', account)
  form.set('file', file)
  const response = await request('POST', '/api/xero/bank-transactions/import', { body: form, timeoutMs: 120_000 })
  return (await response.json()) as StatementAnswer
}

// How the money stands

export interface MoneySummary {
  /** With tax, of invoices that were issued. */
  outstanding_invoices: string
  paid_this_month: string
  pending_quotes: { total: string; count: number }
  /** Six months, without tax. */
  revenue_by_month: { month: string; total: string }[]
  top_clients: { id: string; name: string; total_revenue: string }[]
  as_of: Day
  currency: string
}

export interface AgedAmounts {
  current: string
  days_1_30: string
  days_31_60: string
  days_61_90: string
  over_90: string
  total: string
  documents: number
}

export type AgedKind = 'receivables' | 'payables'

export interface AgedAnswer {
  kind: AgedKind
  as_of: Day
  currency: string
  /** Of all; those on the page follow. */
  total: AgedAmounts
  clients: (AgedAmounts & { id: string | null; name: string })[]
  pagination: Pagination
}

export const getMoneySummary = (signal?: AbortSignal) => requestJSON<MoneySummary>('GET', '/api/xero/summary', { signal })
export const getAged = (query: { kind: AgedKind; page: number; limit: number }, signal?: AbortSignal) => requestJSON<AgedAnswer>('GET', '/api/xero/aged', { query, signal })
