import { CloudUpload, Image, Pencil, Trash2, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { colourOf } from '@/activities/picker'
import type { Timesheet } from '@/api/types'
import { formatWeekday } from '@/format/calendar'
import { formatQuantity } from '@/format/money'
import type { MenuItem } from '@/ui/menu'
import { Menu } from '@/ui/menu'
import { Badge, Spinner } from '@/ui/states'
import { EntryBadges } from '@/work/entry-badges'
import { photosOf } from '@/work/photo'
import { PhotoViewer } from '@/work/photo-viewer'
import type { OutboxState, UnsentEntry } from './outbox'
import { unsentHours } from './unsent'

const rowClass = 'flex items-start gap-3 py-2.5 pr-2 pl-4'

function Colour({ color }: { color: string | null }) {
  return <span aria-hidden className="mt-1 h-9 w-1 shrink-0 rounded-full" style={{ backgroundColor: colourOf(color) }} />
}

interface UnsentRowProps {
  entry: UnsentEntry
  sending: boolean
  /** How much of its photos the server has, while they travel. */
  progress: OutboxState['progress']
  onEdit: () => void
  onRemove: () => void
}

export function UnsentRow({ entry, sending, progress, onEdit, onRemove }: UnsentRowProps) {
  return (
    <li className={rowClass}>
      <Colour color={entry.labels.color} />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">{entry.labels.project}</p>
        <p className="truncate text-sm text-muted">
          {entry.labels.activity} · {entry.labels.costCenter}
          {entry.input.notes && ` · ${entry.input.notes}`}
        </p>
        <p className="mt-1 flex flex-wrap gap-2">
          {sending ? (
            <Badge tone="accent" icon={<Spinner className="size-3.5" />}>
              {progress ? `Sending photos, ${Math.floor((100 * progress.bytes) / progress.of)} %` : 'Sending…'}
            </Badge>
          ) : entry.fault ? (
            <Badge tone="bad" icon={<TriangleAlert aria-hidden className="size-3.5" />}>
              Not accepted
            </Badge>
          ) : (
            <Badge tone="warn" icon={<CloudUpload aria-hidden className="size-3.5" />}>
              Waiting for signal
            </Badge>
          )}
          {entry.photos.length > 0 && (
            <Badge icon={<Image aria-hidden className="size-3.5" />}>
              {entry.photos.length}
              <span className="sr-only"> photos</span>
            </Badge>
          )}
        </p>
        {entry.fault && <p className="mt-1 text-sm text-bad">{entry.fault}</p>}
      </div>
      <span className="num pt-0.5 text-lg font-semibold">{unsentHours(entry)}</span>
      {/* What is on its way cannot be changed any more; a moment later it can, as what was sent. */}
      {sending ? (
        <span className="size-11 shrink-0" />
      ) : (
        <EntryMenu
          items={[
            { label: 'Edit', icon: <Pencil aria-hidden />, onSelect: onEdit },
            { label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: onRemove },
          ]}
        />
      )}
    </li>
  )
}

export function SentRow({ entry, withName, items }: { entry: Timesheet; withName: boolean; items: MenuItem[] }) {
  const [photos, setPhotos] = useState(false)
  const count = entry.image_urls?.length ?? 0
  return (
    <li className={rowClass}>
      <Colour color={entry.activity_type_color} />
      <div className="min-w-0 flex-1">
        <p className="truncate font-medium">
          {withName && <span className="text-muted">{entry.user_name} · </span>}
          {entry.project_name}
        </p>
        <p className="text-sm text-muted sm:truncate">
          {[entry.client_name, entry.activity_type_name, entry.cost_center_code, entry.location].filter(Boolean).join(' · ')}
        </p>
        {entry.notes && <p className="text-sm break-words">{entry.notes}</p>}
        <div className="mt-1 flex flex-wrap items-center gap-2">
          <EntryBadges entry={entry} />
          {count > 0 && (
            <button type="button" className="inline-flex min-h-8 items-center gap-1.5 text-sm font-medium text-accent underline-offset-4 hover:underline" onClick={() => setPhotos(true)}>
              <Image aria-hidden className="size-4" />
              {count} {count === 1 ? 'photo' : 'photos'}
            </button>
          )}
        </div>
      </div>
      <span className="num pt-0.5 text-lg font-semibold">{formatQuantity(entry.hours)}</span>
      {items.length > 0 ? <EntryMenu items={items} /> : <span className="size-11 shrink-0" />}
      {photos && <PhotoViewer title={`Photos: ${entry.project_name}, ${formatWeekday(entry.date)}`} photos={photosOf(entry)} onClose={() => setPhotos(false)} />}
    </li>
  )
}

function EntryMenu({ items }: { items: MenuItem[] }) {
  return <Menu label="Actions for this entry" items={items} />
}
