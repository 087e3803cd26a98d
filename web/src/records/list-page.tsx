import { useNavigate, useSearch } from '@tanstack/react-router'
import { SearchX, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useRef } from 'react'
import type { SliceQuery } from '@/api/slices'
import { Button } from '@/ui/button'
import type { Filter, FilterValues } from '@/ui/filter-bar'
import { FilterBar } from '@/ui/filter-bar'
import { useListKeys } from '@/ui/list-keys'
import type { MenuItem } from '@/ui/menu'
import { Page } from '@/ui/page'
import { Pager } from '@/ui/record-list'
import { Badge, Empty, Failure, Skeleton } from '@/ui/states'
import type { Column } from '@/ui/table'
import { Table } from '@/ui/table'
import { CsvButton } from './csv'
import type { Rows } from './rows'

interface ListPageProps<Row> {
  title: string
  lead?: ReactNode
  actions?: ReactNode
  /** What is in the list, in the plural: "quotes". */
  noun: string
  filters: Filter[]
  /** Where the list can be had as a file; the query without `limit`. */
  csv?: { path: string; query?: SliceQuery }
  list: Rows<Row>
  columns: Column<Row>[]
  keyOf: (row: Row) => string
  nameOf: (row: Row) => string
  rowActions?: (row: Row) => MenuItem[]
  /** Whether a row is deleted, in a list that shows such rows, too. */
  isDeleted?: (row: Row) => boolean
  /** Below a row, over its whole width. */
  under?: (row: Row) => ReactNode
  /** What stands in the list's place while there is nothing at all. */
  empty: ReactNode
  /** Between the filters and the list. */
  summary?: ReactNode
  /** Above the filters. */
  banner?: ReactNode
  /** Dialogs. */
  children?: ReactNode
}

/** The filter that shows deleted rows, too; send it as `include_deleted`. */
export const deletedFilter: Filter = { kind: 'switch', name: 'deleted', label: 'Show deleted' }

/** The search parameters of the page that is open, and the way to change some of them. */
export function useListSearch(): [FilterValues, (change: FilterValues) => void] {
  const values: FilterValues = useSearch({ strict: false })
  const navigate = useNavigate()
  const change = (to: FilterValues) => {
    // A new filter begins on the first page.
    const next: FilterValues = { ...values, page: undefined, ...to }
    // The routes check what they take; here it is any of them.
    void navigate({ to: '.', search: next as never, replace: !('page' in to) })
  }
  return [values, change]
}

/**
 * A page with a list of records: its filters, which stand in the URL under their names, the rows
 * as a table or as cards, and what to say when there is none. Keys: / search, j k next and
 * previous, Enter open.
 */
export function ListPage<Row>({ title, lead, actions, noun, filters, csv, list, empty, summary, banner, children, isDeleted, ...table }: ListPageProps<Row>) {
  const [values, change] = useListSearch()
  const rows = useRef<HTMLDivElement>(null)
  useListKeys(rows)
  const narrowed = filters.some((filter) => filter.kind !== 'switch' && values[filter.name] !== undefined)
  return (
    <Page
      title={title}
      lead={lead}
      actions={
        <>
          {csv && <CsvButton {...csv} />}
          {actions}
        </>
      }
    >
      {banner}
      <FilterBar filters={filters} values={values} onChange={change} />
      {summary}
      <div ref={rows} className={`flex flex-col gap-5 transition-opacity ${list.stale ? 'opacity-60' : ''}`} aria-busy={list.stale || undefined}>
        {list.error ? (
          <Failure error={list.error} onRetry={list.retry} />
        ) : !list.rows ? (
          <Skeleton rows={6} />
        ) : list.rows.length > 0 ? (
          <Table<Row>
            {...table}
            label={title}
            rows={list.rows}
            columns={isDeleted ? withDeleted(table.columns, isDeleted) : table.columns}
            rowClass={isDeleted && ((row) => (isDeleted(row) ? 'bg-raised/60 text-muted' : ''))}
          />
        ) : Number(values.page ?? 1) > 1 ? (
          <Empty
            icon={<SearchX aria-hidden />}
            title={`No ${noun} on this page`}
            action={<Button onClick={() => change({ page: undefined })}>To the first page</Button>}
          >
            The list has fewer pages now.
          </Empty>
        ) : narrowed ? (
          <Empty
            icon={<SearchX aria-hidden />}
            title={`No ${noun} match`}
            action={<Button onClick={() => change(Object.fromEntries(filters.map((filter) => [filter.name, undefined])))}>Clear the filters</Button>}
          />
        ) : (
          empty
        )}
        {list.more && (
          <Button className="self-center" busy={list.more.busy} onClick={list.more.load}>
            Show more
          </Button>
        )}
        {list.pager && <Pager {...list.pager} onPage={(page) => change({ page })} />}
      </div>
      {children}
    </Page>
  )
}

/** Marks deleted rows in their first column. */
function withDeleted<Row>([first, ...rest]: Column<Row>[], isDeleted: (row: Row) => boolean): Column<Row>[] {
  if (!first) return rest
  const cell = (row: Row) =>
    isDeleted(row) ? (
      <span className="inline-flex flex-wrap items-center gap-2">
        {first.cell(row)}
        <Badge icon={<Trash2 aria-hidden className="size-3.5" />}>Deleted</Badge>
      </span>
    ) : (
      first.cell(row)
    )
  return [{ ...first, cell }, ...rest]
}
