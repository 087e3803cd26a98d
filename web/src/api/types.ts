/** The shapes of the HTTP API. Money and hours are decimal text unless a comment says otherwise. */

import type { Day } from '@/format/calendar'

/** A time of the server, RFC 3339 in UTC. */
export type Instant = string

export type Role = 'admin' | 'manager' | 'user'

export interface User {
  id: string
  email: string
  name: string
  role: Role
  permissions: string[]
}

export interface PersonName {
  id: string
  name: string
  role: Role
}

export interface Pagination {
  page: number
  limit: number
  total: number
  totalPages: number
  hasNext: boolean
  hasPrev: boolean
}

export interface Page<Row> {
  data: Row[]
  pagination: Pagination
}

/** A part of a list, and the address of the rows that follow; null at the end. */
export interface Slice<Row> {
  rows: Row[]
  next: string | null
}

export type ClientType = 'customer' | 'supplier' | 'both'
export type PaymentTermsType = 'DAYSAFTERBILLDATE' | 'DAYSAFTERBILLMONTH' | 'OFCURRENTMONTH' | 'OFFOLLOWINGMONTH'

export interface Client {
  id: string
  name: string
  contact_name: string | null
  email: string | null
  phone: string | null
  address: string | null
  location: string | null
  billing_address: string | null
  billing_email: string | null
  client_type: ClientType | null
  notes: string | null
  status: string
  payment_terms_type: PaymentTermsType
  payment_terms_day: number
  xero_contact_id: string | null
  sync_status: SyncStatus | null
  /** Why nothing is invoiced to them for now. */
  billing_hold: string | null
  active_projects: number | string | null
  total_hours: string | null
  total_spent: string | null
  total_purchase_orders: number
  last_contact: Day | null
  created_at: Instant
  deleted_at: Instant | null
}

export type BillingMethod = 'time_and_materials' | 'fixed_price' | 'non_billable'

export interface Project {
  id: string
  code: string
  name: string
  client_id: string | null
  client_name: string | null
  status: string
  budget: string | null
  actual_cost: string | null
  description: string | null
  start_date: Day | null
  end_date: Day | null
  hours_logged: string | null
  cost_center_ids: (string | null)[]
  cost_center_codes: (string | null)[]
  billing_method: BillingMethod
  /** Nothing is invoiced before the project is completed. */
  bill_on_completion: boolean
  /** Why nothing of it is invoiced for now. */
  billing_hold: string | null
  /** The certificate without which, approved, its work is not invoiced. */
  certificate_required: 'electrical_compliance' | 'electrical_safety_certificate' | null
  created_at: Instant
  deleted_at: Instant | null
}

export interface ActivityType {
  id: string
  name: string
  icon: string
  color: string
  hourly_rate: string
  /** What an hour costs the firm; null when it is what is charged, absent for those who may not see it. */
  cost_rate?: string | null
  is_active: boolean
  usage_count: number | string | null
}

export interface CostCenter {
  id: string
  code: string
  name: string
  description: string | null
  budget: string | null
  client_po_number: string | null
  is_active: boolean
  total_hours: string | null
  /** Money is null for those who may not see it. */
  total_cost: string | null
  project_count?: number
}

/** A file that an entry shows. */
export interface TimesheetPhoto {
  /** Empty for a link to a picture elsewhere. */
  id: string
  url: string
  preview_url: string
  caption: string
  file_name: string
  content_type: string
  /** The place that has it now, and where it goes as soon as that takes it. */
  stored_in: 'local' | 's3' | 'google-drive' | ''
  moves_to?: string
  missing?: boolean
}

export interface Timesheet {
  id: string
  user_id: string
  user_name: string
  project_id: string
  project_name: string
  project_code: string
  client_id: string | null
  client_name: string | null
  date: Day
  hours: string
  activity_type_id: string
  activity_type_name: string
  activity_type_color: string | null
  cost_center_id: string
  cost_center_code: string
  cost_center_name: string
  notes: string | null
  location: string | null
  image_urls: string[] | null
  /** What the images are, in their order; an answer kept from before may lack it. */
  photos?: TimesheetPhoto[]
  hourly_rate: string
  amount: string
  billing_status: 'unbilled' | 'billed' | 'paid'
  invoice_id: string | null
  invoice_number: string | null
  billable: boolean
  approved_at: Instant | null
  approved_by_name: string | null
  /** Why it is not to be invoiced for now. */
  hold_reason: string | null
  updated_at: Instant
  deleted_at: Instant | null
}

export interface TimesheetInput {
  project_id: string
  date: Day
  hours: string
  activity_type_id: string
  cost_center_id: string
  notes: string
  location?: string
  billable?: boolean
  /** Somebody else's work; absent for the own. */
  user_id?: string
}

/** Entries that are recorded together: every person with every activity. */
export interface TimesheetGroup {
  /** None is the person who records them. */
  people: string[]
  activities: { activity_type_id: string; hours: string; billable: boolean }[]
}

export interface Ages {
  '0_30': string
  '31_60': string
  '61_90': string
  over_90: string
}

