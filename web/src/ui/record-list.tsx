import { Pencil, Plus, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { Button } from './button'
import type { MenuItem } from './menu'
import { Menu } from './menu'
import { Empty, Failure, Skeleton } from './states'

interface RecordListProps<Row> {
  rows: Row[] | undefined
  error: Error | null
  onRetry: () => void
  keyOf: (row: Row) => string
  nameOf: (row: Row) => string
  /** What stands in a row, beside its menu. */
  render: (row: Row) => ReactNode
  /** Absent when the person may only look. */
  onEdit?: (row: Row) => void
  onDelete?: (row: Row) => void
  empty: ReactNode
}

/** Rows of a kind of record, each with its actions. */
export function RecordList<Row>({ rows, error, onRetry, keyOf, nameOf, render, onEdit, onDelete, empty }: RecordListProps<Row>) {
  if (error) return <Failure error={error} onRetry={onRetry} />
  if (!rows) return <Skeleton rows={6} />
  if (rows.length === 0) return typeof empty === 'string' ? <Empty title={empty} /> : empty
  return (
    <ul className="card divide-y divide-line">
      {rows.map((row) => {
        const items: MenuItem[] = []
        if (onEdit) items.push({ label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => onEdit(row) })
        if (onDelete) items.push({ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => onDelete(row) })
        return (
          <li key={keyOf(row)} className="flex min-h-16 items-center gap-3 py-2 pr-2 pl-4">
            <div className="flex min-w-0 flex-1 flex-wrap items-center gap-x-4 gap-y-1">{render(row)}</div>
            {items.length > 0 && <Menu label={`Actions for ${nameOf(row)}`} items={items} />}
          </li>
        )
      })}
    </ul>
  )
}

export function NewButton({ children, onClick }: { children: ReactNode; onClick: () => void }) {
  return (
    <Button variant="primary" icon={<Plus aria-hidden className="size-4" />} onClick={onClick}>
      {children}
    </Button>
  )
}

interface PagerProps {
  page: number
  totalPages: number
  total: number
  onPage: (page: number) => void
}

export function Pager({ page, totalPages, total, onPage }: PagerProps) {
  if (totalPages <= 1) return null
  return (
    <nav aria-label="Pages" className="num flex items-center justify-center gap-4">
      <Button disabled={page <= 1} onClick={() => onPage(page - 1)}>
        Previous
      </Button>
      <span className="text-muted">
        Page {page} of {totalPages} · {total} in all
      </span>
      <Button disabled={page >= totalPages} onClick={() => onPage(page + 1)}>
        Next
      </Button>
    </nav>
  )
}
