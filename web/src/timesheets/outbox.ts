import { isPassing, messageOf } from '@/api/errors'
import type { TimesheetGroup, TimesheetInput } from '@/api/types'

export interface Photo {
  type: string
  /** Not a Blob: some phones lose the content of a Blob that was stored. */
  bytes: ArrayBuffer
  /** By what it is known on this device; one that was kept by an earlier version of the app has none yet. */
  id?: string
  /** The upload that brings it to the server, since its first byte was sent. */
  upload?: string
  /** When the server had all of it. */
  sentAt?: number
}

/** An entry that is on this device and not yet, or not surely, at the server. */
export interface UnsentEntry {
  /** Also the key under which the server records it once. */
  id: string
  userId: string
  input: TimesheetInput
  /** With it, several entries that are recorded together or not at all; `input` holds what they share. */
  group?: TimesheetGroup
  photos: Photo[]
  /** What to show for it without looking anything up. */
  labels: { project: string; activity: string; color: string | null; costCenter: string }
  /**
   * What was sent under this id without an answer that settles it; null when nothing was. The
   * server may have recorded it, so it is sent again as it was, and changed or deleted after.
   */
  attempted: TimesheetInput | null
  /** The person deleted it after it was sent without an answer. */
  discard: boolean
  /** Why the server refused it; null while it only waits. */
  fault: string | null
  createdAt: number
}

interface Storage {
  all: () => Promise<UnsentEntry[]>
  put: (entry: UnsentEntry) => Promise<unknown>
  remove: (id: string) => Promise<unknown>
}

interface Server {
  /** Brings a photo to the server, going on where an earlier try broke off, and answers its upload. */
  sendPhoto: (photo: Photo, onBegin: (upload: string) => Promise<unknown>, onProgress: (bytes: number) => void) => Promise<string>
  /** Answers the entries that were recorded: one, or those of the group. `photos` are their uploads. */
  create: (input: TimesheetInput, photos: string[], id: string, group?: TimesheetGroup) => Promise<{ id: string }[]>
  update: (id: string, input: TimesheetInput) => Promise<unknown>
  remove: (id: string) => Promise<unknown>
}

export interface OutboxState {
  /** Oldest first. */
  entries: UnsentEntry[]
  /** The entry that is being sent now. */
  sending: string | null
  /** How much of its photos the server has. */
  progress: { bytes: number; of: number } | null
}

/** For how long the server surely keeps a photo that no entry has named yet; it promises a week. */
const uploadLastsMs = 6 * 24 * 3600 * 1000

const isThere = (photo: Photo) => photo.sentAt !== undefined && photo.upload !== undefined && Date.now() - photo.sentAt < uploadLastsMs

const sameInput = (a: TimesheetInput, b: TimesheetInput) => JSON.stringify(Object.entries(a).sort()) === JSON.stringify(Object.entries(b).sort())

/** The server has the entry, but refused what was to be done with it next. */
class RefusedLater extends Error {
  readonly made: TimesheetInput
  constructor(message: string, made: TimesheetInput) {
    super(message)
    this.made = made
  }
}

/**
 * The entries that wait on this device until the server has them. An entry is stored before
 * anything is sent and removed only after the server's answer, so neither a lost signal nor a
 * closed app loses it; and since it always goes under the same id, a lost answer does not record
 * it twice.
 */
export class Outbox {
  private state: OutboxState = { entries: [], sending: null, progress: null }
  private listeners = new Set<() => void>()
  private running: Promise<boolean> | null = null
  private readonly storage: Storage
  private readonly server: Server
  private readonly newId: () => string

