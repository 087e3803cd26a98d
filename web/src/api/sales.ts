/** Quotes, payments, credit notes, invoices without timesheets, and mail about them. */

import type { Day } from '@/format/calendar'
import { requestJSON, withQuery } from './http'
import type { CreatedInvoice, Instant, Invoice, InvoiceLine } from './types'
import { getVersioned, ifMatch } from './versions'

/** A line of a quote, an invoice or a credit note as it is sent. */
export interface SaleLineInput {
  description: string
  quantity?: string
  unit_price?: string
  account_code?: string
  item_id?: string
}

export interface ManualInvoiceRequest {
  client_id: string
  project_id?: string
  line_items: SaleLineInput[]
  issue_date?: Day
  due_date?: Day
  reference?: string
  invoice_number?: string
}

export const createManualInvoice = (body: ManualInvoiceRequest, idempotencyKey: string) =>
  requestJSON<CreatedInvoice>('POST', '/api/xero/invoices', { body, idempotencyKey })

// Payments

export const paymentMethods = ['BANK_TRANSFER', 'CREDIT_CARD', 'CASH', 'CHECK', 'ONLINE'] as const
export type PaymentMethod = (typeof paymentMethods)[number]

export interface Payment {
  id: string
  invoice_id: string | null
  bill_id: string | null
  amount: string
  payment_date: Day
  payment_method: PaymentMethod
  reference: string | null
  account_code: string | null
  currency: string
  created_at: Instant
  updated_at: Instant
  deleted_at: Instant | null
  invoice_number: string | null
  bill_number: string | null
  /** Of a bill's payment: the supplier. */
  client_id: string | null
  client_name: string
}

export interface PaymentRequest {
  amount: string
  payment_date: Day
  payment_method: PaymentMethod
  reference?: string
  account_code?: string
}

export const createPayment = (body: PaymentRequest & ({ invoice_id: string } | { bill_id: string }), idempotencyKey: string) =>
  requestJSON<Payment>('POST', '/api/xero/payments', { body, idempotencyKey })

/** Keeps a payment of all that is due. */
export const markInvoicePaid = (id: string, body: Partial<PaymentRequest>, etag: string | null) =>
  requestJSON<Invoice>('PUT', `/api/xero/invoices/${id}/mark-paid`, { body, headers: ifMatch(etag) })

export const paymentPath = (id: string) => `/api/xero/payments/${id}`

// Quotes

export type QuoteStatus = 'DRAFT' | 'SENT' | 'ACCEPTED' | 'DECLINED' | 'INVOICED' | 'DELETED'

export interface Quote {
  id: string
  quote_number: string
  client_id: string | null
  client_name: string
  project_id: string | null
  project_name: string | null
  status: QuoteStatus
  expired: boolean
  subtotal: string
  total_tax: string
  total: string
  currency: string
  issue_date: Day
  expiry_date: Day | null
  title: string | null
  summary: string | null
  terms: string | null
  reference: string | null
  line_items: InvoiceLine[]
  /** What it became. */
  invoice_id: string | null
  invoice_number: string | null
  sent_at: Instant | null
  sent_to: string | null
  created_at: Instant
  updated_at: Instant
  deleted_at: Instant | null
}

export interface QuoteRequest {
  client_id: string
  project_id: string | null
  line_items: SaleLineInput[]
  issue_date: Day
  expiry_date: Day | null
  title: string
  summary: string
  terms: string
  reference: string
  quote_number?: string
}

export const quotePath = (id: string) => `/api/xero/quotes/${id}`
export const getQuote = (id: string, signal?: AbortSignal) => getVersioned<Quote>(quotePath(id), signal)
export const createQuote = (body: QuoteRequest, idempotencyKey: string) =>
  requestJSON<Quote>('POST', '/api/xero/quotes', { body, idempotencyKey })
export const updateQuote = (id: string, body: Partial<QuoteRequest>, etag: string | null) =>
  requestJSON<Quote>('PUT', quotePath(id), { body, headers: ifMatch(etag) })
export type QuoteAction = 'send' | 'accept' | 'decline' | 'reopen'
export const moveQuote = (id: string, action: QuoteAction, etag: string | null) =>
  requestJSON<Quote>('POST', `${quotePath(id)}/${action}`, { body: action === 'send' ? {} : undefined, headers: ifMatch(etag) })
