import { request } from './http'

/** A document and the version to change it from. */
export interface Versioned<T> {
  row: T
  etag: string | null
}

export async function getVersioned<T>(path: string, signal?: AbortSignal): Promise<Versioned<T>> {
  const response = await request('GET', path, { signal })
  return { row: (await response.json()) as T, etag: response.headers.get('ETag') }
}

/** The header that has a change refused when somebody else was faster. */
export const ifMatch = (etag: string | null) => (etag ? { 'If-Match': etag } : undefined)
