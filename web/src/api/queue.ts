import { ApiError, NoAnswerError } from './errors'
import { request, requestJSON } from './http'
import type { Page, Phase, WaitReason, WhoMustAct } from './types'

// The queue: documents on their way to Xero, and those that it refused.

export type QueuedPhase = Exclude<Phase, 'synced'>
export type QueuedKind = 'invoice' | 'purchase_order' | 'client'

export interface QueueFilter {
  phase?: QueuedPhase
  entity_type?: QueuedKind
  q?: string
}

export interface QueuedDocument {
  xero_sync_id: string
  entity_type: QueuedKind
  entity_id: string
  /** Of a client, its name. */
  number: string
  party: string | null
  operation: 'create' | 'update' | 'void'
  phase: QueuedPhase
  attempt: number
  max_attempts: number
  opened_at: string
  next_attempt_at: string | null
  certain_at: string | null
  wait_reason: WaitReason | null
  error_message: string | null
  /** Of the newest call that went wrong. */
  last_error: string | null
  who_must_act: WhoMustAct
  /** Why it cannot be sent again now. */
  stuck: string | null
}

export interface RetryGroup {
  entity_type: QueuedKind
  wait_reason: WaitReason | null
  words: string
  count: number
}

/** What sending everything again that matches would do. */
export interface RetryPlan {
  hash: string
  count: number
  retried: RetryGroup[]
  stuck: RetryGroup[]
  left_off: number
}

/** What became of one document. */
export interface Retried {
  entity_type: QueuedKind
  entity_id: string
  number: string
  retried?: boolean
  error?: string
}

type Line = Partial<Retried> & { count?: number; done?: boolean; requestId?: string }

const path = '/api/xero/queue'

export const getQueue = (query: QueueFilter & { page: number; limit: number }, signal?: AbortSignal) =>
  requestJSON<Page<QueuedDocument>>('GET', path, { query: { ...query }, signal })

export const getRetryPlan = (filter: QueueFilter, signal?: AbortSignal) => requestJSON<RetryPlan>('GET', `${path}/retry-plan`, { query: { ...filter }, signal })

/** How long very many documents may take. */
const longest = 15 * 60_000

/**
 * Sends everything again that the plan with this hash is about, and tells of each document as it is
 * done. Aborting ends it after the document that is under way.
 */
export async function retryPlanned(filter: QueueFilter, hash: string, told: (result: Retried) => void, signal: AbortSignal): Promise<void> {
  const response = await request('POST', `${path}/retry`, { query: { ...filter }, body: { hash }, signal, timeoutMs: longest })
  let rest = ''
  const take = (text: string): boolean => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const text of lines) {
      const line = JSON.parse(text) as Line
      if (line.done) return true
      if (line.entity_id !== undefined) told(line as Retried)
      else if (line.error !== undefined) throw new ApiError(500, line)
    }
    return false
  }
  const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader()
  for (;;) {
    const part = await reader?.read().catch((error: unknown) => {
      if (signal.aborted) throw error
      throw new NoAnswerError(false)
    })
    if (part === undefined || part.done) throw new NoAnswerError(false)
    if (take(part.value)) return
  }
}
