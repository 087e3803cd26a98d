import { ApiError, NoAnswerError } from './errors'
import { request } from './http'

/**
 * Uploads that go on where they broke off, by tus 1.0.0 (https://tus.io/protocols/resumable-upload):
 * a phone that loses its signal at 80 % of a photo sends the other 20 % later.
 */

/** What a file is sent for, which decides what the server lets in. */
export type UploadPurpose = 'photo' | 'file' | 'scan'

/** So large that a piece goes through a weak signal within seconds; of a large file larger, so that there are not too many. */
const pieceBytes = (file: Blob) => (file.size > 5_000_000 ? 1024 : 256) * 1024

const protocol = { 'Tus-Resumable': '1.0.0' }

const inBase64 = (text: string) => btoa(String.fromCharCode(...new TextEncoder().encode(text)))

/** The SHA-256 of what is sent, for the server to compare; null where the browser computes none, as on http. */
async function hashOf(file: Blob): Promise<string | null> {
  const subtle = (globalThis.crypto as Crypto | undefined)?.subtle
  if (!subtle) return null
  const digest = await subtle.digest('SHA-256', await file.arrayBuffer())
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('')
}

async function begin(file: Blob, name: string, purpose: UploadPurpose): Promise<string> {
  const about: Record<string, string | null> = { filename: name, purpose, sha256: await hashOf(file) }
  const metadata = Object.entries(about).flatMap(([key, value]) => (value === null ? [] : [`${key} ${inBase64(value)}`]))
  const answer = await request('POST', '/api/uploads', { headers: { ...protocol, 'Upload-Length': String(file.size), 'Upload-Metadata': metadata.join(',') } })
  const id = answer.headers.get('Location')?.split('/').pop()
  if (!id) throw new NoAnswerError(false)
  return id
}

/** How many bytes of an upload the server has; null when it knows of no such upload, or not any more. */
async function offsetOf(id: string): Promise<number | null> {
  try {
    const answer = await request('HEAD', `/api/uploads/${id}`, { headers: protocol })
    return Number(answer.headers.get('Upload-Offset'))
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return null
    throw error
  }
}

export interface Sending {
  name: string
  purpose: UploadPurpose
  /** The upload that an earlier try began. */
  begun?: string | null
  /** Hears of the upload before its first byte is sent, to keep it for a later try. */
  onBegin?: (upload: string) => Promise<unknown>
  /** Hears how many bytes have arrived. */
  onProgress?: (bytes: number) => void
  signal?: AbortSignal
}

/**
 * Sends a file and answers the upload to name in the request that keeps it. Goes on with an
 * upload that was begun. Throws ApiError when the server does not take the file.
 */
export async function sendFile(file: Blob, { name, purpose, begun, onBegin, onProgress, signal }: Sending): Promise<string> {
  let offset = begun ? await offsetOf(begun) : null
  let upload = begun ?? ''
  if (offset === null) {
    upload = await begin(file, name, purpose)
    offset = 0
    await onBegin?.(upload)
  }
  onProgress?.(offset)
  while (offset < file.size) {
    const piece: Blob = file.slice(offset, offset + pieceBytes(file))
    try {
      await request('PATCH', `/api/uploads/${upload}`, {
        headers: { ...protocol, 'Content-Type': 'application/offset+octet-stream', 'Upload-Offset': String(offset) },
        body: piece,
        signal,
        timeoutMs: 60_000,
      })
      offset += piece.size
    } catch (error) {
      if (!(error instanceof ApiError) || error.status >= 500) throw error
      // A file that is refused is gone from the server. Otherwise only the piece was: it came
      // twice, or not whole. An upload that ended unasked is begun anew by the next try.
      const there = await offsetOf(upload)
      if (there === null && error.status !== 404) throw error
      if (there === null || there === offset) throw new NoAnswerError(false)
      offset = there
    }
    onProgress?.(offset)
  }
  return upload
}

/** Gives an upload up: what has come of it is removed. */
export const giveUpUpload = (upload: string) => request('DELETE', `/api/uploads/${upload}`, { headers: protocol })