/** Why work is unbilled, what would change it, who must act, and where. */
export interface Reason {
  code: string
  message: string
  remedy: string
  who_must_act: WhoMustAct
  link: string
}

export interface ReasonSum extends Reason {
  hours: string
  total: string
  timesheets: number
}

export interface WorkSum {
  hours: string
  total: string
  timesheets: number
}

export interface UnbilledClient {
  client_id: string
  client_name: string
  hours: string
  total: string
  /** Of the total, what can be invoiced now. */
  ready_total: string
  reasons: ReasonSum[]
  oldest_date: Day
  age_days: number
  ages: Ages
  timesheets_count: number
  projects: {
    project_id: string
    project_code: string
    project_name: string
    hours: string
    total: string
    ready_total: string
    reasons: ReasonSum[]
    timesheets_count: number
    oldest_date: Day
  }[]
}

export interface Unbilled {
  as_of: Day
  total: string
  hours: string
  ready_total: string
  /** Of everybody's work that is not billed for good: each entry under its first reason. */
  reasons: ReasonSum[]
  explained: WorkSum
  /** Of all clients; those on the page follow. */
  ages: Ages
  clients: UnbilledClient[]
  pagination: Pagination
}

export type SyncStatus = 'pending' | 'synced' | 'failed'
export type Phase = 'queued' | 'sending' | 'checking' | 'waiting' | 'synced' | 'failed'
/** The reasons that a person can do something about here; there are others. */
export type WaitReason = 'tax' | 'contact' | 'conflict' | 'number_taken' | 'voided_in_xero' | 'vanished' | (string & {})
export type WhoMustAct = 'nobody' | 'office' | 'admin' | 'accountant'

/** What every document that goes to Xero says about its way there. */
export interface SyncFields {
  sync_status: SyncStatus | null
  /** The order to send it that is under way or was last carried out. */
  xero_sync_id: string | null
  phase: Phase | null
  attempt: number
  max_attempts: number
  next_attempt_at: Instant | null
  error_message: string | null
  who_must_act: WhoMustAct | null
  /** Why a document waits, or for what reason it failed. */
  wait_reason: WaitReason | null
  /** While Xero is being asked whether a write arrived: the time by which the answer is certain. */
  certain_at: Instant | null
  sync_warning: string | null
  xero_total: string | null
  xero_url: string | null
  synced_at: Instant | null
}

export interface SyncState {
  sync_status: SyncStatus | null
  xero_sync_id: string | null
  phase: Phase | null
  attempt: number
  max_attempts: number
  next_attempt_at: Instant | null
  error_message: string | null
  who_must_act: WhoMustAct | null
  wait_reason: WaitReason | null
  warning: string | null
  /** While Xero is being asked whether a write arrived: the time by which the answer is certain. */
  certain_at: Instant | null
}

export type InvoiceStatus = 'DRAFT' | 'SUBMITTED' | 'AUTHORISED' | 'PAID' | 'VOIDED' | 'DELETED'

export interface InvoiceLine {
  id: string
  description: string
  quantity: string
  unit_price: string
  amount: string
  account_code: string | null
  tax_type: string | null
  tax_rate: string | null
  tax_amount: string | null
  item_id: string | null
  timesheet_ids: string[] | null
}

export interface Invoice extends SyncFields {
  id: string
  invoice_number: string
  xero_invoice_id: string | null
  client_id: string
  client_name: string
  project_id: string | null
  project_name: string | null
  status: InvoiceStatus
  subtotal: string
  total_tax: string
  total: string
  amount_due: string
  /** Or credited. */
  amount_paid: string
  payment_status: 'unpaid' | 'partially_paid' | 'paid'
  last_payment_date: Day | null
  /** By mail. */
  sent_at: Instant | null
  sent_to: string | null
  /** The invoice that it replaces. */
  copy_of: string | null
  currency: string
  issue_date: Day
  due_date: Day | null
  reference: string | null
  line_items: InvoiceLine[]
  timesheets_count: number
  created_at: Instant
  updated_at: Instant
  deleted_at: Instant | null
  /** Only of a single invoice. */
  timesheets?: Timesheet[]
  /** Only of a single invoice: the payments and credits kept for it here. */
  settlements?: { entity_type: 'payment' | 'credit_note'; entity_id: string; number: string | null; amount: string; date: Day }[]
}

export type GroupBy = 'activity' | 'person' | 'project' | 'day' | 'entry'

export interface InvoiceRequestLine {
  /** Names a previewed line, of which the description is then the only thing changed. */
  key?: string
  description?: string
  quantity?: string
  unit_price?: string
  account_code?: string
}

export interface InvoiceRequest {
  client_id: string
  project_id?: string
  date_from?: Day
  date_to?: Day
  period?: 'week' | 'month'
  due_date?: Day
  invoice_number?: string
  reference?: string
  timesheet_ids?: string[]
  /** Chooses entries like timesheet_ids, and may take only a part of an entry's hours. */
  timesheets?: { id: string; hours?: string }[]
  group_by?: GroupBy
  lines?: InvoiceRequestLine[]
  preview_hash?: string
}

