import { queryOptions } from '@tanstack/react-query'
import type { Bill } from '@/api/purchases'
import { getBill } from '@/api/purchases'
import type { SliceQuery } from '@/api/slices'
import { sliceQuery } from '@/api/slices'

export const billsQuery = (query: SliceQuery) => sliceQuery<Bill>(['bills', 'list'], '/api/xero/bills', query)
export const billQuery = (id: string) => queryOptions({ queryKey: ['bills', 'one', id], queryFn: ({ signal }) => getBill(id, signal) })
