import type { InfiniteData, UseInfiniteQueryResult, UseQueryResult } from '@tanstack/react-query'
import type { Page, Slice } from '@/api/types'

/** The rows of a list page, wherever they come from. */
export interface Rows<Row> {
  /** Undefined until they are read. */
  rows: Row[] | undefined
  /** Why nothing could be read. */
  error: Error | null
  retry: () => void
  /** The rows of the filters before are still shown. */
  stale: boolean
  more?: { load: () => void; busy: boolean }
  pager?: { page: number; totalPages: number; total: number }
}

/** Of a list that is read part by part (sliceQuery). */
export const fromSlices = <Row>(query: UseInfiniteQueryResult<InfiniteData<Slice<Row>>>): Rows<Row> => ({
  rows: query.data?.pages.flatMap((page) => page.rows),
  error: query.isLoadingError ? query.error : null,
  retry: () => void query.refetch(),
  stale: query.isPlaceholderData,
  more: query.hasNextPage ? { load: () => void query.fetchNextPage(), busy: query.isFetchingNextPage } : undefined,
})

/** Of a list with numbered pages; the page stands in the URL as `page`. */
export const fromPages = <Row>(query: UseQueryResult<Page<Row>>): Rows<Row> => ({
  rows: query.data?.data,
  error: query.isLoadingError ? query.error : null,
  retry: () => void query.refetch(),
  stale: query.isPlaceholderData,
  pager: query.data?.pagination,
})

/** Of a list that is read as a whole. */
export const fromAll = <Row>(query: UseQueryResult<Row[]>): Rows<Row> => ({
  rows: query.data,
  error: query.isLoadingError ? query.error : null,
  retry: () => void query.refetch(),
  stale: query.isPlaceholderData,
})
