import { infiniteQueryOptions, queryOptions } from '@tanstack/react-query'
import type { AgedKind } from '@/api/purchases'
import { getAged, getMoneySummary } from '@/api/purchases'

export const summaryQuery = queryOptions({ queryKey: ['money', 'summary'], queryFn: ({ signal }) => getMoneySummary(signal) })
export const agedQuery = (kind: AgedKind) =>
  infiniteQueryOptions({
    queryKey: ['money', 'aged', kind],
    queryFn: ({ pageParam, signal }) => getAged({ kind, page: pageParam, limit: 50 }, signal),
    initialPageParam: 1,
    getNextPageParam: ({ pagination }) => (pagination.hasNext ? pagination.page + 1 : undefined),
  })
