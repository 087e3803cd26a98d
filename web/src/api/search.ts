/** Looking for anything by its words. */

import type { Day } from '@/format/calendar'
import { request, requestJSON } from './http'

export interface FoundDocument {
  id: string
  number: string
  status: string
  date: Day
  client_name: string
}

/** A list for each kind that this person may see. */
export interface Found {
  clients?: { id: string; name: string; contact_name: string | null; email: string | null; location: string | null; status: string }[]
  projects?: { id: string; code: string; name: string; status: string; client_name: string }[]
  timesheets?: { id: string; date: Day; hours: string; notes: string | null; location: string | null; project_name: string; client_name: string; user_name: string }[]
  invoices?: FoundDocument[]
  quotes?: FoundDocument[]
  purchase_orders?: FoundDocument[]
  files?: { id: string; file_name: string; file_type: string; tags: string[]; project_id: string | null; project_name: string; cost_center_name: string }[]
}

export interface RecentSearch {
  query: string
  type: string
}

export const searchAll = (q: string, signal?: AbortSignal) => requestJSON<Found>('GET', '/api/search', { query: { q, limit: 6 }, signal })
export const getRecentSearches = () => requestJSON<RecentSearch[]>('GET', '/api/search/recent')
export const saveSearch = (query: string) => request('POST', '/api/search/recent', { body: { query } })
export const clearSearches = () => request('DELETE', '/api/search/recent')
