import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { DocumentQuery } from '@/api/client'
import { getPurchaseOrder, getPurchaseOrders } from '@/api/client'
import { documentKeys } from '@/sync/queries'

export const purchaseOrdersQuery = (query: DocumentQuery) =>
  infiniteQueryOptions({
    queryKey: [...documentKeys.purchase_order, 'list', query],
    queryFn: ({ pageParam, signal }) => getPurchaseOrders({ limit: 50, ...query }, signal, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (slice) => slice.next ?? undefined,
  })

/** What Xero refused. */
export const failedPurchaseOrdersQuery = queryOptions({
  queryKey: [...documentKeys.purchase_order, 'failed'],
  queryFn: ({ signal }) => getPurchaseOrders({ sync_status: 'failed', limit: 500 }, signal),
})

export const purchaseOrderQuery = (id: string) =>
  queryOptions({ queryKey: [...documentKeys.purchase_order, 'one', id], queryFn: ({ signal }) => getPurchaseOrder(id, signal) })
