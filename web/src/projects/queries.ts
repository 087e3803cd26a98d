import { queryOptions } from '@tanstack/react-query'
import type { ListQuery } from '@/api/client'
import { getProjects } from '@/api/client'
import { readKept } from '@/api/device'
import { NoAnswerError } from '@/api/errors'
import type { Project } from '@/api/types'

export const projectsQuery = (query: ListQuery) =>
  queryOptions({ queryKey: ['projects', 'list', query], queryFn: ({ signal }) => getProjects(query, signal) })

/** Every project, newest first; without signal as they were when there last was one. */
export const allProjectsQuery = queryOptions({
  queryKey: ['projects', 'all'],
  staleTime: 60_000,
  queryFn: ({ signal }) =>
    readKept(
      'projects',
      async () => {
        const rows: Project[] = []
        for (let page = 1; ; page++) {
          const answer = await getProjects({ page, limit: 100 }, signal)
          rows.push(...answer.data)
          if (!answer.pagination.hasNext) return rows
        }
      },
      (error) => error instanceof NoAnswerError,
    ),
})
