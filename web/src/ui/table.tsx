import type { ReactNode } from 'react'
import type { MenuItem } from './menu'
import { Menu } from './menu'
import { useWide } from './wide'

export interface Column<Row> {
  head: string
  cell: (row: Row) => ReactNode
  /** Where it stands on the card that a row is on a phone; among the small print unless told. */
  phone?: 'title' | 'amount' | 'badge' | 'line' | 'none'
  /** Figures stand to the right. */
  align?: 'right'
  /** On a desktop, such as a width. */
  className?: string
}

interface TableProps<Row> {
  /** What the rows are, for those who do not see the page around them. */
  label: string
  rows: Row[]
  columns: Column<Row>[]
  keyOf: (row: Row) => string
  nameOf: (row: Row) => string
  rowActions?: (row: Row) => MenuItem[]
  rowClass?: (row: Row) => string
  /** Below a row, over its whole width. */
  under?: (row: Row) => ReactNode
}

/**
 * The classes of the link in a row that leads to its record. The whole row can be tapped; give the
 * link `data-row-link` so that j and k reach it. What else can be pressed in the row needs
 * "relative z-10".
 */
export const rowLink = 'font-medium text-accent after:absolute after:inset-0 hover:underline'

/** Rows of records: a table where there is room, cards on a phone. */
export function Table<Row>(props: TableProps<Row>) {
  return useWide() ? <Wide {...props} /> : <Cards {...props} />
}

const isThere = (node: ReactNode) => node !== null && node !== undefined && node !== false && node !== ''

function Wide<Row>({ label, rows, columns, keyOf, nameOf, rowActions, rowClass, under }: TableProps<Row>) {
  return (
    <div className="card overflow-x-auto">
      <table className="w-full border-collapse text-left" aria-label={label}>
        <thead>
          <tr className="border-b border-line text-sm text-muted">
            {columns.map((column) => (
              <th key={column.head} scope="col" className={`px-4 py-2.5 font-medium ${column.align === 'right' ? 'text-right' : ''} ${column.className ?? ''}`}>
                {column.head}
              </th>
            ))}
            {rowActions && (
              <th scope="col" className="w-14">
                <span className="sr-only">Actions</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody className="divide-y divide-line">
          {rows.map((row) => {
            const more = under?.(row)
            const items = rowActions?.(row) ?? []
            return (
              <tr key={keyOf(row)} className={`relative align-middle hover:bg-raised/60 has-[[data-row-link]:focus-visible]:bg-raised ${rowClass?.(row) ?? ''}`}>
                {columns.map((column, i) => (
                  <td key={column.head} className={`px-4 py-2.5 ${column.align === 'right' ? 'num text-right' : ''} ${column.className ?? ''}`}>
                    {column.cell(row)}
                    {i === 0 && isThere(more) && <div className="relative z-10 mt-1">{more}</div>}
                  </td>
                ))}
                {rowActions && (
                  <td className="py-1 pr-2">
                    {items.length > 0 && (
                      <div className="relative z-10 flex justify-end">
                        <Menu label={`Actions for ${nameOf(row)}`} items={items} />
                      </div>
                    )}
                  </td>
                )}
              </tr>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

function Cards<Row>({ label, rows, columns, keyOf, nameOf, rowActions, rowClass, under }: TableProps<Row>) {
  const at = (place: Column<Row>['phone']) => columns.filter((column) => (column.phone ?? 'line') === place)
  return (
    <ul className="card divide-y divide-line" aria-label={label}>
      {rows.map((row) => {
        const lines = at('line').map((column) => ({ head: column.head, node: column.cell(row) })).filter(({ node }) => isThere(node))
        const badges = at('badge').map((column) => ({ head: column.head, node: column.cell(row) })).filter(({ node }) => isThere(node))
        const more = under?.(row)
        const items = rowActions?.(row) ?? []
        return (
          <li key={keyOf(row)} className={`relative flex items-start gap-2 py-3 pl-4 ${items.length > 0 ? 'pr-1' : 'pr-4'} ${rowClass?.(row) ?? ''}`}>
            <div className="min-w-0 flex-1">
              <div className="flex items-baseline gap-3">
                <div className="min-w-0 flex-1 font-medium break-words">{at('title').map((column) => <div key={column.head}>{column.cell(row)}</div>)}</div>
                <div className="num shrink-0 text-right font-semibold">{at('amount').map((column) => <div key={column.head}>{column.cell(row)}</div>)}</div>
              </div>
              {lines.length > 0 && (
                <p className="text-sm break-words text-muted">
                  {lines.map(({ head, node }, i) => (
                    <span key={head}>
                      {i > 0 && ' · '}
                      {node}
                    </span>
                  ))}
                </p>
              )}
              {badges.length > 0 && (
                <div className="mt-1.5 flex flex-wrap items-center gap-2">
                  {badges.map(({ head, node }) => (
                    <span key={head}>{node}</span>
                  ))}
                </div>
              )}
              {isThere(more) && <div className="relative z-10 mt-1">{more}</div>}
            </div>
            {items.length > 0 && (
              <div className="relative z-10 -my-1.5">
                <Menu label={`Actions for ${nameOf(row)}`} items={items} />
              </div>
            )}
          </li>
        )
      })}
    </ul>
  )
}
