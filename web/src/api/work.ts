/** Work and its money: projects, clients, cost centres, timesheets and why they are unbilled, and the dashboard. */

import type { Day } from '@/format/calendar'
import { requestJSON } from './http'
import { getSlice } from './slices'
import type { Client, CostCenter, Instant, Page, Project, Reason, Timesheet, WorkSum } from './types'
import { getVersioned, ifMatch } from './versions'

const get = <T>(path: string, query: Record<string, string | number | boolean | undefined> = {}, signal?: AbortSignal) =>
  requestJSON<T>('GET', path, { query, signal })

// Timesheets

export interface TimesheetQuery {
  user_id?: string
  project_id?: string
  client_id?: string
  cost_center_id?: string
  date_from?: Day
  date_to?: Day
  billing_status?: string
  approval?: string
  include_deleted?: 'true'
  [filter: string]: string | number | undefined
}

export const getTimesheetPage = (query: TimesheetQuery & { page: number; limit: number }, signal?: AbortSignal) => get<Page<Timesheet>>('/api/timesheets', query, signal)
export const getTimesheet = (id: string, signal?: AbortSignal) => getVersioned<Timesheet>(`/api/timesheets/${id}`, signal)

export interface Why {
  timesheet_id: string
  billed: boolean
  billing_status: string
  invoice_id: string | null
  invoice_number: string | null
  amount: string
  /** The first one counts. */
  reasons: Reason[]
}
export const getWhy = (id: string) => get<Why>(`/api/timesheets/${id}/why`)

/** What can be done with several entries at once. */
export type EntryAction = 'approve' | 'unapprove' | 'hold' | 'release-hold'
/** What is approved is what was seen: an entry that was changed since is refused. */
export const changeEntries = (action: EntryAction, entries: Pick<Timesheet, 'id' | 'updated_at'>[], reason?: string) =>
  requestJSON<{ message: string; count: number }>('POST', `/api/timesheets/${action}`, {
    body: {
      ids: entries.map(({ id }) => id),
      ...(action === 'approve' ? { seen: Object.fromEntries(entries.map(({ id, updated_at }) => [id, updated_at])) } : { reason }),
    },
  })

/** An entry that is not billed for good, with the reasons. */
export type OpenTimesheet = Timesheet & { reasons: Reason[] }
export const getOpenWork = (of: 'clients' | 'projects', id: string, reason: string | undefined, signal?: AbortSignal, next?: string) =>
  getSlice<OpenTimesheet>(`/api/${of}/${id}/unbilled`, { reason, limit: 50 }, signal, next)

// Projects

export interface BoardCard {
  id: string
  code: string
  name: string
  status: string
  client_id: string | null
  client_name: string
  hours_logged: string
  end_date: Day | null
  billing_hold: string | null
  /** Money is null for those who may not see it. */
  budget: string | null
  actual_cost: string | null
  over_budget: boolean | null
}
export interface Board {
  columns: { status: string; count: number; cards: BoardCard[] }[]
}
export const getBoard = (query: { client_id?: string; search?: string; archived?: boolean; cards?: number }, signal?: AbortSignal) => get<Board>('/api/projects/board', query, signal)

/** The money of a project, without tax. */
export interface ProjectMoney {
  budget: string
  po_commitments: string
  actual_cost: string
  available_budget: string
  labour_cost: string
  bills_cost: string
  expenses_cost: string
  /** At the rates charged. */
  work_value: string
  invoiced: string
  unbilled: string
}
export interface ProjectDetail extends Project {
  cost_centers: { id: string; code: string; name: string }[]
  /** The ten newest. */
  timesheets: Timesheet[]
  /** Null for those who may not see money. */
  financials: ProjectMoney | null
}
export const getProject = (id: string, signal?: AbortSignal) => getVersioned<ProjectDetail>(`/api/projects/${id}`, signal)
export const changeProject = (id: string, fields: Partial<Project>, etag: string | null) =>
  requestJSON<Project>('PUT', `/api/projects/${id}`, { body: fields, headers: ifMatch(etag) })

// Clients

