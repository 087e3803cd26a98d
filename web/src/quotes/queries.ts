import { queryOptions } from '@tanstack/react-query'
import type { Quote } from '@/api/sales'
import { getQuote } from '@/api/sales'
import type { SliceQuery } from '@/api/slices'
import { sliceQuery } from '@/api/slices'

export const quotesQuery = (query: SliceQuery) => sliceQuery<Quote>(['quotes', 'list'], '/api/xero/quotes', query)
export const quoteQuery = (id: string) => queryOptions({ queryKey: ['quotes', 'one', id], queryFn: ({ signal }) => getQuote(id, signal) })
