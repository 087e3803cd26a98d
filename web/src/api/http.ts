import { ApiError, NoAnswerError } from './errors'

type Query = Record<string, string | number | boolean | null | undefined>

export interface RequestOptions {
  query?: Query
  /** Sent as JSON, or as it is when it is FormData or a file. */
  body?: unknown
  headers?: Record<string, string>
  /** A request with the same key is done once, however often it arrives. */
  idempotencyKey?: string
  signal?: AbortSignal
  /** How long to wait for the answer; 30 seconds unless told. */
  timeoutMs?: number
}

/** Who wants to know that the server no longer knows this person. */
const signedOutListeners = new Set<() => void>()

export function onSignedOut(listener: () => void): () => void {
  signedOutListeners.add(listener)
  return () => signedOutListeners.delete(listener)
}

export function withQuery(path: string, query: Query = {}): string {
  const params = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== null && value !== undefined && value !== '') params.set(name, String(value))
  }
  const text = params.toString()
  return text === '' ? path : `${path}?${text}`
}

/**
 * One request to the API of this server. Throws ApiError when the answer is a refusal and
 * NoAnswerError when none came. The session is an HttpOnly cookie that the browser sends.
 */
export async function request(method: string, path: string, options: RequestOptions = {}): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', ...options.headers }
  if (options.idempotencyKey) headers['Idempotency-Key'] = options.idempotencyKey
  let body: BodyInit | undefined
  if (options.body instanceof FormData || options.body instanceof Blob) body = options.body
  else if (options.body !== undefined) {
    headers['Content-Type'] = 'application/json'
    body = JSON.stringify(options.body)
  }
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 30_000)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout

  let response: Response
  try {
    response = await fetch(withQuery(path, options.query), { method, headers, body, signal, credentials: 'same-origin' })
  } catch (error) {
    if (options.signal?.aborted) throw error
    throw new NoAnswerError(timeout.aborted)
  }
  if (response.ok) return response

  const problem: unknown = await response.json().catch(() => null)
  if (response.status === 401 && !path.endsWith('/auth/login')) signedOutListeners.forEach((listener) => listener())
  throw new ApiError(
    response.status,
    typeof problem === 'object' && problem !== null ? (problem as Record<string, unknown>) : {},
    response.headers.get('Retry-After'),
  )
}

export async function requestJSON<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
  const response = await request(method, path, options)
  try {
    return (await response.json()) as T
  } catch {
    // The connection broke in the middle of the answer.
    throw new NoAnswerError(false)
  }
}
