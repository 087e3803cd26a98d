import { describe, expect, it } from 'vitest'
import { ApiError, NoAnswerError } from '@/api/errors'
import { readAll, remove, write } from '@/api/device'
import type { TimesheetGroup, TimesheetInput } from '@/api/types'
import type { Photo, UnsentEntry } from './outbox'
import { Outbox } from './outbox'

const input = (hours: string): TimesheetInput => ({ project_id: 'p', date: '2026-11-23', hours, activity_type_id: 'a', cost_center_id: 'c', notes: '' })
const labels = { project: 'Kitchen', activity: 'Cabling', color: null, costCenter: 'LAB' }

/** A server that records once for each id, and whose answers can be lost. */
class FakeServer {
  rows = new Map<string, { row: string; input: TimesheetInput; photos: number }>()
  calls: string[] = []
  /** What happens to the next creations, in order: the answer is lost, nothing arrives, or it is refused. */
  fates: ('lost' | 'offline' | 'refuse' | 'fine')[] = []

  /** What happens to the next photos: half of one arrives, or it is refused. */
  photoFates: ('half' | 'refuse' | 'fine')[] = []
  /** How many bytes of each upload have come. */
  uploads = new Map<string, number>()
  /** Called in the middle of each photo. */
  onPhoto: () => Promise<unknown> = () => Promise.resolve()

  sendPhoto = async (photo: Photo, onBegin: (upload: string) => Promise<unknown>, onProgress: (bytes: number) => void): Promise<string> => {
    const fate = this.photoFates.shift() ?? 'fine'
    let upload = photo.upload ?? ''
    if (!this.uploads.has(upload)) {
      upload = `upload-${this.uploads.size + 1}`
      this.uploads.set(upload, 0)
      await onBegin(upload)
    }
    this.calls.push(`photo ${upload} from ${this.uploads.get(upload)}`)
    this.uploads.set(upload, Math.floor(photo.bytes.byteLength / 2))
    onProgress(this.uploads.get(upload) ?? 0)
    await this.onPhoto()
    if (fate === 'half') throw new NoAnswerError(false)
    if (fate === 'refuse') throw new ApiError(400, { error: 'The file is damaged' })
    this.uploads.set(upload, photo.bytes.byteLength)
    return upload
  }
  create = (given: TimesheetInput, photos: string[], id: string, group?: TimesheetGroup): Promise<{ id: string }[]> => {
    this.calls.push(`create ${id} ${given.hours}`)
    const fate = this.fates.shift() ?? 'fine'
    if (fate === 'offline') return Promise.reject(new NoAnswerError(false))
    if (fate === 'refuse') return Promise.reject(new ApiError(400, { error: 'The project is closed' }))
    const known = this.rows.get(id)
    if (known && known.input.hours !== given.hours && !known.row.includes('changed'))
      return Promise.reject(new ApiError(409, { error: 'This Idempotency-Key was used with another request' }))
    const names = group ? group.people.flatMap((person) => group.activities.map((activity) => `${id}-${person}-${activity.activity_type_id}`)) : [id]
    if (!known) for (const name of names) this.rows.set(name, { row: `row-${name}`, input: given, photos: photos.length })
    if (fate === 'lost') return Promise.reject(new NoAnswerError(true))
    return Promise.resolve(names.map((name) => ({ id: `row-${name}` })))
  }
  update = (row: string, given: TimesheetInput): Promise<void> => {
    this.calls.push(`update ${row} ${given.hours}`)
    for (const [id, known] of this.rows) if (known.row === row) this.rows.set(id, { ...known, input: given })
    return Promise.resolve()
  }
  remove = (row: string): Promise<void> => {
    this.calls.push(`remove ${row}`)
    for (const [id, known] of this.rows) if (known.row === row) this.rows.delete(id)
    return Promise.resolve()
  }
}