  constructor(storage: Storage, server: Server, newId: () => string) {
    this.storage = storage
    this.server = server
    this.newId = newId
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  snapshot = (): OutboxState => this.state

  private set(change: Partial<OutboxState>) {
    this.state = { ...this.state, ...change }
    this.listeners.forEach((listener) => listener())
  }

  /** Reads what is stored; other tabs of this device write to it too. */
  async load(): Promise<void> {
    const entries = await this.storage.all()
    this.set({ entries: entries.sort((a, b) => a.createdAt - b.createdAt) })
  }

  /** Keeps a new entry. When this has answered, the entry survives everything but the loss of the device. */
  async add(entry: Pick<UnsentEntry, 'id' | 'userId' | 'input' | 'group' | 'photos' | 'labels'>): Promise<void> {
    await this.storage.put({ ...entry, attempted: null, discard: false, fault: null, createdAt: Date.now() })
    await this.load()
  }

  /** Changes an entry that was not sent yet. */
  async change(id: string, change: Pick<UnsentEntry, 'input' | 'group' | 'photos' | 'labels'>): Promise<void> {
    const entry = await this.stored(id)
    if (!entry) throw new Error('This entry was sent in the meantime. Open it again to change it.')
    // One entry can be changed after it was recorded; of several the server does not know which was meant.
    if (entry.attempted !== null && (entry.group || change.group))
      throw new Error('These entries may have been recorded already. When there is signal they can be changed one by one.')
    if (entry.fault !== null && entry.attempted === null) {
      // The server answered for the old id with a refusal; what is new gets a new one. If it was a
      // photo that it did not take, that is sent anew.
      const photos = change.photos.map(({ type, bytes }) => ({ type, bytes }))
      await this.storage.put({ ...entry, ...change, photos, id: this.newId(), fault: null })
      await this.storage.remove(id)
    } else {
      // Photos went with the first attempt; they cannot be changed by the one that follows.
      await this.storage.put({ ...entry, ...change, photos: entry.attempted ? entry.photos : change.photos, fault: null })
    }
    await this.load()
  }

  /** Deletes an entry; one that may have arrived is deleted at the server as well, when there is signal. */
  async discard(id: string): Promise<void> {
    const entry = await this.stored(id)
    if (entry?.attempted) await this.storage.put({ ...entry, discard: true })
    else await this.storage.remove(id)
    await this.load()
  }

  /**
   * Sends what waits, oldest first, and stops at the first entry that gets no answer. Answers
   * whether the server took anything. A call during another one joins it.
   */
  flush(userId: string): Promise<boolean> {
    this.running ??= this.run(userId).finally(() => {
      this.running = null
    })
    return this.running
  }

  private async run(userId: string): Promise<boolean> {
    let took = false
    await this.load()
    try {
      for (const waiting of this.state.entries) {
        if (waiting.userId !== userId || waiting.fault !== null) continue
        this.set({ sending: waiting.id })
        try {
          await this.sendOne(waiting)
          took = true
        } catch (error) {
          if (isPassing(error)) break
          // The person sees the fault at the entry and decides.
          await this.refuse(waiting.id, error instanceof RefusedLater ? error.made : null, messageOf(error))
        }
      }
    } finally {
      this.set({ sending: null, progress: null })
      await this.load()
    }
    return took
  }

  private async sendOne(waiting: UnsentEntry): Promise<void> {
    const entry = await this.sendPhotos(waiting)
    if (!entry) return // deleted meanwhile
    this.set({ progress: null })
    const first = entry.attempted ?? entry.input
    await this.storage.put({ ...entry, attempted: first })
    const uploads = entry.photos.flatMap((photo) => photo.upload ?? [])
    const rows = await this.server.create(first, uploads, entry.id, entry.group)
    // It may have been changed or deleted while it was on its way.
    const now = (await this.stored(entry.id)) ?? entry
    try {
      if (now.discard) for (const row of rows) await this.server.remove(row.id)
      else if (rows[0] && !sameInput(first, now.input)) await this.server.update(rows[0].id, now.input)
    } catch (error) {
      if (isPassing(error)) throw error
      throw new RefusedLater(messageOf(error), first)
    }
    await this.storage.remove(entry.id)
    await this.load()
  }

  /**
   * Brings the photos of an entry to the server, one after the other, before the entry that names
   * them. Answers the entry as it is then: it can be changed, or deleted, while they travel.
   */
  private async sendPhotos(waiting: UnsentEntry): Promise<UnsentEntry | undefined> {
    // Those of an attempt are the server's now, or were refused with it.
    if (waiting.attempted && waiting.photos.every((photo) => photo.upload !== undefined)) return waiting
    for (;;) {
      const entry = await this.stored(waiting.id)
      const photo = entry?.photos.find((one) => !isThere(one))
      if (!entry || !photo) return entry
      if (photo.id === undefined) {
        await this.storage.put({ ...entry, photos: entry.photos.map((one) => ({ ...one, id: one.id ?? this.newId() })) })
        continue
      }
      const size = (photos: Photo[]) => photos.reduce((sum, one) => sum + one.bytes.byteLength, 0)
      const before = size(entry.photos.filter(isThere))
      const progress = (bytes: number) => this.set({ progress: { bytes: before + bytes, of: size(entry.photos) } })
      progress(0)
      const upload = await this.server.sendPhoto(photo, (begun) => this.note(entry.id, photo.id, { upload: begun, sentAt: undefined }), progress)
      await this.note(entry.id, photo.id, { upload, sentAt: Date.now() })
    }
  }

  /** Notes how far a photo of an entry has come, if both are still there. */
  private async note(id: string, photo: string | undefined, change: Pick<Photo, 'upload' | 'sentAt'>): Promise<void> {
    const entry = await this.stored(id)
    if (entry) await this.storage.put({ ...entry, photos: entry.photos.map((one) => (one.id === photo ? { ...one, ...change } : one)) })
  }

  private async stored(id: string): Promise<UnsentEntry | undefined> {
    return (await this.storage.all()).find((other) => other.id === id)
  }

  private async refuse(id: string, attempted: TimesheetInput | null, fault: string): Promise<void> {
    const entry = await this.stored(id)
    if (!entry) return
    if (entry.discard) await this.storage.remove(id)
    else await this.storage.put({ ...entry, attempted, fault })
    await this.load()
  }
}
