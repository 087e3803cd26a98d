import { queryOptions } from '@tanstack/react-query'
import type { ListQuery } from '@/api/client'
import { getProjects } from '@/api/client'
import { readKept } from '@/api/device'
import { NoAnswerError } from '@/api/errors'
import type { Project } from '@/api/types'
import { getBoard, getProject } from '@/api/work'

export const projectsQuery = (query: ListQuery) =>
  queryOptions({ queryKey: ['projects', 'list', query], queryFn: ({ signal }) => getProjects(query, signal) })

export const boardQuery = (query: { search?: string }) => queryOptions({ queryKey: ['projects', 'board', query], queryFn: ({ signal }) => getBoard(query, signal) })

/** One project with its money and newest hours, and its version. */
export const projectQuery = (id: string) => queryOptions({ queryKey: ['projects', 'one', id], queryFn: ({ signal }) => getProject(id, signal) })

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
