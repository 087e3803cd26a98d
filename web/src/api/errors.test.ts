import { afterEach, describe, expect, it, vi } from 'vitest'
import { ApiError, isPassing, messageOf, NoAnswerError } from './errors'
import { onSignedOut, requestJSON, withQuery } from './http'

const answer = (status: number, body: unknown, headers: Record<string, string> = {}) =>
  vi.stubGlobal('fetch', vi.fn(() => Promise.resolve(new Response(typeof body === 'string' ? body : JSON.stringify(body), { status, headers }))))

afterEach(() => vi.unstubAllGlobals())

const failure = async (): Promise<unknown> => requestJSON('POST', '/api/timesheets', { body: {} }).catch((error: unknown) => error)

describe('what the server refuses', () => {
  it('comes with its sentence, its fields and its request id', async () => {
    answer(400, {
      error: 'Hours must be between 0.25 and 24', code: 'INVALID', requestId: 'r1',
      errors: [{ field: 'hours', message: 'Hours must be between 0.25 and 24' }, { field: 'hours', message: 'second' }, { wrong: 1 }, null],
    })
    const error = (await failure()) as ApiError
    expect(error).toBeInstanceOf(ApiError)
    expect(error.message).toBe('Hours must be between 0.25 and 24')
    expect(error.fields).toEqual({ hours: 'Hours must be between 0.25 and 24' })
    expect(error.requestId).toBe('r1')
    expect(isPassing(error)).toBe(false)
  })

  it('has a sentence also when a proxy answers with HTML', async () => {
    answer(502, '<html>Bad Gateway</html>')
    expect(messageOf(await failure())).toContain('status 502')
  })

  it.each([
    [500, {}, true],
    [429, {}, true],
    [401, {}, true],
    [409, {}, false],
    [409, { 'Retry-After': '1' }, true],
    [400, {}, false],
    [404, {}, false],
  ])('status %i with %o may pass: %s', async (status, headers, passing) => {
    answer(status, { error: 'x' }, headers)
    expect(isPassing(await failure())).toBe(passing)
  })

  it('signs out when the session is over, but not when a password is wrong', async () => {
    const heard = vi.fn()
    const stop = onSignedOut(heard)
    answer(401, { error: 'Invalid credentials' })
    await requestJSON('POST', '/api/auth/login').catch(() => undefined)
    expect(heard).not.toHaveBeenCalled()
    answer(401, { error: 'Token expired' })
    await failure()
    expect(heard).toHaveBeenCalledOnce()
    stop()
  })
})

describe('no answer', () => {
  it('is told apart from a refusal', async () => {
    vi.stubGlobal('fetch', vi.fn(() => Promise.reject(new TypeError('Failed to fetch'))))
    const error = await failure()
    expect(error).toBeInstanceOf(NoAnswerError)
    expect(isPassing(error)).toBe(true)
  })
  it('is also an answer that broke off', async () => {
    answer(200, '{"id":"1')
    expect(await failure()).toBeInstanceOf(NoAnswerError)
  })
  it('comes when the server takes too long', async () => {
    vi.stubGlobal('fetch', vi.fn((_url: string, init: RequestInit) => new Promise((_resolve, reject) => init.signal?.addEventListener('abort', () => reject(new DOMException('aborted', 'AbortError'))))))
    const error = await requestJSON('GET', '/api/slow', { timeoutMs: 5 }).catch((e: unknown) => e)
    expect(messageOf(error)).toContain('too long')
  })
})

it('leaves empty values out of a query', () => {
  expect(withQuery('/api/clients', { search: '', page: 2, status: undefined, kind: null, sort: 'a b' })).toBe('/api/clients?page=2&sort=a+b')
})
