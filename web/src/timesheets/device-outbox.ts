import { useEffect, useSyncExternalStore } from 'react'
import { createTimesheet, createTimesheets, deleteTimesheet, updateTimesheet } from '@/api/client'
import { readAll, remove, write } from '@/api/device'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import type { OutboxState, UnsentEntry } from './outbox'
import { Outbox } from './outbox'
import { sendPhoto } from './photos'

/** The outbox of this device. */
export const outbox = new Outbox(
  {
    all: () => readAll<UnsentEntry>('entries'),
    put: (entry) => write('entries', entry),
    remove: (id) => remove('entries', id),
  },
  {
    sendPhoto: (photo, onBegin, onProgress) => sendPhoto(photo, { begun: photo.upload, onBegin, onProgress }),
    create: async (input, uploads, id, group) =>
      group ? (await createTimesheets(input, group, uploads, id)).timesheets : [await createTimesheet(input, uploads, id)],
    update: (id, input) => updateTimesheet(id, input),
    remove: deleteTimesheet,
  },
  newId,
)

const changedChannel = 'outbox'

/** Sends what waits; in one tab at a time where the browser has locks. */
export async function sendUnsent(userId: string): Promise<void> {
  const send = async () => {
    if (await outbox.flush(userId)) {
      await queryClient.invalidateQueries({ queryKey: ['timesheets'] })
      void queryClient.invalidateQueries({ queryKey: ['unbilled'] })
      const channel = new BroadcastChannel(changedChannel)
      channel.postMessage('changed')
      channel.close()
    }
  }
  // TypeScript takes the lock manager for granted; a browser on http has none.
  const locks = navigator.locks as LockManager | undefined
  if (!locks) return send()
  await locks.request('outbox', { ifAvailable: true }, async (lock) => {
    if (lock) await send()
  })
}

/** What waits on this device. */
export const useOutbox = (): OutboxState => useSyncExternalStore(outbox.subscribe, outbox.snapshot)

/** How long to wait between two rounds while something is unsent. */
const roundMs = 15_000

/** Sends what waits whenever there may be signal again: at once, on the browser's word, on return to the app, and each quarter of a minute. */
export function useSendUnsent(userId: string): void {
  useEffect(() => {
    const send = () => void sendUnsent(userId).catch(() => undefined)
    const onShow = () => {
      if (!document.hidden) send()
    }
    const reload = () => void outbox.load().catch(() => undefined)
    const channel = new BroadcastChannel(changedChannel)
    channel.addEventListener('message', reload)
    const timer = setInterval(() => {
      if (outbox.snapshot().entries.some((entry) => entry.userId === userId && entry.fault === null)) send()
    }, roundMs)
    // The browser says "online" a moment before the first request gets through.
    let again: ReturnType<typeof setTimeout> | undefined
    const onOnline = () => {
      send()
      again = setTimeout(send, 2_500)
    }
    addEventListener('online', onOnline)
    document.addEventListener('visibilitychange', onShow)
    send()
    return () => {
      clearInterval(timer)
      clearTimeout(again)
      channel.close()
      removeEventListener('online', onOnline)
      document.removeEventListener('visibilitychange', onShow)
    }
  }, [userId])
}
