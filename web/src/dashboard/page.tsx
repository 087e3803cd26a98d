import type { UseQueryResult } from '@tanstack/react-query'
import { queryOptions, useQuery } from '@tanstack/react-query'
import { ArrowDownRight, ArrowRight, ArrowUpRight, CircleCheck, Clock, FolderKanban, Plus, TrendingUp, TriangleAlert, Users } from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { ReactNode } from 'react'
import { may, useUser } from '@/api/session'
import type { Project } from '@/api/types'
import { getActiveProjects, getMetrics, getQuickStats, getRecentTimesheets, getSummary, getTimesheetPage } from '@/api/work'
import { formatDay, formatWeekday, mondayOf, today } from '@/format/calendar'
import { formatMoney, formatQuantity, sumHours } from '@/format/money'
import { failedInvoicesQuery, unbilledSumsQuery } from '@/invoices/queries'
import { failedPurchaseOrdersQuery } from '@/purchasing/queries'
import { LaneBanner } from '@/sync/lane'
import { weekQuery } from '@/timesheets/queries'
import { Page } from '@/ui/page'
import { Failure, Skeleton } from '@/ui/states'
import { Entries } from '@/work/entries'
import { AppLink, textLink } from '@/work/link'
import { BudgetRing } from '@/work/ring'
import { Bars } from './charts'
import { monthName, short, trendWords } from './trend'

// Read anew twice a minute while the window is seen; TanStack Query pauses when it is hidden.
const fresh = { refetchInterval: 30_000, refetchIntervalInBackground: false } as const
const metricsQuery = queryOptions({ queryKey: ['dashboard', 'metrics'], queryFn: ({ signal }) => getMetrics(signal), ...fresh })
const statsQuery = queryOptions({ queryKey: ['dashboard', 'stats'], queryFn: ({ signal }) => getQuickStats(signal), ...fresh })
const recentQuery = queryOptions({ queryKey: ['timesheets', 'recent'], queryFn: ({ signal }) => getRecentTimesheets(6, signal), ...fresh })
const activeQuery = queryOptions({ queryKey: ['projects', 'active'], queryFn: ({ signal }) => getActiveProjects(6, signal), ...fresh })
const summaryQuery = queryOptions({ queryKey: ['invoices', 'summary'], queryFn: ({ signal }) => getSummary(signal), ...fresh })
const approvalQuery = queryOptions({ queryKey: ['timesheets', 'waiting'], queryFn: ({ signal }) => getTimesheetPage({ approval: 'waiting', page: 1, limit: 1 }, signal), ...fresh })

/** How the firm stands, or, for a technician, the own day. */
export function DashboardPage() {
  const user = useUser()
  const money = may(user, 'can_view_financials')
  const seesAll = may(user, 'can_view_all_timesheets')
  const metrics = useQuery(metricsQuery)
  const name = user.name.split(' ')[0] ?? user.name
  return (
    <Page
      title={`Kia ora, ${name}`}
      lead={formatDay(today())}
      actions={
        may(user, 'can_create_timesheets') && (
          <AppLink to="/timesheets?new=true" className="inline-flex min-h-11 items-center gap-2 rounded-[0.625rem] bg-accent-fill px-4 font-medium text-on-accent hover:brightness-110">
            <Plus aria-hidden className="size-4" />
            Enter time
          </AppLink>
        )
      }
    >
      {money && <LaneBanner />}
      {!seesAll && <OwnDay />}
      <Loaded query={metrics} rows={1}>
        {(m) => (
          <>
            <ul className="grid grid-cols-2 gap-3 lg:grid-cols-4" aria-label="Figures">
              {may(user, 'can_view_projects') && (
                <Card icon={FolderKanban} label="Projects in progress" value={String(m.activeProjects)} note={`of ${m.totalProjects}`} trend={m.projectsTrend} to="/projects" />
              )}
              <Card icon={Clock} label={m.own_work ? 'Your hours' : 'Hours'} value={formatQuantity(m.totalHours)} trend={m.hoursTrend} to="/timesheets?view=list" />
              {m.totalRevenue !== null && (
                <Card icon={TrendingUp} label={`Invoiced since ${formatDay(m.revenue_from)}`} value={formatMoney(m.totalRevenue)} trend={m.revenueTrend ?? 0} to="/financials/invoices" />
              )}
              {seesAll && <Card icon={Users} label="People with hours this week" value={String(m.activeTeam)} to="/timesheets?view=team" />}
            </ul>
            <div className={`grid gap-3 ${money ? 'lg:grid-cols-2' : ''}`}>
              <Bars
                title={m.own_work ? 'Your hours, last 7 days' : 'Hours, last 7 days'}
                heads={['Day', 'Hours']}
                points={m.recentActivity.map((day) => ({ name: formatWeekday(day.date).slice(0, 3), words: `${formatQuantity(day.hours)} h`, value: day.hours }))}
              />
              {money && <Revenue />}
            </div>
          </>
        )}
      </Loaded>
      {seesAll && <Waiting />}
      {may(user, 'can_view_projects') && <Projects money={money} />}
      <Recent money={money} />
    </Page>
  )
}

