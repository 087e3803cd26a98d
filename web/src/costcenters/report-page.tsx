import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useSearch } from '@tanstack/react-router'
import { ChartColumn } from 'lucide-react'
import { may, useUser } from '@/api/session'
import type { CostCenterCosts } from '@/api/work'
import { formatMoney, formatQuantity, sumHours, sumMoney } from '@/format/money'
import { ProjectPicker } from '@/projects/picker'
import { ListPage, useListSearch } from '@/records/list-page'
import { fromAll } from '@/records/rows'
import { Field, Select } from '@/ui/field'
import { Empty } from '@/ui/states'
import { rowLink } from '@/ui/table'
import { BudgetBar, Exhaustion } from './burn'
import { costCenterReportQuery } from './queries'

const spans = [4, 8, 13, 26, 52]

/** What was spent on cost centres in a time, how fast, and when their budgets are used up if it goes on like this. */
export function CostCenterReportPage() {
  const money = may(useUser(), 'can_view_financials')
  const search = useSearch({ from: '/reports/cost-centers' })
  const [, change] = useListSearch()
  const query = { date_from: search.from, date_to: search.to, project_id: search.project, weeks: search.weeks ?? 8, active_only: search.unused ? undefined : true }
  const list = fromAll(useQuery({ ...costCenterReportQuery(query), placeholderData: keepPreviousData }))
  const rows = list.rows ?? []
  const sum = (pick: (row: CostCenterCosts) => string | null) => formatMoney(sumMoney(rows.map((row) => pick(row) ?? '0')))
  return (
    <ListPage<CostCenterCosts>
      title="Cost centre report"
      lead="Budget against cost, how fast it is spent, and how long it lasts. Before tax."
      noun="cost centres"
      csv={{ path: '/api/reports/cost-centers', query }}
      filters={[
        { kind: 'date', name: 'from', label: 'From' },
        { kind: 'date', name: 'to', label: 'To' },
        { kind: 'custom', name: 'project', label: 'Project', control: (value, onChange) => <ProjectPicker value={value ?? null} onChange={onChange} placeholder="All projects" /> },
        { kind: 'switch', name: 'unused', label: 'Show those not in use' },
      ]}
      list={list}
      summary={
        rows.length > 0 && (
          <div className="card flex flex-wrap items-end gap-x-8 gap-y-3 p-4">
            <dl className="num flex flex-wrap gap-x-8 gap-y-3">
              <div>
                <dt className="text-sm text-muted">Hours</dt>
                <dd className="text-lg font-semibold">{sumHours(rows.map((row) => row.hours))}</dd>
              </div>
              {money && (
                <>
                  <div>
                    <dt className="text-sm text-muted">Cost of the time</dt>
                    <dd className="text-lg font-semibold">{sum((row) => row.total_cost)}</dd>
                  </div>
                  <div>
                    <dt className="text-sm text-muted">Spent to date</dt>
                    <dd className="text-lg font-semibold">{sum((row) => row.spent_to_date)}</dd>
                  </div>
                  <div>
                    <dt className="text-sm text-muted">A week</dt>
                    <dd className="text-lg font-semibold">{sum((row) => row.burn_rate)}</dd>
                  </div>
                </>
              )}
            </dl>
            <Field label="Speed judged by" className="w-44 sm:ml-auto">
              <Select value={String(query.weeks)} onChange={(event) => change({ weeks: event.target.value === '8' ? undefined : Number(event.target.value) })}>
                {[...new Set([...spans, query.weeks])].sort((a, b) => a - b).map((weeks) => (
                  <option key={weeks} value={weeks}>
                    the last {weeks} weeks
                  </option>
                ))}
              </Select>
            </Field>
          </div>
        )
      }
      keyOf={(row) => row.id}
      nameOf={(row) => row.name}
      columns={[
        {
          head: 'Cost centre', phone: 'title',
          cell: (row) => (
            <>
              <Link to="/cost-centers/$id" params={{ id: row.id }} data-row-link className={rowLink}>
                {row.name}
              </Link>
              <span className="block font-mono text-xs font-normal text-muted">{row.code}</span>
            </>
          ),
        },
        { head: 'Hours', align: 'right', cell: (row) => <>{formatQuantity(row.hours)}<span className="lg:hidden"> h</span></> },
        ...(money
          ? [
              { head: 'Work', align: 'right' as const, phone: 'none' as const, cell: (row: CostCenterCosts) => formatMoney(row.labour_cost) },
              { head: 'Bills and expenses', align: 'right' as const, phone: 'none' as const, cell: (row: CostCenterCosts) => formatMoney(sumMoney([row.bills ?? '0', row.expenses ?? '0'])) },
              { head: 'Cost', align: 'right' as const, phone: 'amount' as const, cell: (row: CostCenterCosts) => formatMoney(row.total_cost) },
              { head: 'Budget spent', cell: (row: CostCenterCosts) => <BudgetBar costs={row} /> },
              { head: 'A week', align: 'right' as const, cell: (row: CostCenterCosts) => <>{formatMoney(row.burn_rate)}<span className="lg:hidden"> a week</span></> },
              { head: 'Budget lasts', phone: 'badge' as const, cell: (row: CostCenterCosts) => <Exhaustion costs={row} /> },
            ]
          : []),
      ]}
      empty={
        <Empty icon={<ChartColumn aria-hidden />} title="Nothing to report">
          Cost centres appear here with their hours, bills and budgets.
        </Empty>
      }
    />
  )
}
