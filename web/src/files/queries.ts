import { queryOptions } from '@tanstack/react-query'
import type { FileFolder } from '@/api/files'
import { getFirmPictures } from '@/api/files'
import { requestJSON } from '@/api/http'
import { sliceQuery } from '@/api/slices'

export const foldersQuery = sliceQuery<FileFolder>(['files', 'folders'], '/api/files/folders', { limit: 100 })

export interface PhotoFolder {
  project_id: string
  project_code: string
  project_name: string
  client_name: string
  total_images: number
}

/** The projects whose work has photos. */
export const photoFoldersQuery = queryOptions({ queryKey: ['timesheets', 'photo-projects'], queryFn: ({ signal }) => requestJSON<PhotoFolder[]>('GET', '/api/files/timesheet-images', { signal }) })

export const picturesQuery = queryOptions({ queryKey: ['files', 'pictures'], queryFn: getFirmPictures })
