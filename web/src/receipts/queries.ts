import { queryOptions } from '@tanstack/react-query'
import type { Scan } from '@/api/scans'
import { getMatches, getReading, getScan } from '@/api/scans'
import type { SliceQuery } from '@/api/slices'
import { sliceQuery } from '@/api/slices'

export const scansQuery = (query: SliceQuery) => sliceQuery<Scan>(['scans', 'list'], '/api/document-scan', query)
export const scanQuery = (id: string) => queryOptions({ queryKey: ['scans', 'one', id], queryFn: ({ signal }) => getScan(id, signal) })
export const matchesQuery = (id: string) => queryOptions({ queryKey: ['scans', 'matches', id], queryFn: ({ signal }) => getMatches(id, signal) })
export const readingQuery = queryOptions({ queryKey: ['scan-reading'], queryFn: ({ signal }) => getReading(signal), staleTime: 300_000 })

/** Whether its text is about to be read. */
export const isUnderWay = (scan: Pick<Scan, 'status'>) => scan.status === 'pending' || scan.status === 'processing'
