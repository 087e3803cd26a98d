import { queryOptions } from '@tanstack/react-query'
import { getCostCenters } from '@/api/client'
import { readKept } from '@/api/device'
import { NoAnswerError } from '@/api/errors'

/** Every cost centre; without signal as they were when there last was one. */
export const costCentersQuery = queryOptions({
  queryKey: ['cost-centers'],
  staleTime: 60_000,
  queryFn: () => readKept('cost-centers', getCostCenters, (error) => error instanceof NoAnswerError),
})