function Loaded<T>({ query, rows, children }: { query: UseQueryResult<T>; rows: number; children: (data: T) => ReactNode }) {
  // Figures that could not be read anew stay, but what was never read is said.
  if (query.data !== undefined) return children(query.data)
  if (query.isError) return <Failure error={query.error} onRetry={() => void query.refetch()} />
  return <Skeleton rows={rows} height="h-28" />
}

interface CardProps {
  icon: LucideIcon
  label: string
  value: string
  note?: string
  trend?: number
  to: string
}

function Card({ icon: Icon, label, value, note, trend, to }: CardProps) {
  return (
    <li className="card relative flex flex-col gap-1 p-4 hover:bg-raised">
      <div className="flex items-start gap-2 text-sm text-muted">
        <Icon aria-hidden className="mt-0.5 size-4 shrink-0" />
        <AppLink to={to} className="after:absolute after:inset-0 after:rounded-card">
          {label}
        </AppLink>
      </div>
      <p className="num mt-auto text-2xl font-semibold tracking-tight break-words sm:text-3xl">
        {value} {note && <span className="text-base font-normal text-muted">{note}</span>}
      </p>
      {trend !== undefined && (
        <p className={`num flex items-center gap-1 text-sm ${trend > 0 ? 'text-good' : trend < 0 ? 'text-warn' : 'text-muted'}`}>
          {trend > 0 ? <ArrowUpRight aria-hidden className="size-4 shrink-0" /> : trend < 0 ? <ArrowDownRight aria-hidden className="size-4 shrink-0" /> : null}
          {trendWords(trend)}
        </p>
      )}
    </li>
  )
}

/** The day and the week of the person who is signed in. */
function OwnDay() {
  const user = useUser()
  const week = useQuery({ ...weekQuery(mondayOf(today()), user.id, true), ...fresh })
  const entries = week.data ?? []
  const now = entries.filter((entry) => entry.date === today())
  return (
    <section aria-label="Your day" className="card flex flex-col gap-4 p-4">
      <dl className="grid grid-cols-2 gap-4">
        <div>
          <dt className="text-sm text-muted">Today</dt>
          <dd className="num text-3xl font-semibold">{sumHours(now.map((entry) => entry.hours))} h</dd>
        </div>
        <div>
          <dt className="text-sm text-muted">This week so far</dt>
          <dd className="num text-3xl font-semibold">{sumHours(entries.map((entry) => entry.hours))} h</dd>
        </div>
      </dl>
      {now.length > 0 && (
        <ul className="divide-y divide-line border-t border-line">
          {now.map((entry) => (
            <li key={entry.id} className="flex gap-3 py-2">
              <span className="min-w-0 flex-1">
                <span className="block truncate font-medium">{entry.project_name}</span>
                <span className="block truncate text-sm text-muted">{entry.activity_type_name}</span>
              </span>
              <span className="num font-semibold">{formatQuantity(entry.hours)}</span>
            </li>
          ))}
        </ul>
      )}
      <AppLink to="/timesheets" className={textLink}>
        Your week
        <ArrowRight aria-hidden className="size-4" />
      </AppLink>
    </section>
  )
}

function Revenue() {
  const summary = useQuery(summaryQuery)
  return (
    <Loaded query={summary} rows={1}>
      {(s) => (
        <Bars
          title="Invoiced by month, before tax"
          heads={['Month', 'Invoiced']}
          points={s.revenue_by_month.map(({ month, total }) => ({ name: monthName(month), words: formatMoney(total), value: Number(total) }))}
          tick={short}
        />
      )}
    </Loaded>
  )
}

