/**
 * A stand-in for the server, in memory, for working on the pages alone: `MOCK=1 npm run dev`.
 * It knows enough of the API to click through the app; whether something may be done is the real
 * server's business. Never part of a build.
 */

import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Plugin } from 'vite'
import type { Invoice, InvoiceLine, InvoicePreview, InvoiceRequest, PurchaseOrder, PurchaseOrderRequest, SyncFields, SyncLog, Timesheet, Unbilled, User } from '../api/types'
import { addDays, daysBetween, today } from '../format/calendar'
import { centsToText, lineCents, parseCents, parseTenThousandths, sumHours, sumMoney } from '../format/money'

// Node 20 has no Map.groupBy.
function groupBy<T>(rows: T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) groups.set(keyOf(row), [...(groups.get(keyOf(row)) ?? []), row])
  return groups
}

const user: User = { id: 'u1', email: 'admin@demo.test', name: 'Aroha Ngata', role: 'admin', permissions: [] }
const people = [user, { ...user, id: 'u2', name: 'Ben Carter', role: 'user' as const }, { ...user, id: 'u3', name: 'Hēmi Walker', role: 'user' as const }]

const client = (id: string, name: string, client_type: 'customer' | 'supplier', terms = 20) => ({
  id, name, client_type, contact_name: 'Jo Smith', email: `accounts@${id}.test`, phone: '021 555 010', address: '1 Queen Street', location: null,
  billing_address: null, billing_email: null, notes: null, status: 'active', payment_terms_type: 'OFFOLLOWINGMONTH', payment_terms_day: terms,
  xero_contact_id: null, sync_status: null, active_projects: 2, total_hours: '40.00',
})
const clients = [
  client('c1', 'Harbour Café', 'customer'), client('c2', 'Northcote Primary School', 'customer'), client('c3', 'Kauri Heights Body Corporate', 'customer'),
  client('c4', 'Archived & Sons Ltd', 'customer'), client('c5', 'Ideal Electrical Wholesale', 'supplier'), client('c6', 'Redpaths Cable', 'supplier'),
]
const project = (id: string, code: string, name: string, of: number, budget: string, cost: string) => ({
  id, code, name, client_id: clients[of]?.id ?? null, client_name: clients[of]?.name ?? null, status: 'in-progress', budget, actual_cost: cost,
  description: null, start_date: null, end_date: null, hours_logged: '30.00', cost_center_ids: ['k1'], cost_center_codes: ['LAB'],
})
const projects = [
  project('p1', 'PROJ-0001', 'Kitchen rewire', 0, '12000.00', '8450.00'), project('p2', 'PROJ-0002', 'Switchboard upgrade, block B', 1, '9000.00', '9800.00'),
  project('p3', 'PROJ-0003', 'Common area lighting', 2, '0.00', '0.00'), project('p4', 'PROJ-0004', 'Heat pump circuits', 3, '4000.00', '1200.00'),
]
const activityTypes = [
  ['a1', 'Installation', 'zap', 'electric', '95.00'], ['a2', 'Fault finding', 'wrench', 'warning', '115.00'], ['a3', 'Cabling', 'cable', 'voltage', '85.00'],
  ['a4', 'Testing & CoC', 'clipboard-check', 'purple', '110.00'], ['a5', 'Travel', 'truck', 'grey', '60.00'],
].map(([id = '', name = '', icon = '', color = '', hourly_rate = '']) => ({ id, name, icon, color, hourly_rate, is_active: true, usage_count: 3 }))
const costCenters = [
  { id: 'k1', code: 'LAB', name: 'Labour', description: null, budget: '0.00', client_po_number: null, is_active: true, total_hours: '120.00', total_cost: '11400.00' },
  { id: 'k2', code: 'MAT', name: 'Materials', description: null, budget: '5000.00', client_po_number: 'HC-2291', is_active: true, total_hours: '0.00', total_cost: '0.00' },
]

