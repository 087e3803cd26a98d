import { queryOptions } from '@tanstack/react-query'
import type { FileQuery, ProjectFile } from '@/api/files'
import { getFile } from '@/api/files'
import { sliceQuery } from '@/api/slices'

/** What stands in the URL of a page while it shows files. */
export const fileFilters = ['search', 'type', 'tag', 'file']

export const filesQuery = (query: FileQuery) => sliceQuery<ProjectFile>(['files', 'list'], '/api/files', query)

/** One file, and its version. */
export const fileQuery = (id: string) => queryOptions({ queryKey: ['files', 'one', id], queryFn: ({ signal }) => getFile(id, signal) })
