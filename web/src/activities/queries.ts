import { queryOptions } from '@tanstack/react-query'
import { getActivityTypes } from '@/api/client'
import { readKept } from '@/api/device'
import { NoAnswerError } from '@/api/errors'

/** Every activity type; without signal as they were when there last was one. */
export const activityTypesQuery = queryOptions({
  queryKey: ['activity-types'],
  staleTime: 60_000,
  queryFn: () => readKept('activity-types', getActivityTypes, (error) => error instanceof NoAnswerError),
})
