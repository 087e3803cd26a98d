import type { Sending } from '@/api/uploads'
import { sendFile } from '@/api/uploads'
import type { Photo } from './outbox'

export const maxPhotos = 5
/** The longer side of a photo as it is kept and sent. */
const maxSide = 2048
/** About what a photo should weigh: five of them go through a weak signal in under a minute. */
const targetBytes = 500_000
const qualities = [0.85, 0.75, 0.65, 0.5]

/** The largest photo that the server takes. */
const maxBytes = 10 * 1024 * 1024

const isHEIC = (file: Blob) => /^image\/hei[cf]$/.test(file.type) || (file instanceof File && /\.hei[cf]$/i.test(file.name))

/** The size a picture gets so that neither side is longer than the limit. */
export function fitInto(width: number, height: number, limit: number): { width: number; height: number } {
  const scale = Math.min(1, limit / Math.max(width, height))
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) }
}

/** Makes a camera's picture small enough to send. Also drops what the camera wrote into it, such as the place. */
export async function shrinkPhoto(file: Blob): Promise<Photo> {
  let picture: ImageBitmap
  try {
    picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
  } catch (error) {
    // Phones that cannot read the pictures of other phones send them as they are.
    if (isHEIC(file) && file.size <= maxBytes) return { type: 'image/heic', bytes: await file.arrayBuffer() }
    throw new Error('This file is not a picture that the phone can read. Take a photo or choose a JPEG or PNG.', { cause: error })
  }
  try {
    let smallest: Blob | null = null
    for (const side of [maxSide, 1600, 1200]) {
      const { width, height } = fitInto(picture.width, picture.height, side)
      const canvas = document.createElement('canvas')
      canvas.width = width
      canvas.height = height
      const context = canvas.getContext('2d')
      if (!context) throw new Error('The phone has no memory left to prepare the photo. Close other apps and try again.')
      // A transparent picture would turn black.
      context.fillStyle = '#fff'
      context.fillRect(0, 0, width, height)
      context.drawImage(picture, 0, 0, width, height)
      for (const quality of qualities) {
        const jpeg = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', quality))
        if (!jpeg) continue
        smallest = jpeg
        if (jpeg.size <= targetBytes) return { type: jpeg.type, bytes: await jpeg.arrayBuffer() }
      }
    }
    if (!smallest) throw new Error('The photo could not be prepared. Try another one.')
    return { type: smallest.type, bytes: await smallest.arrayBuffer() }
  } finally {
    picture.close()
  }
}

/** Brings a photo to the server and answers the upload that the entry names. */
export const sendPhoto = (photo: Photo, sending: Omit<Sending, 'name' | 'purpose'> = {}) =>
  sendFile(new Blob([photo.bytes], { type: photo.type }), { ...sending, name: `photo.${photo.type === 'image/heic' ? 'heic' : 'jpg'}`, purpose: 'photo' })
