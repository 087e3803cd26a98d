import { infiniteQueryOptions } from '@tanstack/react-query'
import type { AuditQuery } from '@/api/records'
import { getAuditEntries } from '@/api/records'

const size = 50

export const auditQuery = (query: AuditQuery) =>
  infiniteQueryOptions({
    queryKey: ['audit', 'list', query],
    queryFn: ({ pageParam, signal }) => getAuditEntries({ ...query, limit: size, offset: pageParam }, signal),
    initialPageParam: 0,
    getNextPageParam: (last, all) => (all.length * size < last.total ? all.length * size : undefined),
  })
