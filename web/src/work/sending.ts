import { useSyncExternalStore } from 'react'
import { createFile } from '@/api/files'
import { isPassing, messageOf } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { giveUpUpload, sendFile } from '@/api/uploads'
import type { Sending, UploadPurpose } from '@/api/uploads'
import { toast } from '@/ui/toast'

/** What files are kept with. */
export interface Belongs {
  project?: string
  center?: string
}

/** A file on its way to the server. */
export interface FileOnItsWay {
  id: string
  file: File
  of: Belongs
  state: 'waiting' | 'sending' | 'failed'
  /** How many bytes have arrived. */
  bytes: number
  /** Why it failed. */
  fault: string
  /** It may succeed without anybody changing anything. */
  passing: boolean
}

interface Outside {
  /** What the files are sent for. */
  purpose?: UploadPurpose
  /** The largest file that the server takes for it. */
  megabytes?: number
  send: (file: Blob, sending: Sending) => Promise<string>
  keep: (upload: string, of: Belongs, key: string) => Promise<unknown>
  giveUp: (upload: string) => Promise<unknown>
  /** Hears how many files arrived since the last time nothing was under way. */
  arrived: (files: number) => void
}

/** How many are sent at the same time: two fill any line, and each is still quick. */
const abreast = 2

/**
 * Sends files one after the other, each piece by piece, and has them kept. What breaks off goes on
 * where it stood when it is tried again; a file whose answer was lost is not kept twice.
 */
export function makeSender({ send, keep, giveUp, arrived, purpose = 'file', megabytes = 100 }: Outside) {
  let all: FileOnItsWay[] = []
  let done = 0
  const listeners = new Set<() => void>()
  const fresh = () => ({ key: newId(), begun: null as string | null, sent: false, abort: new AbortController() })
  const uploads = new Map<string, ReturnType<typeof fresh>>()
  const set = (next: FileOnItsWay[]) => {
    all = next
    listeners.forEach((listener) => listener())
  }
  const change = (id: string, to: Partial<FileOnItsWay>) => set(all.map((one) => (one.id === id ? { ...one, ...to } : one)))

  const one = async ({ id, file, of }: FileOnItsWay) => {
    const upload = uploads.get(id)
    if (!upload) return
    try {
      // When the answer to keeping it was lost, only that is asked again: the upload may have ended with it.
      if (!upload.sent) {
        upload.begun = await send(file, {
          name: file.name,
          purpose,
          begun: upload.begun,
          onBegin: (begun) => {
            upload.begun = begun
            return Promise.resolve()
          },
          onProgress: (bytes) => change(id, { bytes }),
          signal: upload.abort.signal,
        })
        upload.sent = true
      }
      await keep(upload.begun ?? '', of, upload.key)
      done++
      uploads.delete(id)
      set(all.filter((other) => other.id !== id))
    } catch (error) {
      const passing = isPassing(error)
      // What was refused made nothing, and the next try is another.
      if (!passing && uploads.has(id)) uploads.set(id, fresh())
      change(id, { state: 'failed', fault: messageOf(error), passing })
    }
    if (!all.some(({ state }) => state !== 'failed') && done > 0) {
      arrived(done)
      done = 0
    }
    next()
  }
  const next = () => {
    const free = abreast - all.filter(({ state }) => state === 'sending').length
    for (const waiting of all.filter(({ state }) => state === 'waiting').slice(0, Math.max(0, free))) {
      change(waiting.id, { state: 'sending', fault: '' })
      void one(waiting)
    }
  }
  return {
    subscribe: (listener: () => void) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    snapshot: () => all,
    add: (files: File[], of: Belongs) => {
      const added = files.map((file): FileOnItsWay => {
        const fits = file.size <= megabytes * 1024 * 1024 && file.size > 0
        const fault = fits ? '' : file.size === 0 ? 'The file is empty.' : `The file is larger than ${megabytes} MB.`
        return { id: newId(), file, of, state: fits ? 'waiting' : 'failed', bytes: 0, fault, passing: false }
      })
      for (const { id } of added) uploads.set(id, fresh())
      set([...all, ...added])
      next()
    },
    retry: (id: string) => {
      change(id, { state: 'waiting', fault: '' })
      next()
    },
    /** Tries again what failed for want of a connection. */
    retryPassing: () => {
      set(all.map((file) => (file.state === 'failed' && file.passing ? { ...file, state: 'waiting', fault: '' } : file)))
      next()
    },
    /** Gives a file up. */
    drop: (id: string) => {
      const upload = uploads.get(id)
      upload?.abort.abort()
      uploads.delete(id)
      set(all.filter((file) => file.id !== id))
      // If the server does not hear of it, the upload ends by itself in some days.
      if (upload?.begun) void giveUp(upload.begun).catch(() => undefined)
    },
  }
}

export const sender = makeSender({
  send: sendFile,
  keep: async (upload, of, key) => {
    await createFile(upload, { project_id: of.project ?? null, cost_center_id: of.center ?? null }, key)
    void queryClient.invalidateQueries({ queryKey: ['files'] })
  },
  giveUp: giveUpUpload,
  arrived: (files) => toast(files === 1 ? 'The file is kept.' : `${files} files are kept.`),
})

if (typeof window !== 'undefined') addEventListener('online', sender.retryPassing)

/** The files on their way to a project or a cost centre. */
export function useSending({ project, center }: Belongs): FileOnItsWay[] {
  return useSyncExternalStore(sender.subscribe, sender.snapshot).filter(({ of }) => of.project === project && of.center === center)
}
