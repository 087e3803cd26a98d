/** An answer of the server that says no, with the server's own sentence. */
export class ApiError extends Error {
  override name = 'ApiError'
  readonly status: number
  /** What is wrong with each field of the request, by the field's name. */
  readonly fields: Readonly<Record<string, string>>
  readonly code: string | null
  readonly requestId: string | null
  /** How long the server asked to be left alone; null when it did not say. */
  readonly retryAfterSeconds: number | null
  readonly body: Readonly<Record<string, unknown>>

  constructor(status: number, body: Record<string, unknown>, retryAfter: string | null = null) {
    super(sentence(status, body))
    this.status = status
    this.body = body
    this.fields = fieldErrors(body.errors)
    this.code = typeof body.code === 'string' ? body.code : null
    this.requestId = typeof body.requestId === 'string' ? body.requestId : null
    const seconds = Number(retryAfter)
    this.retryAfterSeconds = retryAfter && Number.isFinite(seconds) && seconds >= 0 ? seconds : null
  }
}

/** No answer came: there is no signal, the server is down, or it took too long. What was asked may still have happened. */
export class NoAnswerError extends Error {
  override name = 'NoAnswerError'
  constructor(timedOut: boolean) {
    super(
      timedOut
        ? 'The server took too long to answer. Check the connection and try again.'
        : 'No connection to the server. Check the signal and try again.',
    )
  }
}

function sentence(status: number, body: Record<string, unknown>): string {
  for (const key of ['error', 'detail', 'title']) {
    const text = body[key]
    if (typeof text === 'string' && text !== '') return text
  }
  if (status === 403) return 'You are not allowed to do this.'
  if (status === 404) return 'This was not found. It may have been deleted.'
  if (status === 413) return 'This is too large to send.'
  if (status === 429) return 'Too many requests. Wait a moment and try again.'
  return `The server could not do this (status ${status}). Try again; if it happens again, tell your administrator.`
}

function fieldErrors(errors: unknown): Record<string, string> {
  const fields: Record<string, string> = {}
  if (!Array.isArray(errors)) return fields
  for (const item of errors as unknown[]) {
    if (typeof item !== 'object' || item === null) continue
    const { field, message } = item as Record<string, unknown>
    if (typeof field === 'string' && typeof message === 'string') fields[field] ??= message
  }
  return fields
}

/** The sentence to show to a person for anything that was thrown. */
export function messageOf(error: unknown): string {
  if (error instanceof Error && error.message !== '') return error.message
  return 'Something went wrong. Try again.'
}

/** Whether the same request may succeed later without anybody changing it. */
export function isPassing(error: unknown): boolean {
  if (error instanceof NoAnswerError) return true
  if (!(error instanceof ApiError)) return false
  // A conflict with a time to come back is the same request, still under way.
  return error.status >= 500 || [401, 408, 425, 429].includes(error.status) || (error.status === 409 && error.retryAfterSeconds !== null)
}
