import { queryOptions } from '@tanstack/react-query'
import type { AgedKind } from '@/api/purchases'
import { getAged, getMoneySummary } from '@/api/purchases'

export const summaryQuery = queryOptions({ queryKey: ['money', 'summary'], queryFn: ({ signal }) => getMoneySummary(signal) })
export const agedQuery = (kind: AgedKind) => queryOptions({ queryKey: ['money', 'aged', kind], queryFn: ({ signal }) => getAged(kind, signal) })