export interface ClientDetail extends Client {
  projects: { id: string; code: string; name: string; status: string; budget: string | null; actual_cost: string | null }[]
}
export const getClient = (id: string, signal?: AbortSignal) => getVersioned<ClientDetail>(`/api/clients/${id}`, signal)
export const changeClient = (id: string, fields: Partial<Client>, etag: string | null) =>
  requestJSON<Client>('PUT', `/api/clients/${id}`, { body: fields, headers: ifMatch(etag) })

export interface ClientRate {
  activity_type_id: string
  activity_type_name: string
  hourly_rate: string
  /** What everybody else pays. */
  standard_rate: string
}
export const getClientRates = (id: string) => get<{ rates: ClientRate[] }>(`/api/clients/${id}/rates`)
export const setClientRates = (id: string, rates: Pick<ClientRate, 'activity_type_id' | 'hourly_rate'>[]) =>
  requestJSON<{ rates: ClientRate[] }>('PUT', `/api/clients/${id}/rates`, { body: { rates } })

// Cost centres

/** What was spent on a cost centre. Money is without tax, and null for those who may not see it. */
export interface CostCenterCosts {
  id: string
  code: string
  name: string
  client_po_number: string | null
  is_active: boolean
  timesheets_count: number
  hours: string
  budget: string | null
  labour_cost: string | null
  labour_charge: string | null
  bills: string | null
  expenses: string | null
  /** Labour cost, bills and expenses of the period. */
  total_cost: string | null
  /** Ordered and not billed. */
  po_commitments: string | null
  /** Since ever, up to the last day. */
  spent_to_date: string | null
  /** Of the budget, after all of that. */
  remaining: string | null
  /** A week. */
  burn_rate: string | null
  burn_weeks: number
  projected_exhaustion_date: Day | null
}
export interface CostCenterDetail extends CostCenter {
  projects: Project[]
  costs: CostCenterCosts
  timesheets: Timesheet[]
}
export const getCostCenter = (id: string, signal?: AbortSignal) => getVersioned<CostCenterDetail>(`/api/cost-centers/${id}`, signal)

export interface CostCenterReportQuery {
  date_from?: Day
  date_to?: Day
  project_id?: string
  weeks?: number
  active_only?: boolean
  [filter: string]: string | number | boolean | undefined
}
export const getCostCenterReport = (query: CostCenterReportQuery, signal?: AbortSignal) => get<CostCenterCosts[]>('/api/reports/cost-centers', query, signal)

// Dashboard

/** Bare numbers: they are shown, never added up. Money is null for those who may not see it. */
export interface Metrics {
  totalProjects: number
  activeProjects: number
  totalHours: number
  totalRevenue: number | null
  /** Percent, this month against as many days of the last one. */
  projectsTrend: number
  hoursTrend: number
  revenueTrend: number | null
  activeTeam: number
  recentActivity: { date: Day; hours: number }[]
  /** The first day of the firm's year. */
  revenue_from: Day
  /** Hours are only the person's own. */
  own_work: boolean
  as_of: Instant
}
/** In whole percent. */
export interface QuickStats {
  budgetUtilization: number | null
  projectsOnTrack: number
  overdueProjects: number
  as_of: Instant
}
export const getMetrics = (signal?: AbortSignal) => get<Metrics>('/api/dashboard/metrics', {}, signal)
export const getQuickStats = (signal?: AbortSignal) => get<QuickStats>('/api/dashboard/quick-stats', {}, signal)
export const getRecentTimesheets = (limit: number, signal?: AbortSignal) => get<Timesheet[]>('/api/dashboard/recent-timesheets', { limit }, signal)
export const getActiveProjects = (limit: number, signal?: AbortSignal) => get<Project[]>('/api/dashboard/active-projects', { limit }, signal)

export interface Summary {
  outstanding_invoices: string
  /** Six months, without tax. */
  revenue_by_month: { month: string; total: string }[]
}
export const getSummary = (signal?: AbortSignal) => get<Summary>('/api/xero/summary', {}, signal)

/** Whether billed and explained work add up to all work. */
export interface WorkBalance {
  all: WorkSum
  billed: WorkSum
  explained: WorkSum
  balanced: boolean
}
export const getWorkBalance = (signal?: AbortSignal) => get<WorkBalance>('/api/xero/unbilled/balance', {}, signal)
