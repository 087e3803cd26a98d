import { infiniteQueryOptions } from '@tanstack/react-query'
import { request } from './http'
import type { Slice } from './types'

export type SliceQuery = Record<string, string | number | boolean | undefined>

/** Reads a part of a list: its beginning, or the rows at `next`, the address that the part before gave in its Link header (RFC 8288). */
export async function getSlice<T>(path: string, query: SliceQuery, signal?: AbortSignal, next?: string): Promise<Slice<T>> {
  const response = next ? await request('GET', next, { signal }) : await request('GET', path, { query, signal })
  const target = /<([^>]+)>;\s*rel="?next"?/.exec(response.headers.get('Link') ?? '')?.[1]
  const url = target ? new URL(target, location.origin) : null
  return { rows: (await response.json()) as T[], next: url && url.pathname + url.search }
}

/**
 * A list that is read part by part, for useInfiniteQuery. The key begins with the noun, so that a
 * change of one record makes every list of it read anew: ['quotes', 'list', query].
 */
export const sliceQuery = <T>(key: readonly unknown[], path: string, query: SliceQuery) =>
  infiniteQueryOptions({
    queryKey: [...key, query],
    queryFn: ({ pageParam, signal }) => getSlice<T>(path, { limit: 50, ...query }, signal, pageParam),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (slice) => slice.next ?? undefined,
  })
