import type { BinQuery, Deletion } from '@/api/records'
import { sliceQuery } from '@/api/slices'

export const binQuery = (query: BinQuery) => sliceQuery<Deletion>(['bin', 'list'], '/api/bin', query)
