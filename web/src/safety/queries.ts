import { queryOptions } from '@tanstack/react-query'
import { requestJSON } from '@/api/http'
import type { SafetyDocument, SafetyRevision } from '@/api/safety'
import { getSafety, safetyPath } from '@/api/safety'
import type { SliceQuery } from '@/api/slices'
import { sliceQuery } from '@/api/slices'

export const safetyListQuery = (query: SliceQuery) => sliceQuery<SafetyDocument>(['safety-documents', 'list'], '/api/safety-documents', query)
export const safetyQuery = (id: string) => queryOptions({ queryKey: ['safety-documents', 'one', id], queryFn: ({ signal }) => getSafety(id, signal) })
export const revisionsQuery = (id: string) =>
  queryOptions({ queryKey: ['safety-documents', 'revisions', id], queryFn: ({ signal }) => requestJSON<SafetyRevision[]>('GET', `${safetyPath(id)}/revisions`, { query: { limit: 100 }, signal }) })
