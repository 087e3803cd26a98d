/** What this app keeps on the device: entries that were not sent yet, and what it needs to open without signal. */

const name = 'ampedfieldops'
const version = 1
export type Store = 'entries' | 'kept'

let opened: Promise<IDBDatabase> | null = null

function open(): Promise<IDBDatabase> {
  opened ??= new Promise<IDBDatabase>((resolve, reject) => {
    const request = indexedDB.open(name, version)
    request.onupgradeneeded = () => {
      request.result.createObjectStore('entries', { keyPath: 'id' })
      request.result.createObjectStore('kept')
    }
    request.onsuccess = () => {
      // A newer version of the app in another tab must not wait for this one.
      request.result.onversionchange = () => {
        request.result.close()
        opened = null
      }
      resolve(request.result)
    }
    request.onerror = () => reject(new Error('This device does not let the app keep data. Entries can only be saved with signal.', { cause: request.error }))
  })
  opened.catch(() => {
    opened = null
  })
  return opened
}

/** Runs one request on a store and answers when its transaction is on the disk. */
async function run<T>(store: Store, mode: IDBTransactionMode, work: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open()
  return new Promise<T>((resolve, reject) => {
    const transaction = database.transaction(store, mode, { durability: 'strict' })
    const request = work(transaction.objectStore(store))
    const fail = () => reject(new Error('The entry could not be kept on this device. Its storage may be full.', { cause: transaction.error ?? request.error }))
    transaction.oncomplete = () => resolve(request.result)
    transaction.onabort = fail
    transaction.onerror = fail
  })
}

export const readAll = <T>(store: Store) => run<T[]>(store, 'readonly', (s) => s.getAll() as IDBRequest<T[]>)
export const read = <T>(store: Store, key: string) =>
  run<T | undefined>(store, 'readonly', (s) => s.get(key) as IDBRequest<T | undefined>)
export const write = (store: Store, value: unknown, key?: string) => run(store, 'readwrite', (s) => s.put(value, key))
export const remove = (store: Store, key: string) => run(store, 'readwrite', (s) => s.delete(key))

/** Forgets what was kept to read without signal; entries and drafts stay with the person who typed them. */
export async function forgetKept(): Promise<void> {
  const keys = await run('kept', 'readonly', (s) => s.getAllKeys())
  for (const key of keys) if (typeof key === 'string' && !key.startsWith(draftPrefix)) await remove('kept', key)
}

/** What the keys of drafts begin with. */
export const draftPrefix = 'draft:'

/** Reads from the server and keeps the answer; without signal answers what was kept. */
export async function readKept<T>(key: string, fetch: () => Promise<T>, isOffline: (error: unknown) => boolean): Promise<T> {
  try {
    const fresh = await fetch()
    await write('kept', fresh, key).catch(() => undefined)
    return fresh
  } catch (error) {
    if (!isOffline(error)) throw error
    const kept = await read<T>('kept', key).catch(() => undefined)
    if (kept === undefined) throw error
    return kept
  }
}
