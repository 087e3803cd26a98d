import { queryOptions } from '@tanstack/react-query'
import { getAccounts, getSettings, getSyncLogs, getTaxRates, getSyncHealth, getXeroStatus } from '@/api/client'
import type { SyncedEntity } from '@/api/types'

/** Where in the cache each kind of document is. */
export const documentKeys = {
  invoice: ['invoices'],
  purchase_order: ['purchase-orders'],
  client: ['clients'],
} as const

export const xeroStatusKey = ['xero', 'status'] as const

export const syncHealthQuery = queryOptions({ queryKey: ['xero', 'health'], queryFn: ({ signal }) => getSyncHealth(signal), refetchInterval: 30_000 })

/** The documents on their way and those that failed. */
export const queueKey = ['xero', 'queue'] as const

export const xeroStatusQuery = queryOptions({
  queryKey: xeroStatusKey,
  queryFn: getXeroStatus,
  refetchInterval: 30_000,
})

/** The calls to Xero about one document, newest first. */
export const syncLogsQuery = (entity: SyncedEntity, id: string) =>
  queryOptions({ queryKey: ['sync-logs', entity, id], queryFn: () => getSyncLogs(entity, id) })

export const accountsQuery = queryOptions({ queryKey: ['xero', 'accounts'], queryFn: getAccounts, staleTime: 5 * 60_000 })
export const taxRatesQuery = queryOptions({ queryKey: ['xero', 'tax-rates'], queryFn: getTaxRates, staleTime: 5 * 60_000 })
export const settingsQuery = queryOptions({ queryKey: ['settings'], queryFn: getSettings })
