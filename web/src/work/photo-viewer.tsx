import { ChevronLeft, ChevronRight, Minus, Plus } from 'lucide-react'
import type { PointerEvent } from 'react'
import { useEffect, useRef, useState } from 'react'
import { messageOf } from '@/api/errors'
import type { TimesheetPhoto } from '@/api/types'
import { Button, IconButton } from '@/ui/button'
import { Dialog } from '@/ui/dialog'
import { Field, Input } from '@/ui/field'
import { photoName, Picture } from './photo'

const zooms = [1, 1.5, 2, 3, 4]

interface ViewerProps {
  title: string
  photos: TimesheetPhoto[]
  start?: number
  /** Says what a photo shows; absent when the person may not. */
  onCaption?: (index: number, caption: string) => Promise<unknown>
  onClose: () => void
}

/** Photos one at a time: larger and smaller, next and previous, by button, key, or finger. */
export function PhotoViewer({ title, photos, start = 0, onCaption, onClose }: ViewerProps) {
  const [at, setAt] = useState(start)
  const [zoom, setZoom] = useState(0)
  const frame = useRef<HTMLDivElement>(null)
  const held = useRef<{ x: number; y: number; left: number; top: number } | null>(null)
  const scale = zooms[zoom] ?? 1
  const go = (by: number) => {
    setAt((now) => Math.min(photos.length - 1, Math.max(0, now + by)))
    setZoom(0)
  }
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.target instanceof HTMLInputElement) return
      if (event.key === 'ArrowLeft') go(-1)
      else if (event.key === 'ArrowRight') go(1)
      else if (event.key === '+' || event.key === '=') setZoom((z) => Math.min(zooms.length - 1, z + 1))
      else if (event.key === '-') setZoom((z) => Math.max(0, z - 1))
      else return
      event.preventDefault()
    }
    addEventListener('keydown', onKey)
    return () => removeEventListener('keydown', onKey)
  })
  const onPointerDown = (event: PointerEvent) => {
    const box = frame.current
    if (box) held.current = { x: event.clientX, y: event.clientY, left: box.scrollLeft, top: box.scrollTop }
  }
  const onPointerMove = (event: PointerEvent) => {
    const box = frame.current
    // A finger scrolls by itself; a mouse takes hold of the picture.
    if (!box || !held.current || event.pointerType !== 'mouse' || scale === 1) return
    box.scrollLeft = held.current.left + held.current.x - event.clientX
    box.scrollTop = held.current.top + held.current.y - event.clientY
  }
  const onPointerUp = (event: PointerEvent) => {
    const from = held.current
    held.current = null
    if (!from || scale !== 1 || event.pointerType === 'mouse') return
    const moved = event.clientX - from.x
    if (Math.abs(moved) > 48) go(moved < 0 ? 1 : -1)
  }
  const photo = photos[at]
  if (photo === undefined) return null
  return (
    <Dialog wide lightly title={title} onClose={onClose}>
      <div className="flex flex-col gap-3">
        <div
          ref={frame}
          className={`grid h-[62dvh] overflow-auto rounded-lg bg-board ${scale > 1 ? 'cursor-grab place-items-start' : 'place-items-center'}`}
          style={{ touchAction: scale > 1 ? 'auto' : 'pan-y' }}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerLeave={() => {
            held.current = null
          }}
          onDoubleClick={() => setZoom((z) => (z === 0 ? 2 : 0))}
        >
          <Picture
            key={photo.url}
            photo={photo}
            alt={photoName(photo, at)}
            className={scale > 1 ? 'max-w-none' : 'max-h-full max-w-full object-contain'}
            style={scale > 1 ? { width: `${scale * 100}%` } : undefined}
          />
        </div>
        {onCaption && photo.id !== '' ? (
          <Caption key={photo.url} caption={photo.caption} onSave={(caption) => onCaption(at, caption)} />
        ) : (
          photo.caption !== '' && <p className="text-sm">{photo.caption}</p>
        )}
        <div className="flex items-center justify-between gap-2">
          <div className="flex">
            <IconButton label="Smaller" disabled={zoom === 0} onClick={() => setZoom(zoom - 1)}>
              <Minus aria-hidden />
            </IconButton>
            <IconButton label="Larger" disabled={zoom === zooms.length - 1} onClick={() => setZoom(zoom + 1)}>
              <Plus aria-hidden />
            </IconButton>
          </div>
          <p className="num text-sm text-muted" aria-live="polite">
            Photo {at + 1} of {photos.length}
          </p>
          <div className="flex">
            <IconButton label="Previous photo" disabled={at === 0} onClick={() => go(-1)}>
              <ChevronLeft aria-hidden />
            </IconButton>
            <IconButton label="Next photo" disabled={at === photos.length - 1} onClick={() => go(1)}>
              <ChevronRight aria-hidden />
            </IconButton>
          </div>
        </div>
      </div>
    </Dialog>
  )
}

function Caption({ caption, onSave }: { caption: string; onSave: (caption: string) => Promise<unknown> }) {
  const [text, setText] = useState(caption)
  const [busy, setBusy] = useState(false)
  const [fault, setFault] = useState('')
  const save = async () => {
    setBusy(true)
    try {
      await onSave(text.trim())
      setFault('')
    } catch (error) {
      setFault(messageOf(error))
    } finally {
      setBusy(false)
    }
  }
  return (
    <form
      className="flex items-end gap-2"
      onSubmit={(event) => {
        event.preventDefault()
        void save()
      }}
    >
      <Field label="What it shows" error={fault} className="min-w-0 flex-1">
        <Input maxLength={500} value={text} onChange={(event) => setText(event.target.value)} />
      </Field>
      <Button type="submit" variant="secondary" busy={busy} disabled={text.trim() === caption}>
        Save
      </Button>
    </form>
  )
}