/** What waits for somebody. */
function Waiting() {
  const user = useUser()
  const money = may(user, 'can_view_financials')
  const approves = may(user, 'can_approve_timesheets')
  const approval = useQuery({ ...approvalQuery, enabled: approves })
  const unbilled = useQuery({ ...unbilledSumsQuery, ...fresh, enabled: money })
  const invoices = useQuery({ ...failedInvoicesQuery, ...fresh, enabled: money })
  const orders = useQuery({ ...failedPurchaseOrdersQuery, ...fresh, enabled: money })
  const required = unbilled.data?.reasons.some((reason) => reason.code === 'not_approved') ?? false
  const failed = (invoices.data?.rows.length ?? 0) + (orders.data?.rows.length ?? 0)
  const waiting = approval.data?.pagination.total ?? 0
  const items: { to: string; words: string; bad?: boolean }[] = []
  if (failed > 0) items.push({ to: invoices.data?.rows.length ? '/financials/invoices?sync=failed' : '/financials/purchase-orders?sync=failed', words: `${failed} ${failed === 1 ? 'document was' : 'documents were'} refused by Xero`, bad: true })
  if (approves && waiting > 0 && (required || !money)) items.push({ to: '/timesheets?view=list&approval=waiting', words: `${waiting} ${waiting === 1 ? 'entry waits' : 'entries wait'} for approval` })
  if (unbilled.data && unbilled.data.ready_total !== '0.00') items.push({ to: '/unbilled', words: `${formatMoney(unbilled.data.ready_total)} of work is ready to be invoiced` })
  const held = unbilled.data?.reasons.find((reason) => reason.code === 'on_hold')
  if (held) items.push({ to: '/unbilled', words: `${formatMoney(held.total)} of work is on hold` })
  if (!money && !approves) return null
  return (
    <section aria-label="What waits" className="card p-4">
      <h2 className="pb-2 text-base font-semibold">What waits</h2>
      {items.length === 0 ? (
        <p className="flex items-center gap-2 text-muted">
          <CircleCheck aria-hidden className="size-4 text-good" />
          Nothing
        </p>
      ) : (
        <ul className="num divide-y divide-line">
          {items.map((item) => (
            <li key={item.words}>
              <AppLink to={item.to} className="flex min-h-11 items-center gap-3 hover:text-accent">
                {item.bad ? <TriangleAlert aria-hidden className="size-4 shrink-0 text-bad" /> : <Clock aria-hidden className="size-4 shrink-0 text-muted" />}
                <span className="min-w-0 flex-1">{item.words}</span>
                <ArrowRight aria-hidden className="size-4 shrink-0 text-muted" />
              </AppLink>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function Projects({ money }: { money: boolean }) {
  const active = useQuery(activeQuery)
  const stats = useQuery(statsQuery)
  return (
    <section aria-label="Projects in progress" className="flex flex-col gap-3">
      <div className="flex flex-wrap items-center gap-x-4 gap-y-1">
        <h2 className="text-lg font-semibold">Projects in progress</h2>
        {stats.data && (
          <p className="num text-sm text-muted sm:ml-auto">
            {stats.data.budgetUtilization !== null && `${stats.data.budgetUtilization}% of budgets spent · `}
            {stats.data.projectsOnTrack}% on track · {stats.data.overdueProjects}% overdue
          </p>
        )}
      </div>
      <Loaded query={active} rows={2}>
        {(projects) =>
          projects.length === 0 ? (
            <p className="rounded-card border border-dashed border-edge px-4 py-3 text-muted">No project is in progress</p>
          ) : (
            <ul className="grid gap-3 sm:grid-cols-2 lg:grid-cols-3">
              {projects.map((project) => (
                <ProjectCard key={project.id} project={project} money={money} />
              ))}
            </ul>
          )
        }
      </Loaded>
    </section>
  )
}

function ProjectCard({ project, money }: { project: Project; money: boolean }) {
  return (
    <li className="card relative flex items-center gap-3 p-4 hover:bg-raised">
      <div className="min-w-0 flex-1">
        <AppLink to={`/projects/${project.id}`} className="font-medium after:absolute after:inset-0 after:rounded-card">
          {project.name}
        </AppLink>
        <p className="truncate text-sm text-muted">{project.client_name}</p>
        <p className="num text-sm text-muted">
          {formatQuantity(project.hours_logged ?? '0')} h{money && project.budget !== '0.00' && ` · ${formatMoney(project.actual_cost)} of ${formatMoney(project.budget)}`}
        </p>
      </div>
      <BudgetRing spent={project.actual_cost} budget={project.budget} size={52} />
    </li>
  )
}

function Recent({ money }: { money: boolean }) {
  const recent = useQuery(recentQuery)
  return (
    <section aria-label="Newest hours" className="flex flex-col gap-3">
      <div className="flex items-center gap-3">
        <h2 className="flex-1 text-lg font-semibold">Newest hours</h2>
        <AppLink to="/timesheets?view=list" className={textLink}>
          All hours
        </AppLink>
      </div>
      <Loaded query={recent} rows={2}>
        {(rows) =>
          rows.length === 0 ? (
            <p className="rounded-card border border-dashed border-edge px-4 py-3 text-muted">No hours yet</p>
          ) : (
            <Entries label="Newest hours" rows={rows} money={money} />
          )
        }
      </Loaded>
    </section>
  )
}
