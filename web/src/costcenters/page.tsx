import { useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { Cable, ChartColumn, Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { deleteCostCenter } from '@/api/client'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import type { CostCenter } from '@/api/types'
import { formatMoney, formatQuantity } from '@/format/money'
import { ListPage } from '@/records/list-page'
import { fromAll } from '@/records/rows'
import { buttonClass } from '@/ui/button'
import { NewButton } from '@/ui/record-list'
import { Remove } from '@/ui/remove'
import { Badge, Empty } from '@/ui/states'
import { rowLink } from '@/ui/table'
import { BudgetRing } from '@/work/ring'
import { CenterForm } from './form'
import { costCentersQuery } from './queries'

/** What hours and orders are counted under. */
export function CostCentersPage() {
  const user = useUser()
  const search = useSearch({ from: '/cost-centers' })
  const [editing, setEditing] = useState<CostCenter | 'new' | null>(null)
  const [deleting, setDeleting] = useState<CostCenter | null>(null)
  const all = fromAll(useQuery(costCentersQuery))
  const list = { ...all, rows: all.rows?.filter((center) => search.unused || center.is_active) }
  const mayEdit = may(user, 'can_manage_cost_centers')
  const money = may(user, 'can_view_financials')
  const make = mayEdit && <NewButton onClick={() => setEditing('new')}>New cost centre</NewButton>
  return (
    <ListPage<CostCenter>
      title="Cost centres"
      lead="What hours and orders are counted under."
      noun="cost centres"
      actions={
        <>
          {may(user, 'can_view_reports') && (
            <Link to="/reports/cost-centers" className={buttonClass('secondary')}>
              <ChartColumn aria-hidden className="size-4" />
              Report
            </Link>
          )}
          {make}
        </>
      }
      csv={{ path: '/api/cost-centers', query: { active_only: search.unused ? undefined : true } }}
      filters={[{ kind: 'switch', name: 'unused', label: 'Show those not in use' }]}
      list={list}
      keyOf={(row) => row.id}
      nameOf={(row) => row.name}
      rowActions={
        mayEdit
          ? (row) => [
              { label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => setEditing(row) },
              { label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(row) },
            ]
          : undefined
      }
      columns={[
        {
          head: 'Name', phone: 'title',
          cell: (row) => (
            <Link to="/cost-centers/$id" params={{ id: row.id }} data-row-link className={rowLink}>
              {row.name}
            </Link>
          ),
        },
        { head: 'Code', cell: (row) => <span className="font-mono text-sm">{row.code}</span> },
        { head: "Client's order", cell: (row) => row.client_po_number },
        { head: 'State', phone: 'badge', cell: (row) => !row.is_active && <Badge tone="warn">Not in use</Badge> },
        { head: 'Projects', align: 'right', phone: 'none', cell: (row) => row.project_count },
        { head: 'Hours', align: 'right', cell: (row) => <>{formatQuantity(row.total_hours ?? '0')}<span className="lg:hidden"> h</span></> },
        ...(money
          ? [
              { head: 'Work', align: 'right' as const, phone: 'amount' as const, cell: (row: CostCenter) => formatMoney(row.total_cost) },
              { head: 'Budget', align: 'right' as const, phone: 'none' as const, cell: (row: CostCenter) => (row.budget === '0.00' ? '' : formatMoney(row.budget)) },
              { head: 'Spent', phone: 'none' as const, cell: (row: CostCenter) => <BudgetRing spent={row.total_cost} budget={row.budget} size={40} /> },
            ]
          : []),
      ]}
      empty={
        <Empty icon={<Cable aria-hidden />} title="No cost centres" action={make}>
          Hours and orders are counted under cost centres, and a client’s order number on one becomes the reference of its invoices.
        </Empty>
      }
    >
      {editing && <CenterForm center={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && (
        <Remove
          what={`the cost centre ${deleting.code}`}
          remove={() => deleteCostCenter(deleting.id)}
          onRemoved={() => void queryClient.invalidateQueries({ queryKey: ['cost-centers'] })}
          onClose={() => setDeleting(null)}
        />
      )}
    </ListPage>
  )
}
