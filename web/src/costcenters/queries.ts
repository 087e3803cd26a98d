import { queryOptions } from '@tanstack/react-query'
import { getCostCenters } from '@/api/client'
import { readKept } from '@/api/device'
import { NoAnswerError } from '@/api/errors'
import type { CostCenterReportQuery } from '@/api/work'
import { getCostCenter, getCostCenterReport } from '@/api/work'

/** Every cost centre; without signal as they were when there last was one. */
export const costCentersQuery = queryOptions({
  queryKey: ['cost-centers'],
  staleTime: 60_000,
  queryFn: () => readKept('cost-centers', getCostCenters, (error) => error instanceof NoAnswerError),
})

/** One cost centre with its sums, projects and newest hours. */
export const costCenterQuery = (id: string) => queryOptions({ queryKey: ['cost-centers', 'one', id], queryFn: ({ signal }) => getCostCenter(id, signal) })

/** What was spent on each, how fast, and how long its budget lasts. */
export const costCenterReportQuery = (query: CostCenterReportQuery) =>
  queryOptions({ queryKey: ['cost-centers', 'report', query], queryFn: ({ signal }) => getCostCenterReport(query, signal) })
