import { useEffect, useSyncExternalStore } from 'react'
import { queryClient } from '@/api/query'
import type { Lane, SyncEvent, XeroStatus } from '@/api/types'
import { documentKeys, queueKey, xeroStatusKey } from './queries'
import { noteAnswer } from './submitted'
import { toast } from '@/ui/toast'

type Message =
  | { kind: 'sync'; event: SyncEvent }
  | { kind: 'lane'; lane: Lane }
  | { kind: 'notification' }
  | { kind: 'scan' }
  | { kind: 'stream'; up: boolean }
  | { kind: 'is-it-up' }

let streamUp = false
const listeners = new Set<() => void>()

/** Whether changes reach this tab by themselves. While they do not, what is pending is asked for. */
export function useStreamUp(): boolean {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => streamUp,
  )
}

function setStreamUp(up: boolean) {
  if (up === streamUp) return
  streamUp = up
  listeners.forEach((listener) => listener())
}

/** How often to read again what is pending: rarely while changes arrive by themselves. */
export const pollMs = (up: boolean) => (up ? 30_000 : 5_000)

// Forty invoices that are sent together must not make four hundred requests.
const gatherMs = 250
const stale = new Set<string>()
let timer: ReturnType<typeof setTimeout> | undefined

function readAgain(entity: SyncEvent['entity_type']) {
  stale.add(entity)
  if (document.hidden) return
  timer ??= setTimeout(flush, gatherMs)
}

function flush() {
  timer = undefined
  for (const entity of stale) {
    void queryClient.invalidateQueries({ queryKey: documentKeys[entity as SyncEvent['entity_type']] })
    void queryClient.invalidateQueries({ queryKey: ['sync-logs', entity] })
  }
  stale.clear()
  void queryClient.invalidateQueries({ queryKey: xeroStatusKey })
  void queryClient.invalidateQueries({ queryKey: queueKey })
}

/** Says it aloud when what this person just sent was refused; the document says so too. */
function tellRefusal(event: SyncEvent) {
  const document = noteAnswer(event)
  if (document && !document.answered && event.sync_status === 'failed')
    toast(`${document.number} was not accepted: ${event.error_message ?? 'Xero gave no reason.'}`, 'bad')
}

function receive(message: Message) {
  switch (message.kind) {
    case 'sync':
      tellRefusal(message.event)
      readAgain(message.event.entity_type)
      break
    case 'lane':
      queryClient.setQueryData<XeroStatus>(xeroStatusKey, (status) => status && { ...status, lane: message.lane })
      void queryClient.invalidateQueries({ queryKey: queueKey })
      break
    case 'notification':
      void queryClient.invalidateQueries({ queryKey: ['notifications'] })
      break
    case 'scan':
      void queryClient.invalidateQueries({ queryKey: ['scans'] })
      break
    case 'stream':
      setStreamUp(message.up)
      break
    case 'is-it-up':
      break
  }
}

/** Keeps the event stream open until the signal aborts, and hands on what it says. */
function listen(signal: AbortSignal, tell: (message: Message) => void) {
  let source: EventSource | undefined
  let again: ReturnType<typeof setTimeout> | undefined
  let waitMs = 2_000

  const open = () => {
    source = new EventSource('/api/events')
    source.addEventListener('open', () => {
      waitMs = 2_000
      tell({ kind: 'stream', up: true })
      // What happened while nobody listened is not told again.
      for (const entity of ['invoice', 'purchase_order'] as const) readAgain(entity)
      tell({ kind: 'scan' })
    })
    source.addEventListener('sync', (event) => tell({ kind: 'sync', event: JSON.parse(event.data as string) as SyncEvent }))
    source.addEventListener('lane', (event) => tell({ kind: 'lane', lane: JSON.parse(event.data as string) as Lane }))
    source.addEventListener('scan', () => tell({ kind: 'scan' }))
    source.addEventListener('notification', () => tell({ kind: 'notification' }))
    source.addEventListener('error', () => {
      tell({ kind: 'stream', up: false })
      // The browser tries again by itself unless the server refused.
      if (source?.readyState !== EventSource.CLOSED || signal.aborted) return
      again = setTimeout(open, waitMs)
      waitMs = Math.min(60_000, waitMs * 2)
    })
  }
  open()
  signal.addEventListener('abort', () => {
    clearTimeout(again)
    source?.close()
    tell({ kind: 'stream', up: false })
  })
}

/**
 * Follows the server's events, with one stream for all tabs of this browser: a browser allows
 * few connections to one server, and each open stream takes one. The tab that holds the lock
 * listens and tells the others; when it closes, the next one gets the lock. Where the browser has
 * no locks (they need https), each tab listens for itself.
 */
export function useLive(): void {
  useEffect(() => {
    const stop = new AbortController()
    const channel = new BroadcastChannel('live')
    let leading = false
    const tell = (message: Message) => {
      receive(message)
      if (!stop.signal.aborted) channel.postMessage(message)
    }
    channel.addEventListener('message', (event) => {
      const message = event.data as Message
      if (message.kind === 'is-it-up') {
        if (leading) channel.postMessage({ kind: 'stream', up: streamUp })
      } else receive(message)
    })

    // TypeScript takes the lock manager for granted; a browser on http has none.
    const locks = navigator.locks as LockManager | undefined
    if (locks) {
      locks
        .request('live', { signal: stop.signal }, () => {
          leading = true
          listen(stop.signal, tell)
          return new Promise<void>((resolve) => stop.signal.addEventListener('abort', () => resolve()))
        })
        .catch(() => undefined) // Aborted while another tab held the lock.
      channel.postMessage({ kind: 'is-it-up' })
    } else listen(stop.signal, receive)

    const onShow = () => {
      if (!document.hidden && stale.size > 0) flush()
    }
    document.addEventListener('visibilitychange', onShow)
    return () => {
      document.removeEventListener('visibilitychange', onShow)
      stop.abort()
      channel.close()
    }
  }, [])
}