const timesheets: Timesheet[] = []
function addTimesheet(input: { project_id: string; date: string; hours: string; activity_type_id: string; cost_center_id: string; notes?: string }, person = user): Timesheet {
  const activity = activityTypes.find((type) => type.id === input.activity_type_id) ?? activityTypes[0]
  const of = projects.find((other) => other.id === input.project_id) ?? projects[0]
  const cents = lineCents(parseTenThousandths(input.hours) ?? 0, parseTenThousandths(activity?.hourly_rate) ?? 0)
  const row: Timesheet = {
    id: randomUUID(), user_id: person.id, user_name: person.name, project_id: input.project_id, project_name: of?.name ?? '', project_code: of?.code ?? '',
    client_id: of?.client_id ?? null, client_name: of?.client_name ?? null, date: input.date, hours: input.hours, activity_type_id: input.activity_type_id,
    activity_type_name: activity?.name ?? '', activity_type_color: activity?.color ?? null, cost_center_id: input.cost_center_id, cost_center_code: 'LAB',
    cost_center_name: 'Labour', notes: input.notes ?? null, location: null, image_urls: [], hourly_rate: activity?.hourly_rate ?? '0', amount: centsToText(cents),
    billing_status: 'unbilled', invoice_id: null, invoice_number: null,
  }
  timesheets.unshift(row)
  return row
}
;[0, 1, 2, 3, 5, 8, 33, 40, 64, 95].forEach((ago, i) => {
  for (const [n, person] of people.entries())
    addTimesheet(
      { project_id: `p${((i + n) % 4) + 1}`, date: addDays(today(), -ago), hours: ['7.50', '4.00', '8.25'][(i + n) % 3] ?? '8.00', activity_type_id: `a${((i + n) % 5) + 1}`, cost_center_id: 'k1', notes: i % 2 ? 'Second fix, east wall' : undefined },
      person,
    )
})

