import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { PackagePlus, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { may, useUser } from '@/api/session'
import type { PurchaseOrder } from '@/api/types'
import { isGone, purchaseOrderDocument } from '@/sync/document'
import { Documents } from '@/sync/documents'
import { Financials } from '@/sync/financials'
import { pollMs, useStreamUp } from '@/sync/live'
import { buttonClass } from '@/ui/button'
import { Empty } from '@/ui/states'
import { EditPurchaseOrder } from './edit-dialog'
import { failedPurchaseOrdersQuery, purchaseOrdersQuery } from './queries'
import { DeletePurchaseOrder } from './delete-dialog'

const statuses = ['DRAFT', 'SUBMITTED', 'AUTHORISED', 'BILLED', 'DELETED']

/** All purchase orders with their way to Xero. */
export function PurchaseOrdersPage() {
  const user = useUser()
  const filter = useSearch({ from: '/financials/purchase-orders' })
  const up = useStreamUp()
  const [editing, setEditing] = useState<PurchaseOrder | null>(null)
  const [deleting, setDeleting] = useState<PurchaseOrder | null>(null)
  const orders = useInfiniteQuery({
    ...purchaseOrdersQuery({ search: filter.search, sync_status: filter.sync, status: filter.status, date_from: filter.from, date_to: filter.to }),
    placeholderData: (before) => before,
    refetchInterval: (query) => (query.state.data?.pages.some((page) => page.rows.some((row) => row.sync_status === 'pending')) ? pollMs(up) : false),
  })
  const failed = useQuery(failedPurchaseOrdersQuery)
  const rows = orders.data?.pages.flatMap((page) => page.rows)
  const mayChange = may(user, 'can_create_invoices')
  const create = mayChange && (
    <Link to="/financials/purchase-orders/new" className={buttonClass('primary')}>
      <PackagePlus aria-hidden className="size-4" />
      New purchase order
    </Link>
  )
  return (
    <Financials title="Purchase orders" actions={create}>
      <Documents
        kind="purchase_order"
        filter={filter}
        statuses={statuses}
        rows={rows?.map(purchaseOrderDocument)}
        error={orders.isLoadingError ? orders.error : null}
        onRetryLoad={() => void orders.refetch()}
        hasMore={orders.hasNextPage}
        loadingMore={orders.isFetchingNextPage}
        onMore={() => void orders.fetchNextPage()}
        failed={(failed.data?.rows ?? []).map(purchaseOrderDocument)}
        moreActions={(document) => {
          const order = rows?.find((row) => row.id === document.id)
          if (!order || !mayChange || isGone(order.status) || order.status === 'BILLED') return []
          return [
            { label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => setEditing(order) },
            { label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(order) },
          ]
        }}
        empty={
          <Empty icon={<PackagePlus aria-hidden />} title="No purchase orders yet" action={create}>
            Order material for a project; the order goes to Xero by itself.
          </Empty>
        }
      />
      {editing && <EditPurchaseOrder id={editing.id} onClose={() => setEditing(null)} />}
      {deleting && <DeletePurchaseOrder order={deleting} onClose={() => setDeleting(null)} />}
    </Financials>
  )
}
