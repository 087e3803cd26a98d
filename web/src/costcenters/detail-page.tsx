import { useQuery } from '@tanstack/react-query'
import { Link, useParams, useSearch } from '@tanstack/react-router'
import { Pencil } from 'lucide-react'
import { useState } from 'react'
import { may, useUser } from '@/api/session'
import { formatMoney, formatQuantity } from '@/format/money'
import { ProjectPicker } from '@/projects/picker'
import { History } from '@/records/history'
import { BackLink, Facts, RecordState, Section } from '@/records/record-page'
import { StatusBadge } from '@/records/status'
import { Button } from '@/ui/button'
import { Page } from '@/ui/page'
import { Badge } from '@/ui/states'
import { rowLink, Table } from '@/ui/table'
import { Tabs } from '@/ui/tabs'
import { RelatedDocuments } from '@/work/documents'
import { Entries } from '@/work/entries'
import { fileFilters } from '@/work/file-queries'
import { Files } from '@/work/files'
import { AppLink, textLink } from '@/work/link'
import { BudgetBar, Exhaustion } from './burn'
import { CenterForm } from './form'
import { costCenterQuery, costCentersQuery } from './queries'

const back = { to: '/cost-centers', label: 'Cost centres' } as const

/** One cost centre: what was spent on it, by which projects and hours, and what was ordered for it. */
export function CostCenterPage() {
  const { id } = useParams({ from: '/cost-centers/$id' })
  const { tab } = useSearch({ from: '/cost-centers/$id' })
  const user = useUser()
  const [editing, setEditing] = useState(false)
  const centers = useQuery(costCentersQuery)
  const read = useQuery(costCenterQuery(id))
  if (!read.data) return <RecordState title="Cost centre" back={back} error={read.error} onRetry={() => void read.refetch()} />
  const { row: center } = read.data
  const { costs } = center
  const money = may(user, 'can_view_financials')
  return (
    <Page
      title={center.name}
      lead={
        <span className="flex flex-wrap items-center gap-2">
          <span className="font-mono">{center.code}</span>
          {!center.is_active && <Badge tone="warn">Not in use</Badge>}
          {money && <Exhaustion costs={costs} />}
        </span>
      }
      back={<BackLink to={back.to}>{back.label}</BackLink>}
      actions={
        may(user, 'can_manage_cost_centers') && (
          <Button icon={<Pencil aria-hidden className="size-4" />} onClick={() => setEditing(true)}>
            Edit
          </Button>
        )
      }
    >
      <Facts
        facts={[
          { label: "Client's order number", value: center.client_po_number },
          { label: 'Hours', value: `${formatQuantity(costs.hours)} h` },
          { label: 'Entries', value: costs.timesheets_count },
          money && { label: 'Budget', value: <BudgetBar costs={costs} /> },
          money && { label: 'Work, at cost', value: formatMoney(costs.labour_cost) },
          money && { label: 'Work, as charged', value: formatMoney(costs.labour_charge) },
          money && { label: 'Bills', value: formatMoney(costs.bills) },
          money && { label: 'Expenses', value: formatMoney(costs.expenses) },
          money && { label: 'Ordered, not billed', value: formatMoney(costs.po_commitments) },
          money && { label: 'Spent so far', value: formatMoney(costs.spent_to_date) },
          money && center.budget !== '0.00' && { label: 'Left of the budget', value: formatMoney(costs.remaining) },
          money && { label: `A week, over ${costs.burn_weeks} weeks`, value: formatMoney(costs.burn_rate) },
          { label: 'Description', value: center.description, wide: true },
        ]}
      />
      {money && <Tabs label="Parts of the cost centre" name="tab" current={tab} without={fileFilters} tabs={[{ value: undefined, label: 'Work' }, { value: 'files', label: 'Files' }, { value: 'purchases', label: 'Orders' }]} />}
      {money && tab === 'purchases' ? (
        <RelatedDocuments kind="purchase_order" query={{ cost_center_id: id }} />
      ) : money && tab === 'files' ? (
        <Files of={{ center: id }} places={{ ProjectPicker, centers: centers.data ?? [] }} />
      ) : (
        <>
          {center.projects.length > 0 && (
            <Section title="Projects">
              <Table
                label="Projects"
                rows={center.projects}
                keyOf={(row) => row.id}
                nameOf={(row) => row.name}
                columns={[
                  {
                    head: 'Project', phone: 'title',
                    cell: (row) => (
                      <Link to="/projects/$id" params={{ id: row.id }} className={rowLink}>
                        {row.name}
                      </Link>
                    ),
                  },
                  { head: 'Client', cell: (row) => row.client_name },
                  { head: 'State', phone: 'badge', cell: (row) => <StatusBadge status={row.status} /> },
                  { head: 'Hours', align: 'right', phone: 'amount', cell: (row) => `${formatQuantity(row.hours_logged ?? '0')} h` },
                ]}
              />
            </Section>
          )}
          <Section
            title="Newest hours"
            actions={
              center.timesheets.length > 0 && (
                <AppLink to={`/timesheets?view=list&center=${id}`} className={textLink}>
                  All hours
                </AppLink>
              )
            }
          >
            {center.timesheets.length === 0 ? (
              <p className="rounded-card border border-dashed border-edge px-4 py-3 text-muted">No hours yet</p>
            ) : (
              <Entries label="Newest hours" rows={center.timesheets} money={money} />
            )}
          </Section>
        </>
      )}
      <History entityType="cost_center" id={id} />
      {editing && <CenterForm center={center} onClose={() => setEditing(false)} />}
    </Page>
  )
}
