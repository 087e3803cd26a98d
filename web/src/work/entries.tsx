import { Image } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import type { Timesheet } from '@/api/types'
import { formatDay, formatWeekday } from '@/format/calendar'
import { formatMoney, formatQuantity } from '@/format/money'
import type { MenuItem } from '@/ui/menu'
import type { Column } from '@/ui/table'
import { Table } from '@/ui/table'
import { EntryBadges } from './entry-badges'
import { AppLink } from './link'
import { photosOf } from './photo'
import { PhotoViewer } from './photo-viewer'

interface EntriesProps<Row extends Timesheet> {
  label: string
  rows: Row[]
  /** What the page around it says already. */
  without?: ('project' | 'client')[]
  /** Money is for those who may see it. */
  money: boolean
  /** Before the day, such as a box to choose the row. */
  before?: (row: Row) => ReactNode
  under?: (row: Row) => ReactNode
  rowActions?: (row: Row) => MenuItem[]
}

/** The columns of entries, for a list of them. */
export function entryColumns<Row extends Timesheet>({ without = [], money, before, onPhotos }: Pick<EntriesProps<Row>, 'without' | 'money' | 'before'> & { onPhotos: (row: Row) => void }): Column<Row>[] {
  const columns: (Column<Row> | false)[] = [
    {
      head: 'Day',
      phone: 'title',
      className: 'whitespace-nowrap',
      cell: (row) => (
        <span className="inline-flex items-center gap-1">
          {before?.(row)}
          <span className="num">{formatWeekday(row.date)}</span>
          <span className="font-normal text-muted lg:hidden"> · {row.user_name}</span>
        </span>
      ),
    },
    { head: 'Person', phone: 'none', cell: (row) => row.user_name },
    !without.includes('project') && {
      head: 'Project',
      cell: (row) => (
        <AppLink to={`/projects/${row.project_id}`} className="relative z-10 text-accent underline underline-offset-4 lg:no-underline lg:hover:underline">
          {row.project_name}
        </AppLink>
      ),
    },
    !without.includes('client') && !without.includes('project') && { head: 'Client', phone: 'none', cell: (row) => row.client_name },
    { head: 'Work', cell: (row) => [row.activity_type_name, row.notes].filter(Boolean).join(': ') },
    {
      head: 'State',
      phone: 'badge',
      cell: (row) => (
        <span className="inline-flex flex-wrap items-center gap-1.5">
          <EntryBadges entry={row} />
          {(row.image_urls?.length ?? 0) > 0 && (
            <button type="button" className="relative z-10 inline-flex min-h-8 items-center gap-1 text-sm font-medium text-accent hover:underline" onClick={() => onPhotos(row)}>
              <Image aria-hidden className="size-4" />
              {row.image_urls?.length}
              <span className="sr-only"> photos</span>
            </button>
          )}
        </span>
      ),
    },
    { head: 'Hours', phone: 'amount', align: 'right', cell: (row) => <>{formatQuantity(row.hours)}<span className="lg:hidden"> h</span></> },
    money && { head: 'Amount', align: 'right', cell: (row) => formatMoney(row.amount) },
  ]
  return columns.filter((column) => column !== false)
}

/** Entries of a record, with their state and photos. */
export function Entries<Row extends Timesheet>({ label, rows, without, money, before, under, rowActions }: EntriesProps<Row>) {
  const [photos, setPhotos] = useState<Row | null>(null)
  return (
    <>
      <Table<Row>
        label={label}
        rows={rows}
        columns={entryColumns<Row>({ without, money, before, onPhotos: setPhotos })}
        keyOf={(row) => row.id}
        nameOf={(row) => `${row.user_name}, ${formatDay(row.date)}`}
        under={under}
        rowActions={rowActions}
      />
      {photos && <PhotoViewer title={`${photos.project_name}, ${formatWeekday(photos.date)}`} photos={photosOf(photos)} onClose={() => setPhotos(null)} />}
    </>
  )
}