/** An outbox over the device's own store, as after a reload: nothing is kept in memory. */
function device(server: FakeServer, userId: string) {
  let made = 0
  const storage = {
    all: async () => (await readAll<UnsentEntry>('entries')).filter((entry) => entry.userId === userId),
    put: (entry: UnsentEntry) => write('entries', entry),
    remove: (id: string) => remove('entries', id),
  }
  const reload = () => new Outbox(storage, server, () => `${userId}-new-${++made}`)
  return { reload, add: (box: Outbox, id: string, hours: string, photos: UnsentEntry['photos'] = []) => box.add({ id: `${userId}-${id}`, userId, input: input(hours), photos, labels }) }
}

const photoOf = (size: number): Photo => ({ type: 'image/jpeg', bytes: new Uint8Array(size).buffer })

describe('the outbox', () => {
  it('keeps an entry through lost signal and a reload, with its photos, and sends it when there is signal', async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'u1')
    const photo = { type: 'image/jpeg', bytes: new Uint8Array([1, 2, 3]).buffer }
    server.fates = ['offline']
    const before = reload()
    await add(before, 'a', '7.5', [photo])
    expect(await before.flush('u1')).toBe(false)
    expect(before.snapshot().entries).toHaveLength(1)

    const after = reload()
    await after.load()
    expect(new Uint8Array(after.snapshot().entries[0]?.photos[0]?.bytes ?? new ArrayBuffer(0))).toEqual(new Uint8Array([1, 2, 3]))
    expect(await after.flush('u1')).toBe(true)
    expect(after.snapshot()).toEqual({ entries: [], sending: null, progress: null })
    expect(server.rows.get('u1-a')).toMatchObject({ input: input('7.5'), photos: 1 })
  })

  it('records an entry once when the answer was lost', async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'u2')
    server.fates = ['lost', 'lost', 'fine']
    const box = reload()
    await add(box, 'a', '4')
    await box.flush('u2')
    await box.flush('u2')
    await reload().flush('u2')
    expect(server.calls).toEqual(['create u2-a 4', 'create u2-a 4', 'create u2-a 4'])
    expect(server.rows.size).toBe(1)
  })

  it('sends a change made after a lost answer as a change, not as another entry', async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'u3')
    server.fates = ['lost']
    const box = reload()
    await add(box, 'a', '4')
    await box.flush('u3')
    await box.change('u3-a', { input: input('5'), photos: [], labels })
    await box.flush('u3')
    expect(server.calls).toEqual(['create u3-a 4', 'create u3-a 4', 'update row-u3-a 5'])
    expect([...server.rows.values()].map((row) => row.input.hours)).toEqual(['5'])
  })

  it('deletes at the server what may have arrived before it was deleted here', async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'u4')
    server.fates = ['lost']
    const box = reload()
    await add(box, 'a', '4')
    await add(box, 'never-sent', '1')
    await box.flush('u4')
    await box.discard('u4-a')
    await box.discard('u4-never-sent')
    await box.flush('u4')
    expect(server.rows.size).toBe(0)
    expect(box.snapshot().entries).toEqual([])
  })

  it('shows a refusal at its entry, goes on with the next, and sends the corrected one under a new id', async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'u5')
    server.fates = ['refuse']
    const box = reload()
    await add(box, 'a', '4')
    await add(box, 'b', '2')
    await box.flush('u5')
    expect(box.snapshot().entries.map((entry) => [entry.id, entry.fault])).toEqual([['u5-a', 'The project is closed']])
    await box.flush('u5')
    expect(server.calls).toEqual(['create u5-a 4', 'create u5-b 2'])
    await box.change('u5-a', { input: input('3'), photos: [], labels })
    await box.flush('u5')
    expect(server.calls.at(-1)).toBe('create u5-new-1 3')
    expect(box.snapshot().entries).toEqual([])
  })

  it('stops at the first entry without an answer and keeps the order', async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'u6')
    server.fates = ['fine', 'offline']
    const box = reload()
    for (const id of ['a', 'b', 'c']) await add(box, id, '1')
    expect(await box.flush('u6')).toBe(true)
    expect(box.snapshot().entries.map((entry) => entry.id)).toEqual(['u6-b', 'u6-c'])
    expect(server.calls).toHaveLength(2)
  })

  it("sends nobody else's entries", async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'u7')
    const box = reload()
    await add(box, 'a', '1')
    await box.flush('somebody-else')
    expect(server.calls).toEqual([])
    expect(box.snapshot().entries).toHaveLength(1)
  })

  it('joins a round that is under way instead of sending twice', async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'u8')
    const box = reload()
    await add(box, 'a', '1')
    await Promise.all([box.flush('u8'), box.flush('u8')])
    expect(server.calls).toEqual(['create u8-a 1'])
  })
  it('records the entries of several people together, once, and takes all of them back when they were deleted here', async () => {
    const server = new FakeServer()
    const { reload } = device(server, 'u9')
    const group = { people: ['x', 'y'], activities: [{ activity_type_id: 'a', hours: '4', billable: true }, { activity_type_id: 'b', hours: '1', billable: false }] }
    server.fates = ['lost']
    const box = reload()
    await box.add({ id: 'u9-a', userId: 'u9', input: input('4'), group, photos: [], labels })
    await box.flush('u9')
    expect(server.rows.size).toBe(4)
    await expect(box.change('u9-a', { input: input('5'), group, photos: [], labels })).rejects.toThrow('may have been recorded already')
    await box.discard('u9-a')
    await reload().flush('u9')
    expect(server.rows.size).toBe(0)
    expect(server.calls.filter((call) => call.startsWith('create'))).toHaveLength(2)
  })

  it('goes on with a photo where it broke off, also after a reload, and sends none twice', async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'p1')
    server.photoFates = ['fine', 'half']
    const before = reload()
    await add(before, 'a', '2', [photoOf(10), photoOf(8)])
    const progress: unknown[] = []
    before.subscribe(() => progress.push(before.snapshot().progress))
    expect(await before.flush('p1')).toBe(false)
    expect(progress).toContainEqual({ bytes: 14, of: 18 })

    expect(await reload().flush('p1')).toBe(true)
    expect(server.calls).toEqual(['photo upload-1 from 0', 'photo upload-2 from 0', 'photo upload-2 from 4', 'create p1-a 2'])
    expect(server.rows.get('p1-a')).toMatchObject({ photos: 2 })
  })

  it('does not send the photos again when only the answer to the entry was lost', async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'p2')
    server.fates = ['lost']
    const box = reload()
    await add(box, 'a', '2', [photoOf(10)])
    await box.flush('p2')
    expect(await reload().flush('p2')).toBe(true)
    expect(server.calls).toEqual(['photo upload-1 from 0', 'create p2-a 2', 'create p2-a 2'])
  })

  it('sends what an entry became while its photos travelled', async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'p3')
    const box = reload()
    await add(box, 'a', '2', [photoOf(10)])
    const other = photoOf(6)
    server.onPhoto = async () => {
      server.onPhoto = () => Promise.resolve()
      await reload().change('p3-a', { input: input('3'), group: undefined, photos: [other], labels })
    }
    expect(await box.flush('p3')).toBe(true)
    expect(server.calls).toEqual(['photo upload-1 from 0', 'photo upload-2 from 0', 'create p3-a 3'])
    expect(server.rows.get('p3-a')).toMatchObject({ photos: 1 })
  })

  it('creates nothing for an entry that was deleted while its photos travelled', async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'p4')
    const box = reload()
    await add(box, 'a', '2', [photoOf(10)])
    server.onPhoto = () => reload().discard('p4-a')
    await box.flush('p4')
    expect(server.rows.size).toBe(0)
    expect(box.snapshot().entries).toEqual([])
  })

  it('says at the entry that a photo was refused, and sends what takes its place', async () => {
    const server = new FakeServer()
    const { reload, add } = device(server, 'p5')
    server.photoFates = ['refuse']
    const box = reload()
    await add(box, 'a', '2', [photoOf(10)])
    await box.flush('p5')
    expect(box.snapshot().entries[0]?.fault).toBe('The file is damaged')
    await box.change('p5-a', { input: input('2'), group: undefined, photos: [photoOf(6)], labels })
    expect(await box.flush('p5')).toBe(true)
    expect([...server.rows.values()]).toMatchObject([{ photos: 1 }])
  })
})