export const convertQuote = (id: string, idempotencyKey: string) =>
  requestJSON<CreatedInvoice>('POST', `${quotePath(id)}/convert`, { idempotencyKey })
export const quotePDF = (id: string) => withQuery(`${quotePath(id)}/pdf`)

// Credit notes

export interface Allocation {
  id: string
  credit_note_id: string
  invoice_id: string
  invoice_number: string
  amount: string
  date: Day
  created_at: Instant
}

export interface CreditNote {
  id: string
  credit_note_number: string
  client_id: string | null
  client_name: string
  /** What it was made for. */
  invoice_id: string | null
  invoice_number: string | null
  status: string
  subtotal: string
  total_tax: string
  /** With tax. */
  amount: string
  remaining_credit: string
  currency: string
  date: Day
  reason: string | null
  line_items: InvoiceLine[]
  allocations: Allocation[]
  created_at: Instant
  updated_at: Instant
  deleted_at: Instant | null
}

export interface CreditRequest {
  invoice_id: string
  /** With tax; everything that is due when neither this nor lines are sent. */
  amount?: string
  date?: Day
  reason?: string
}

export const creditNotePath = (id: string) => `/api/xero/credit-notes/${id}`
export const getCreditNote = (id: string, signal?: AbortSignal) => requestJSON<CreditNote>('GET', creditNotePath(id), { signal })
export const createCreditNote = (body: CreditRequest, idempotencyKey: string) =>
  requestJSON<CreditNote>('POST', '/api/xero/credit-notes', { body, idempotencyKey })
export const applyCreditNote = (id: string, invoice_id: string, amount?: string) =>
  requestJSON<CreditNote & { message: string }>('POST', `${creditNotePath(id)}/apply`, { body: { invoice_id, amount } })
export const unapplyCreditNote = (id: string, allocation_id: string) =>
  requestJSON<CreditNote & { message: string }>('POST', `${creditNotePath(id)}/unapply`, { body: { allocation_id } })

// Mail

export interface Mail {
  id: string
  kind: string
  recipient: string
  subject: string
  status: 'queued' | 'sending' | 'sent' | 'failed'
  /** Why it failed, or waits. */
  error: string | null
  attempts: number
  created_at: Instant
  sent_at: Instant | null
}

/** What is left out is as the program words it. */
export interface MailRequest {
  to?: string
  subject?: string
  message?: string
  /** Of an invoice: with the approved certificates of its projects. */
  attach_certificates?: boolean
}

export type Mailed = 'invoices' | 'quotes'

export const getMails = (kind: Mailed, id: string, signal?: AbortSignal) => requestJSON<Mail[]>('GET', `/api/xero/${kind}/${id}/mails`, { signal })
export const sendByMail = (kind: Mailed, id: string, body: MailRequest, idempotencyKey: string) =>
  requestJSON<unknown>('POST', `/api/xero/${kind}/${id}/send`, { body: kind === 'quotes' ? { ...body, email: true } : body, idempotencyKey })

// Reminders

export interface ReminderSchedule {
  days_after_due: number[]
  enabled: boolean
  /** Empty for the program's own words. */
  email_template: string
}

export interface Reminder {
  id: string
  invoice_id: string
  invoice_number: string
  client_name: string
  /** "manual", or a threshold such as "days_7". */
  reminder_type: string
  sent_date: Day
  sent_to: string | null
  mail_status: Mail['status'] | null
  mail_error: string | null
  /** Noted as passed, but nothing was sent. */
  skipped: boolean
  created_at: Instant
}

export const getReminderSchedule = (signal?: AbortSignal) => requestJSON<ReminderSchedule>('GET', '/api/xero/reminders/schedule', { signal })
export const putReminderSchedule = (body: Partial<ReminderSchedule>) =>
  requestJSON<{ schedule: ReminderSchedule }>('PUT', '/api/xero/reminders/schedule', { body })
export const sendReminder = (invoice_id: string, idempotencyKey: string) =>
  requestJSON<{ message: string; reminder: Reminder }>('POST', '/api/xero/reminders/send', { body: { invoice_id, reminder_type: 'manual' }, idempotencyKey })
export const processReminders = () => requestJSON<{ sent: number; failed: number }>('POST', '/api/xero/reminders/process')
