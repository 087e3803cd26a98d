import { FileText, ImageOff } from 'lucide-react'
import type { CSSProperties } from 'react'
import type { Timesheet, TimesheetPhoto } from '@/api/types'
import { photoURL } from './photo-url'

/** The photos of an entry. */
export function photosOf(entry: Pick<Timesheet, 'image_urls' | 'photos'>): TimesheetPhoto[] {
  const paths = entry.image_urls ?? []
  if (entry.photos?.length === paths.length) return entry.photos
  return paths.map(bare)
}

/** A photo of which nothing but its address is known. */
export const bare = (url: string): TimesheetPhoto => ({ id: '', url, preview_url: url, caption: '', file_name: '', content_type: '', stored_in: '' })

/** What a browser cannot show as a picture. */
const notShown = ['application/pdf', 'image/heic', 'application/octet-stream']

/** A file of an entry, small, or large in the viewer. */
export function Picture({ photo, small = false, alt, ...look }: { photo: TimesheetPhoto; small?: boolean; alt: string; className?: string; style?: CSSProperties }) {
  if (photo.missing || notShown.includes(photo.content_type))
    return (
      <span className="flex size-full min-h-24 flex-col items-center justify-center gap-1.5 p-2 text-center text-sm text-muted">
        {photo.missing ? <ImageOff aria-hidden /> : <FileText aria-hidden />}
        <span className="max-w-full truncate">{photo.missing ? 'The file is missing' : photo.file_name || alt}</span>
        {!small && !photo.missing && (
          <a className="font-medium text-accent underline underline-offset-4" href={`${photoURL(photo.url)}?original`} download={photo.file_name}>
            Open the file
          </a>
        )}
      </span>
    )
  return <img src={photoURL(small ? photo.preview_url : photo.url)} alt={alt} draggable={false} loading={small ? 'lazy' : undefined} {...look} />
}

/** How a photo is called by those who cannot see it. */
export const photoName = (photo: TimesheetPhoto, index: number) => photo.caption || `Photo ${index + 1}`