/** In a preview, quantities and amounts are JSON numbers. */
export interface InvoicePreview {
  client_id: string
  client_name: string
  project_id: string | null
  invoice_number: string
  issue_date: Day
  due_date: Day
  reference: string | null
  line_items: {
    key: string | null
    description: string
    quantity: number
    unit_price: number
    amount: number
    tax_rate: number | null
    tax_amount: number | null
    timesheet_ids: string[] | null
  }[]
  subtotal: number
  total_tax: number
  total: number
  timesheets_count: number
  timesheet_ids: string[]
  date_range: { from: Day | null; to: Day | null } | null
  currency: string
  document_status: string
  warnings: string[] | null
  preview_hash: string
}

export interface CreatedInvoice extends Invoice {
  message: string
}

export interface BatchAnswer {
  results: {
    client_id: string
    status: number
    id: string | null
    invoice_number: string | null
    total: string | null
    error: string | null
  }[]
  created: number
  failed: number
}

export interface InvoiceChange {
  due_date?: Day
  issue_date?: Day
  reference?: string
  lines?: { id?: string; description: string; quantity: string; unit_price: string; account_code?: string }[]
}

export interface RetryChange {
  invoice_number?: string
  po_number?: string
  /** Sends the document with the tax that Xero works out. */
  accept_tax?: boolean
  /** Takes the document that is already in Xero as this one. */
  link?: boolean
}

export interface PurchaseOrderLine {
  id: string
  description: string
  quantity: string
  unit_amount: string
  account_code: string | null
  cost_center_id: string | null
  cost_center_code: string | null
  cost_center_name: string | null
  line_amount: string
  tax_rate: string | null
  tax_amount: string | null
  /** How much of it is on bills. */
  billed_quantity: string
}

export interface PurchaseOrder extends SyncFields {
  id: string
  po_number: string
  xero_po_id: string | null
  supplier_id: string
  supplier_name: string
  project_id: string
  project_code: string
  project_name: string
  status: string
  date: Day
  delivery_date: Day | null
  subtotal: string
  total_tax: string
  total_amount: string
  currency: string
  notes: string | null
  line_items_detail: PurchaseOrderLine[]
  created_at: Instant
  updated_at: Instant
}

export interface PurchaseOrderRequest {
  supplier_id: string
  project_id: string
  date: Day
  delivery_date?: Day
  po_number?: string
  notes?: string
  line_items: {
    description: string
    quantity: string
    unit_amount: string
    account_code?: string
    cost_center_id?: string
  }[]
}

export type SyncedEntity = 'invoice' | 'purchase_order' | 'timesheet' | 'client' | 'connection'

export interface SyncLog {
  id: string
  entity_type: SyncedEntity
  entity_id: string
  attempt: number
  operation: string
  method: string | null
  path: string | null
  request_payload: unknown
  response_payload: unknown
  status_code: number | null
  outcome: string | null
  error_message: string | null
  created_at: Instant
  finished_at: Instant | null
  duration_ms: number | null
  idempotency_key: string | null
  correlation_id: string | null
  xero_correlation_id: string | null
}

export interface Lane {
  paused: boolean
  paused_reason: string | null
  paused_by: string | null
  breaker: 'closed' | 'open' | 'half_open'
  next_probe_at: Instant | null
  parked_until: Instant | null
  parked_reason: string | null
  in_flight: number
  /** Why everything waits, for a person; null while sending goes on. */
  message: string | null
  minute_remaining: number | null
  day_remaining: number | null
  waiting: { count: number; oldest_at: Instant | null; amount: string }
}

/** How the way to Xero goes: what waits, and how the last day went. */
export interface SyncHealth {
  open: { entity_type: string; phase: Phase; reason: WaitReason | null; count: number; oldest_at: Instant }[]
  failed: number
  arrived: number
  /** From the click to Xero. */
  seconds: { p50: number; p95: number; p99: number }
  outcomes: Record<string, number>
  as_of: Instant
}

export interface XeroStatus {
  connected: boolean
  configured: boolean
  tenant_id: string | null
  tenant_name: string | null
  expires_at: Instant | null
  last_sync: Instant | null
  /** Why Xero has to be connected again; null while it has not. */
  needs_reconnect: string | null
  lane: Lane
  missing: { setting: string; message: string }[]
  organisation: { name: string; short_code: string; country: string; currency: string; timezone: string } | null
}

export interface Account {
  code: string
  name: string
  type: string
  class: string
  tax_type: string | null
  status: string
}

export interface TaxRate {
  tax_type: string
  name: string
  rate: string | number
}

export type Settings = Record<string, unknown>

/** What /api/events says about a document. */
export interface SyncEvent {
  entity_type: 'invoice' | 'purchase_order' | 'client'
  entity_id: string
  sync_status: SyncStatus | null
  phase: Phase | null
  xero_sync_id: string | null
  error_message: string | null
}