const streams = new Set<ServerResponse>()
const tell = (event: string, data: unknown) => streams.forEach((stream) => stream.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`))

const newSync = (): SyncFields => ({
  sync_status: 'pending', xero_sync_id: null, phase: 'queued', attempt: 0, max_attempts: 3, next_attempt_at: null, error_message: null, who_must_act: 'nobody',
  sync_warning: null, xero_total: null, xero_url: null, synced_at: null,
})
const lane = {
  paused: false, paused_reason: null as string | null, paused_by: null as string | null, breaker: 'closed', next_probe_at: null, parked_until: null, parked_reason: null,
  in_flight: 0, minute_remaining: 58, day_remaining: 4930, waiting: { count: 0, oldest_at: null, amount: '0.00' },
}
const invoices: Invoice[] = []
const orders: PurchaseOrder[] = []
const logs: SyncLog[] = []

/** Moves a document to Xero, in slow motion. What goes to the archived client is refused. */
function send(kind: 'invoice' | 'purchase_order', document: Invoice | PurchaseOrder, number: string, refused: boolean) {
  const step = (change: Partial<SyncFields>) => {
    Object.assign(document, change)
    tell('sync', { entity_type: kind, entity_id: document.id, sync_status: document.sync_status, phase: document.phase, xero_sync_id: document.xero_sync_id, error_message: document.error_message })
  }
  step({ sync_status: 'pending', phase: 'queued', error_message: null })
  setTimeout(() => step({ phase: 'sending', attempt: 1 }), 700)
  setTimeout(() => {
    const error = refused ? `The contact of ${number} is archived in Xero. Restore the contact in Xero, then retry.` : null
    logs.unshift({
      id: randomUUID(), entity_type: kind, entity_id: document.id, attempt: 1, operation: `create_${kind}`, method: 'POST', path: '/api.xro/2.0/Invoices?summarizeErrors=false',
      request_payload: { Invoices: [{ InvoiceNumber: number, Status: 'DRAFT' }] },
      response_payload: refused ? { Message: 'A validation exception occurred', Elements: [{ ValidationErrors: [{ Message: 'The Contact is archived' }] }] } : { Id: randomUUID(), Status: 'OK' },
      status_code: refused ? 400 : 200, outcome: refused ? 'refused' : 'done', error_message: error, created_at: new Date().toISOString(), finished_at: null, duration_ms: 812,
      idempotency_key: randomUUID(), correlation_id: randomUUID(),
    })
    step(
      refused
        ? { sync_status: 'failed', phase: 'failed', error_message: error, who_must_act: 'office' }
        : { sync_status: 'synced', phase: 'synced', xero_sync_id: randomUUID(), xero_url: 'https://go.xero.com/', synced_at: new Date().toISOString(), error_message: null },
    )
  }, 2200)
}

function chosen(body: InvoiceRequest): Timesheet[] {
  return timesheets.filter(
    (row) =>
      row.billing_status === 'unbilled' && row.client_id === body.client_id && (!body.project_id || row.project_id === body.project_id) &&
      (!body.date_from || row.date >= body.date_from) && (!body.date_to || row.date <= body.date_to) && (!body.timesheet_ids || body.timesheet_ids.includes(row.id)),
  )
}

function preview(body: InvoiceRequest): InvoicePreview | null {
  const rows = chosen(body)
  if (rows.length === 0) return null
  const groups = groupBy(rows, (row) => (body.group_by === 'person' ? row.user_name : body.group_by === 'day' ? row.date : body.group_by === 'entry' ? row.id : `${row.activity_type_name} @ ${row.hourly_rate}`))
  const items = [...groups].map(([key, group]) => {
    const first = group[0]
    const amount = Number(sumMoney(group.map((row) => row.amount)))
    return {
      key, description: body.lines?.find((line) => line.key === key)?.description ?? `${first?.activity_type_name} – ${first?.project_name}`, quantity: Number(sumHours(group.map((row) => row.hours))),
      unit_price: Number(first?.hourly_rate), amount, tax_rate: 15, tax_amount: Math.round(amount * 15) / 100, timesheet_ids: group.map((row) => row.id),
    }
  })
  for (const line of body.lines?.filter((other) => !other.key) ?? []) {
    const amount = lineCents(parseTenThousandths(line.quantity) ?? 0, parseTenThousandths(line.unit_price) ?? 0) / 100
    items.push({ key: '', description: line.description ?? '', quantity: Number(line.quantity), unit_price: Number(line.unit_price), amount, tax_rate: 15, tax_amount: Math.round(amount * 15) / 100, timesheet_ids: [] })
  }
  const subtotal = Math.round(items.reduce((sum, line) => sum + line.amount, 0) * 100) / 100
  const tax = Math.round(items.reduce((sum, line) => sum + line.tax_amount, 0) * 100) / 100
  return {
    client_id: body.client_id, client_name: clients.find((other) => other.id === body.client_id)?.name ?? '', project_id: null,
    invoice_number: body.invoice_number ?? `INV-${String(invoices.length + 1042).padStart(5, '0')}`, issue_date: today(), due_date: body.due_date ?? addDays(today(), 20),
    reference: body.reference ?? 'PROJ-0001', line_items: items, subtotal, total_tax: tax, total: Math.round((subtotal + tax) * 100) / 100, timesheets_count: rows.length,
    timesheet_ids: rows.map((row) => row.id), date_range: null, currency: 'NZD', document_status: 'DRAFT', warnings: [], preview_hash: JSON.stringify(body).length.toString(16),
  }
}

function createInvoice(body: InvoiceRequest): Invoice | null {
  const seen = preview(body)
  if (!seen) return null
  const id = randomUUID()
  const lines: InvoiceLine[] = seen.line_items.map((line) => ({
    id: randomUUID(), description: line.description, quantity: String(line.quantity), unit_price: String(line.unit_price), amount: line.amount.toFixed(2), account_code: '200',
    tax_type: 'OUTPUT2', tax_rate: '15', tax_amount: (line.tax_amount ?? 0).toFixed(2), timesheet_ids: line.timesheet_ids,
  }))
  const rows = chosen(body)
  const invoice: Invoice = {
    id, invoice_number: seen.invoice_number, xero_invoice_id: null, client_id: seen.client_id, client_name: seen.client_name, project_id: null, project_name: rows[0]?.project_name ?? null,
    status: 'DRAFT', subtotal: seen.subtotal.toFixed(2), total_tax: seen.total_tax.toFixed(2), total: seen.total.toFixed(2), amount_due: seen.total.toFixed(2), amount_paid: '0.00', currency: 'NZD',
    issue_date: seen.issue_date, due_date: seen.due_date, reference: seen.reference, line_items: lines, timesheets_count: rows.length, created_at: new Date().toISOString(),
    updated_at: new Date().toISOString(), deleted_at: null, timesheets: rows, ...newSync(),
  }
  rows.forEach((row) => Object.assign(row, { billing_status: 'billed', invoice_id: id, invoice_number: seen.invoice_number }))
  invoices.unshift(invoice)
  send('invoice', invoice, seen.invoice_number, seen.client_id === 'c4')
  return invoice
}

function unbilled(): Unbilled {
  const open = timesheets.filter((row) => row.billing_status === 'unbilled')
  const within = (rows: Timesheet[], from: number, to: number) => sumMoney(rows.filter((row) => { const age = daysBetween(row.date, today()); return age >= from && age <= to }).map((row) => row.amount))
  const oldest = (rows: Timesheet[]) => rows.reduce((day, row) => (row.date < day ? row.date : day), today())
  return {
    as_of: today(), total: sumMoney(open.map((row) => row.amount)), hours: sumHours(open.map((row) => row.hours)),
    clients: [...groupBy(open, (row) => row.client_id ?? '')].map(([client_id, rows]) => ({
      client_id, client_name: rows[0]?.client_name ?? '', hours: sumHours(rows.map((row) => row.hours)), total: sumMoney(rows.map((row) => row.amount)), oldest_date: oldest(rows),
      age_days: daysBetween(oldest(rows), today()), timesheets_count: rows.length,
      ages: { '0_30': within(rows, 0, 30), '31_60': within(rows, 31, 60), '61_90': within(rows, 61, 90), over_90: within(rows, 91, 9999) },
      projects: [...groupBy(rows, (row) => row.project_id)].map(([project_id, own]) => ({
        project_id, project_code: own[0]?.project_code ?? '', project_name: own[0]?.project_name ?? '', hours: sumHours(own.map((row) => row.hours)), total: sumMoney(own.map((row) => row.amount)),
        timesheets_count: own.length, oldest_date: oldest(own),
      })),
    })),
  }
}

type Handler = (context: { body: Record<string, unknown>; query: URLSearchParams; id: string }) => [status: number, answer: unknown]
const page = (rows: unknown[]) => ({ data: rows, pagination: { page: 1, limit: 100, total: rows.length, totalPages: 1, hasNext: false, hasPrev: false } })
const syncState = (row: Invoice | PurchaseOrder | undefined) => [row ? 200 : 404, { ...row, wait_reason: null, warning: null, certain_at: null }] as [number, unknown]
const invoiceOf = (id: string) => invoices.find((row) => row.id === id)
const orderOf = (id: string) => orders.find((row) => row.id === id)
const nothingUnbilled: [number, unknown] = [400, { error: 'No unbilled timesheets found for the selected criteria' }]

const handlers: [method: string, path: RegExp, handler: Handler][] = [
  ['POST', /^\/api\/auth\/login$/, () => [200, { user }]],
  ['POST', /^\/api\/auth\/logout$/, () => [200, { message: 'Signed out' }]],
  ['GET', /^\/api\/auth\/me$/, () => [200, user]],
  ['GET', /^\/api\/users\/names$/, () => [200, people]],
  ['GET', /^\/api\/clients$/, ({ query }) => [200, page(clients.filter((row) => (!query.get('client_type') || row.client_type === query.get('client_type')) && row.name.toLowerCase().includes((query.get('search') ?? '').toLowerCase())))]],
  ['GET', /^\/api\/projects$/, () => [200, page(projects)]],
  ['GET', /^\/api\/activity-types$/, () => [200, activityTypes]],
  ['GET', /^\/api\/cost-centers$/, () => [200, costCenters]],
  ['GET', /^\/api\/timesheets$/, ({ query }) => [200, page(timesheets.filter((row) =>
    (!query.get('user_id') || row.user_id === query.get('user_id')) && (!query.get('client_id') || row.client_id === query.get('client_id')) &&
    (!query.get('billing_status') || row.billing_status === query.get('billing_status')) && row.date >= (query.get('date_from') ?? '') && row.date <= (query.get('date_to') ?? '9'),
  ))]],
  ['POST', /^\/api\/timesheets$/, ({ body }) => [201, addTimesheet(body as unknown as Parameters<typeof addTimesheet>[0])]],
  ['DELETE', /^\/api\/timesheets\/(?<id>[^/]+)$/, ({ id }) => { timesheets.splice(timesheets.findIndex((row) => row.id === id), 1); return [200, { message: 'Timesheet deleted' }] }],
  ['GET', /^\/api\/xero\/unbilled$/, () => [200, unbilled()]],
  ['POST', /^\/api\/xero\/invoices\/from-timesheets\/preview$/, ({ body }) => { const seen = preview(body as unknown as InvoiceRequest); return seen ? [200, seen] : nothingUnbilled }],
  ['POST', /^\/api\/xero\/invoices\/from-timesheets$/, ({ body }) => { const made = createInvoice(body as unknown as InvoiceRequest); return made ? [202, made] : nothingUnbilled }],
  ['POST', /^\/api\/xero\/invoices\/from-timesheets\/batch$/, ({ body }) => {
    const results = (body.invoices as InvoiceRequest[]).map((one) => {
      const made = createInvoice(one)
      return { client_id: one.client_id, status: made ? 202 : 400, id: made?.id ?? null, invoice_number: made?.invoice_number ?? null, total: made?.total ?? null, error: made ? null : 'No unbilled timesheets found' }
    })
    return [200, { results, created: results.filter((one) => one.id).length, failed: results.filter((one) => !one.id).length }]
  }],
  ['GET', /^\/api\/xero\/invoices$/, ({ query }) => [200, invoices.filter((row) => !query.get('sync_status') || row.sync_status === query.get('sync_status'))]],
  ['GET', /^\/api\/xero\/invoices\/(?<id>[^/]+)$/, ({ id }) => [invoiceOf(id) ? 200 : 404, invoiceOf(id) ?? { error: 'Invoice not found' }]],
  ['GET', /^\/api\/xero\/invoices\/(?<id>[^/]+)\/sync-status$/, ({ id }) => syncState(invoiceOf(id))],
  ['POST', /^\/api\/xero\/invoices\/(?<id>[^/]+)\/retry-sync$/, ({ id }) => { const row = invoiceOf(id); if (row) send('invoice', row, row.invoice_number, false); return syncState(row) }],
  ['POST', /^\/api\/xero\/purchase-orders$/, ({ body }) => {
    const wanted = body as unknown as PurchaseOrderRequest
    const lines = wanted.line_items.map((line) => ({ id: randomUUID(), ...line, account_code: line.account_code ?? '310', cost_center_id: line.cost_center_id ?? null, cost_center_code: 'MAT', cost_center_name: 'Materials', line_amount: centsToText(lineCents(parseTenThousandths(line.quantity) ?? 0, parseTenThousandths(line.unit_amount) ?? 0)), tax_rate: '15', tax_amount: '0.00' }))
    const subtotal = sumMoney(lines.map((line) => line.line_amount))
    const of = projects.find((row) => row.id === wanted.project_id)
    const order: PurchaseOrder = {
      id: randomUUID(), po_number: wanted.po_number ?? `PO-0000${orders.length + 1}`, xero_po_id: null, supplier_id: wanted.supplier_id, supplier_name: clients.find((row) => row.id === wanted.supplier_id)?.name ?? '',
      project_id: wanted.project_id, project_code: of?.code ?? '', project_name: of?.name ?? '', status: 'DRAFT', date: wanted.date, delivery_date: wanted.delivery_date ?? null, subtotal,
      total_tax: centsToText(Math.round((parseCents(subtotal) ?? 0) * 0.15)), total_amount: centsToText(Math.round((parseCents(subtotal) ?? 0) * 1.15)), currency: 'NZD', notes: wanted.notes ?? null,
      line_items_detail: lines, created_at: new Date().toISOString(), updated_at: new Date().toISOString(), ...newSync(),
    }
    orders.unshift(order)
    send('purchase_order', order, order.po_number, false)
    return [202, order]
  }],
  ['GET', /^\/api\/xero\/purchase-orders$/, ({ query }) => [200, orders.filter((row) => !query.get('sync_status') || row.sync_status === query.get('sync_status'))]],
  ['GET', /^\/api\/xero\/purchase-orders\/(?<id>[^/]+)$/, ({ id }) => [orderOf(id) ? 200 : 404, orderOf(id) ?? { error: 'Purchase order not found' }]],
  ['GET', /^\/api\/xero\/purchase-orders\/(?<id>[^/]+)\/sync-status$/, ({ id }) => syncState(orderOf(id))],
  ['GET', /^\/api\/xero\/sync-logs$/, ({ query }) => [200, logs.filter((row) => row.entity_id === query.get('entity_id'))]],
  ['GET', /^\/api\/xero\/status$/, () => [200, {
    connected: true, configured: true, tenant_id: 't', tenant_name: 'Demo Company (NZ)', expires_at: new Date().toISOString(), last_sync: new Date().toISOString(), needs_reconnect: false, lane, missing: [],
    organisation: { name: 'Demo Company (NZ)', short_code: '!x', country: 'NZ', currency: 'NZD', timezone: 'NEWZEALANDSTANDARDTIME' },
  }]],
  ['POST', /^\/api\/xero\/lane$/, ({ body }) => { Object.assign(lane, { paused: body.paused, paused_reason: body.reason ?? null, paused_by: body.paused ? user.name : null }); return [200, lane] }],
  ['GET', /^\/api\/xero\/accounts$/, () => [200, [{ code: '200', name: 'Sales', type: 'REVENUE', class: 'REVENUE', tax_type: 'OUTPUT2', status: 'ACTIVE' }, { code: '310', name: 'Cost of Goods Sold', type: 'DIRECTCOSTS', class: 'EXPENSE', tax_type: 'INPUT2', status: 'ACTIVE' }]]],
  ['GET', /^\/api\/xero\/tax-rates$/, () => [200, [{ tax_type: 'OUTPUT2', name: '15% GST on Income', rate: '15' }]]],
  ['GET', /^\/api\/settings$/, () => [200, { company_name: 'Bright Spark Electrical', timezone: 'Pacific/Auckland' }]],
]

async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown>> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  try {
    return JSON.parse(Buffer.concat(chunks).toString()) as Record<string, unknown>
  } catch {
    return {}
  }
}

/** Answers the API's paths in the development server. */
export function mockAPI(): Plugin {
  return {
    name: 'mock-api',
    apply: 'serve',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const url = new URL(request.url ?? '/', 'http://localhost')
        if (!url.pathname.startsWith('/api/')) return next()
        if (url.pathname === '/api/events') {
          response.writeHead(200, { 'Content-Type': 'text/event-stream' }).write('event: hello\ndata: {}\n\n')
          streams.add(response)
          request.on('close', () => streams.delete(response))
          return
        }
        void bodyOf(request).then((body) => {
          const found = handlers.find(([method, path]) => method === request.method && path.test(url.pathname))
          const [status, answer] = found ? found[2]({ body, query: url.searchParams, id: found[1].exec(url.pathname)?.groups?.id ?? '' }) : [404, { error: `The mock does not know ${request.method} ${url.pathname}` }]
          response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer))
        })
      })
    },
  }
}
