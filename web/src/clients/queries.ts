import { queryOptions } from '@tanstack/react-query'
import type { ListQuery } from '@/api/client'
import { getClients, getClientSyncStatus } from '@/api/client'
import type { Client, Page } from '@/api/types'
import { getClient } from '@/api/work'

export const clientsQuery = (query: ListQuery) =>
  queryOptions({ queryKey: ['clients', 'list', query], queryFn: ({ signal }) => getClients(query, signal) })

/** One client with their projects, and its version. */
export const clientQuery = (id: string) => queryOptions({ queryKey: ['clients', 'one', id], queryFn: ({ signal }) => getClient(id, signal) })

/** How a client stands on its way to Xero. */
export const clientSyncQuery = (id: string) =>
  queryOptions({ queryKey: ['clients', 'sync-status', id], queryFn: () => getClientSyncStatus(id) })

/** Every client of a kind, for a picker. */
export const allClientsQuery = (client_type: 'customer' | 'supplier') =>
  queryOptions({
    queryKey: ['clients', 'all', client_type],
    queryFn: ({ signal }) => everyPage((page) => getClients({ client_type, status: 'active', sort: 'name', order: 'asc', page, limit: 100 }, signal)),
    staleTime: 60_000,
  })

async function everyPage(read: (page: number) => Promise<Page<Client>>): Promise<Client[]> {
  const rows: Client[] = []
  for (let page = 1; ; page++) {
    const answer = await read(page)
    rows.push(...answer.data)
    if (!answer.pagination.hasNext) return rows
  }
}
