import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { Hand, Pencil, Trash2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { may, useUser } from '@/api/session'
import type { Project } from '@/api/types'
import { ClientPicker } from '@/clients/picker'
import { formatDay } from '@/format/calendar'
import { formatMoney, formatQuantity } from '@/format/money'
import { DeleteRecord } from '@/records/delete'
import { deletedFilter, ListPage } from '@/records/list-page'
import { fromPages } from '@/records/rows'
import { StatusBadge } from '@/records/status'
import { Page } from '@/ui/page'
import { NewButton } from '@/ui/record-list'
import { Badge } from '@/ui/states'
import { rowLink } from '@/ui/table'
import { Tabs } from '@/ui/tabs'
import { BudgetRing } from '@/work/ring'
import { BoardView, NoProjects } from './board-view'
import { ProjectForm } from './form'
import { projectsQuery } from './queries'
import { statuses } from './status'

/** The jobs that hours are entered on: a board by state, a list of all, and the archive. */
export function ProjectsPage() {
  const user = useUser()
  const search = useSearch({ from: '/projects' })
  const navigate = useNavigate({ from: '/projects' })
  const [making, setMaking] = useState(false)
  const mayEdit = may(user, 'can_edit_projects')
  const make = mayEdit && <NewButton onClick={() => setMaking(true)}>New project</NewButton>
  const close = () => {
    setMaking(false)
    if (search.new) void navigate({ search: (before) => ({ ...before, new: undefined }), replace: true })
  }
  const tabs = (
    <Tabs
      label="Views"
      name="view"
      current={search.view}
      without={['page', 'status', 'client', 'deleted', 'search']}
      tabs={[{ value: undefined, label: 'Board' }, { value: 'list', label: 'List' }, { value: 'archive', label: 'Archive' }]}
    />
  )
  const dialog = (making || search.new) && mayEdit && (
    <ProjectForm project={null} onSaved={(project) => void navigate({ to: '/projects/$id', params: { id: project.id } })} onClose={close} />
  )
  if (search.view)
    return (
      <ProjectList archive={search.view === 'archive'} actions={make} tabs={tabs}>
        {dialog}
      </ProjectList>
    )
  return (
    <Page title="Projects" lead="The jobs that hours are entered on." actions={make}>
      {tabs}
      <BoardView empty={<NoProjects action={make} />} />
      {dialog}
    </Page>
  )
}

function ProjectList({ archive, actions, tabs, children }: { archive: boolean; actions: ReactNode; tabs: ReactNode; children: ReactNode }) {
  const user = useUser()
  const search = useSearch({ from: '/projects' })
  const [editing, setEditing] = useState<Project | null>(null)
  const [deleting, setDeleting] = useState<Project | null>(null)
  const mayEdit = may(user, 'can_edit_projects')
  const money = may(user, 'can_view_financials')
  const query = { search: search.search, status: archive ? 'paid' : search.status, client_id: search.client, include_deleted: search.deleted ? 'true' : undefined }
  const list = fromPages(useQuery({ ...projectsQuery({ ...query, page: search.page ?? 1, limit: 25 }), placeholderData: keepPreviousData }))
  return (
    <ListPage<Project>
      title="Projects"
      lead={archive ? 'Projects that are paid and done with.' : 'The jobs that hours are entered on.'}
      noun="projects"
      actions={actions}
      banner={tabs}
      csv={{ path: '/api/projects', query }}
      filters={[
        { kind: 'search', name: 'search', label: 'Search projects' },
        ...(archive ? [] : [{ kind: 'choice' as const, name: 'status', label: 'Status', options: statuses.map(({ value, words }) => ({ value, label: words })) }]),
        { kind: 'custom', name: 'client', label: 'Client', control: (value, onChange) => <ClientPicker kind="customer" value={value ?? null} onChange={onChange} /> },
        deletedFilter,
      ]}
      list={list}
      isDeleted={(row) => row.deleted_at !== null}
      keyOf={(row) => row.id}
      nameOf={(row) => row.name}
      rowActions={
        mayEdit
          ? (row) =>
              row.deleted_at
                ? []
                : [
                    { label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => setEditing(row) },
                    { label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(row) },
                  ]
          : undefined
      }
      columns={[
        {
          head: 'Project', phone: 'title',
          cell: (row) => (
            <Link to="/projects/$id" params={{ id: row.id }} data-row-link className={rowLink}>
              {row.name}
            </Link>
          ),
        },
        { head: 'Code', cell: (row) => <span className="font-mono text-sm whitespace-nowrap">{row.code}</span> },
        { head: 'Client', cell: (row) => row.client_name },
        {
          head: 'State', phone: 'badge',
          cell: (row) => (
            <span className="inline-flex flex-wrap gap-1.5">
              <StatusBadge status={row.status} />
              {row.billing_hold && (
                <Badge tone="warn" icon={<Hand aria-hidden className="size-3.5" />}>
                  On hold
                </Badge>
              )}
            </span>
          ),
        },
        { head: 'End', className: 'whitespace-nowrap', cell: (row) => row.end_date && <span className="num">{formatDay(row.end_date)}</span> },
        { head: 'Hours', align: 'right', cell: (row) => <>{formatQuantity(row.hours_logged ?? '0')}<span className="lg:hidden"> h</span></> },
        ...(money
          ? [
              { head: 'Budget', align: 'right' as const, phone: 'amount' as const, cell: (row: Project) => (row.budget === '0.00' ? '' : formatMoney(row.budget)) },
              { head: 'Spent', phone: 'none' as const, cell: (row: Project) => <BudgetRing spent={row.actual_cost} budget={row.budget} size={40} /> },
            ]
          : []),
      ]}
      empty={<NoProjects action={archive ? null : actions} />}
    >
      {editing && <ProjectForm project={editing} onClose={() => setEditing(null)} />}
      {deleting && <DeleteRecord kind="project" id={deleting.id} name={deleting.name} path={`/api/projects/${deleting.id}`} onClose={() => setDeleting(null)} />}
      {children}
    </ListPage>
  )
}
