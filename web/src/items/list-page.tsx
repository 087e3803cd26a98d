import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { FileText, Package, Pencil } from 'lucide-react'
import { useState } from 'react'
import type { Item } from '@/api/purchases'
import { may, useUser } from '@/api/session'
import { formatMoney, formatQuantity } from '@/format/money'
import { ListPage, useListSearch } from '@/records/list-page'
import { fromSlices } from '@/records/rows'
import { NewButton } from '@/ui/record-list'
import { Badge, Empty } from '@/ui/states'
import { rowLink } from '@/ui/table'
import { ItemForm } from './form'
import { itemsQuery } from './queries'

/** The price list: what is bought and sold again and again. */
export function ItemsPage() {
  const [search] = useListSearch()
  const navigate = useNavigate()
  const [editing, setEditing] = useState<Item | 'new' | null>(null)
  const mayWrite = may(useUser(), 'can_create_invoices')
  const query = { search: search.search, is_tracked: search.stock === true ? 'true' : undefined, active_only: search.retired === true ? undefined : true }
  const items = useInfiniteQuery({ ...itemsQuery(query), placeholderData: (before) => before })
  const create = mayWrite && <NewButton onClick={() => setEditing('new')}>New item</NewButton>
  return (
    <ListPage<Item>
      title="Items"
      lead="The price list: what is bought and sold again and again, and what is in stock."
      noun="items"
      actions={create}
      csv={{ path: '/api/xero/items', query }}
      filters={[
        { kind: 'search', name: 'search', label: 'Code, name, description' },
        { kind: 'switch', name: 'stock', label: 'Only what is kept in stock' },
        { kind: 'switch', name: 'retired', label: 'Show retired' },
      ]}
      list={fromSlices(items)}
      keyOf={(item) => item.id}
      nameOf={(item) => item.name}
      rowActions={(item) => [
        { label: 'View', icon: <FileText aria-hidden />, onSelect: () => void navigate({ to: '/items/$id', params: { id: item.id } }) },
        ...(mayWrite ? [{ label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => setEditing(item) }] : []),
      ]}
      columns={[
        {
          head: 'Name',
          phone: 'title',
          cell: (item) => (
            <Link data-row-link to="/items/$id" params={{ id: item.id }} className={rowLink}>
              {item.name}
            </Link>
          ),
        },
        { head: 'Code', cell: (item) => <span className="font-mono">{item.code}</span> },
        { head: 'Bought at', align: 'right', phone: 'none', cell: (item) => formatMoney(item.purchase_price) },
        { head: 'Sold at', align: 'right', phone: 'amount', cell: (item) => <span className="font-semibold">{formatMoney(item.sale_price)}</span> },
        { head: 'In stock', align: 'right', phone: 'none', cell: (item) => (item.is_tracked ? formatQuantity(item.stock_level) : <span className="text-muted">–</span>) },
        {
          head: 'Status',
          phone: 'badge',
          cell: (item) => (
            <span className="flex flex-wrap gap-1.5">
              {item.is_tracked && <span className="lg:hidden"><Badge>{formatQuantity(item.stock_level)} in stock</Badge></span>}
              {!item.is_active && <Badge>Retired</Badge>}
            </span>
          ),
        },
      ]}
      empty={
        <Empty icon={<Package aria-hidden />} title="No items yet" action={create}>
          With a price list, a line of a quote, an invoice or a bill is two letters and Enter.
        </Empty>
      }
    >
      {editing && <ItemForm item={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
    </ListPage>
  )
}
