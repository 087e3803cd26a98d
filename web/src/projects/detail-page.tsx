import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { Clock, Hand, Pencil, ReceiptText, Trash2, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import { may, useUser } from '@/api/session'
import type { ProjectDetail, ProjectMoney } from '@/api/work'
import { formatDay } from '@/format/calendar'
import { formatMoney, formatQuantity, parseCents } from '@/format/money'
import { costCentersQuery } from '@/costcenters/queries'
import { DeleteRecord } from '@/records/delete'
import { RecordPage, RecordState, Section } from '@/records/record-page'
import { StatusBadge } from '@/records/status'
import { Button, buttonClass } from '@/ui/button'
import { Badge, Notice } from '@/ui/states'
import { Tabs } from '@/ui/tabs'
import { RelatedDocuments } from '@/work/documents'
import { Entries } from '@/work/entries'
import { fileFilters } from '@/work/file-queries'
import { Files } from '@/work/files'
import { Gallery } from '@/work/gallery'
import { AppLink, textLink } from '@/work/link'
import { OpenWork } from '@/work/open-work'
import { spentPercent } from '@/work/ring'
import { ProjectSafety, safetyTypes } from '@/work/safety'
import { ProjectForm } from './form'
import { ProjectPicker } from './picker'
import { projectQuery } from './queries'
import { methodWords } from './status'

const back = { to: '/projects', label: 'Projects' } as const

/** One project: its facts and money, its work, and its documents. */
export function ProjectPage() {
  const { id } = useParams({ from: '/projects/$id' })
  const { tab } = useSearch({ from: '/projects/$id' })
  const user = useUser()
  const navigate = useNavigate()
  const [editing, setEditing] = useState(false)
  const [deleting, setDeleting] = useState(false)
  const centers = useQuery(costCentersQuery)
  const read = useQuery(projectQuery(id))
  if (!read.data) return <RecordState title="Project" back={back} error={read.error} onRetry={() => void read.refetch()} />
  const { row: project, etag } = read.data
  const money = may(user, 'can_view_financials')
  const mayEdit = may(user, 'can_edit_projects')
  const mayCertify = mayEdit || may(user, 'can_create_timesheets')
  return (
    <RecordPage
      kind="project"
      id={id}
      title={project.name}
      lead={
        <>
          <span className="font-mono">{project.code}</span>
          {project.client_id && (
            <>
              {' · '}
              <Link to="/clients/$id" params={{ id: project.client_id }} className="font-medium text-accent hover:underline">
                {project.client_name}
              </Link>
            </>
          )}
        </>
      }
      back={back}
      badges={
        <>
          <StatusBadge status={project.status} />
          {project.billing_hold && (
            <Badge tone="warn" icon={<Hand aria-hidden className="size-3.5" />}>
              On hold
            </Badge>
          )}
          {project.billing_method !== 'time_and_materials' && <Badge>{project.billing_method === 'fixed_price' ? 'Fixed price' : 'Not billed'}</Badge>}
          {project.bill_on_completion && <Badge>Billed on completion</Badge>}
          {project.certificate_required && <Badge>{safetyTypes[project.certificate_required].short} before invoicing</Badge>}
        </>
      }
      actions={
        <>
          {money && may(user, 'can_create_invoices') && project.client_id && project.billing_method === 'time_and_materials' && (
            <Link to="/unbilled/invoice" search={{ client: project.client_id, project: id }} className={buttonClass('primary')}>
              <ReceiptText aria-hidden className="size-4" />
              Create invoice
            </Link>
          )}
          {mayEdit && (
            <Button icon={<Pencil aria-hidden className="size-4" />} onClick={() => setEditing(true)}>
              Edit
            </Button>
          )}
        </>
      }
      menu={mayEdit ? [{ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(true) }] : []}
    >
      {project.billing_hold && (
        <Notice tone="warn" icon={<Hand aria-hidden />} title="Nothing of this project is invoiced for now">
          {project.billing_hold}
        </Notice>
      )}
      {project.financials && (
        // On a phone it would hide what the other parts show.
        <div className={tab === undefined ? 'contents' : 'contents max-sm:hidden'}>
          <Money money={project.financials} />
        </div>
      )}
      <Tabs
        label="Parts of the project"
        name="tab"
        without={fileFilters}
        current={tab}
        tabs={[{ value: undefined, label: 'Overview' }, ...(money ? [{ value: 'files', label: 'Files' }] : []), { value: 'photos', label: 'Photos' }, ...(money || mayCertify ? [{ value: 'safety', label: 'Safety' }] : []), ...(money ? [{ value: 'unbilled', label: 'Unbilled' }, { value: 'sales', label: 'Quotes and invoices' }, { value: 'purchases', label: 'Orders and bills' }] : [])]}
      />
      {tab === 'safety' ? (
        <ProjectSafety project={id} mayWrite={mayCertify} />
      ) : tab === 'photos' ? (
        <Section title="Photos">
          <Gallery project={id} />
        </Section>
      ) : !money || tab === undefined ? (
        <Overview project={project} money={money} />
      ) : tab === 'files' ? (
        <Files of={{ project: id }} places={{ ProjectPicker, centers: centers.data ?? [] }} />
      ) : tab === 'unbilled' ? (
        <Section title="Why is this work unbilled?">
          <OpenWork of="projects" id={id} without={['project', 'client']} />
        </Section>
      ) : tab === 'sales' ? (
        <>
          <RelatedDocuments kind="quote" query={{ project_id: id }} without="project" />
          <RelatedDocuments kind="invoice" query={{ project_id: id }} without="project" />
        </>
      ) : (
        <>
          <RelatedDocuments kind="purchase_order" query={{ project_id: id }} without="project" />
          <RelatedDocuments kind="bill" query={{ project_id: id }} without="project" />
        </>
      )}
      {editing && <ProjectForm project={project} etag={etag} onClose={() => setEditing(false)} />}
      {deleting && (
        <DeleteRecord kind="project" id={id} name={project.name} path={`/api/projects/${id}`} onDeleted={() => void navigate({ to: '/projects' })} onClose={() => setDeleting(false)} />
      )}
    </RecordPage>
  )
}

function Overview({ project, money }: { project: ProjectDetail; money: boolean }) {
  const facts: [string, string | null][] = [
    ['Start', formatDay(project.start_date)],
    ['End', formatDay(project.end_date)],
    ['Hours', `${formatQuantity(project.hours_logged ?? '0')} h`],
    ['Billed', methodWords(project.billing_method)],
  ]
  return (
    <>
      <section aria-label="Facts" className="card flex flex-col gap-4 p-4">
        <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4">
          {facts.map(([label, value]) => (
            <div key={label}>
              <dt className="text-sm text-muted">{label}</dt>
              <dd className="num font-medium">{value || '–'}</dd>
            </div>
          ))}
        </dl>
        {project.description && <p className="break-words whitespace-pre-line">{project.description}</p>}
        {project.cost_centers.length > 0 && (
          <p className="flex flex-wrap gap-x-4">
            {project.cost_centers.map((center) => (
              <AppLink key={center.id} to={`/cost-centers/${center.id}`} className={textLink}>
                <span className="font-mono text-sm">{center.code}</span> {center.name}
              </AppLink>
            ))}
          </p>
        )}
      </section>
      <Section
        title="Newest hours"
        actions={
          project.timesheets.length > 0 && (
            <AppLink to={`/timesheets?view=list&project=${project.id}`} className={textLink}>
              All hours
            </AppLink>
          )
        }
      >
        {project.timesheets.length === 0 ? (
          <p className="flex items-center gap-2 rounded-card border border-dashed border-edge px-4 py-3 text-muted">
            <Clock aria-hidden className="size-4" />
            No hours yet
          </p>
        ) : (
          <Entries label="Newest hours" rows={project.timesheets} without={['project', 'client']} money={money} />
        )}
      </Section>
    </>
  )
}

/** The budget and what has become of it. */
function Money({ money }: { money: ProjectMoney }) {
  const available = parseCents(money.available_budget) ?? 0
  const budget = parseCents(money.budget) ?? 0
  const cost = parseCents(money.actual_cost) ?? 0
  const ordered = parseCents(money.po_commitments) ?? 0
  const share = (part: number) => `${Math.min(100, (part / Math.max(budget, cost + ordered, 1)) * 100)}%`
  const over = budget > 0 && available < 0
  return (
    <section aria-label="Money" className="card flex flex-col gap-4 p-4">
      {over && (
        <Notice tone="bad" icon={<TriangleAlert aria-hidden />} title={`Over budget by ${formatMoney(money.available_budget.replace('-', ''))}`}>
          Spent and ordered together are more than the budget.
        </Notice>
      )}
      {budget > 0 && (
        <div>
          <div aria-hidden className="flex h-3 gap-0.5 overflow-hidden rounded-full bg-raised">
            <span className={over ? 'bg-bad' : 'bg-accent-fill'} style={{ width: share(cost) }} />
            <span className="bg-[#c99312]" style={{ width: share(ordered) }} />
          </div>
          <p className="num mt-1.5 flex flex-wrap gap-x-4 text-sm text-muted">
            <span className="inline-flex items-center gap-2">
              <span aria-hidden className={`size-2.5 rounded-xs ${over ? 'bg-bad' : 'bg-accent-fill'}`} />
              Spent {spentPercent(money.actual_cost, money.budget)}%
            </span>
            {ordered > 0 && (
              <span className="inline-flex items-center gap-2">
                <span aria-hidden className="size-2.5 rounded-xs bg-[#c99312]" />
                Ordered
              </span>
            )}
          </p>
        </div>
      )}
      <dl className="grid grid-cols-2 gap-4 sm:grid-cols-3 lg:grid-cols-6">
        {(
          [
            ['Budget', budget > 0 ? money.budget : null],
            ['Ordered, not billed', money.po_commitments],
            ['Spent', money.actual_cost],
            ['Available', budget > 0 ? money.available_budget : null],
            ['Invoiced', money.invoiced],
            ['Unbilled', money.unbilled],
          ] as const
        ).map(([label, amount]) => (
          <div key={label}>
            <dt className="text-sm text-muted">{label}</dt>
            <dd className={`num text-lg font-semibold ${label === 'Available' && over ? 'text-bad' : ''}`}>{formatMoney(amount)}</dd>
          </div>
        ))}
      </dl>
      <p className="num text-sm text-muted">
        Of what was spent: work {formatMoney(money.labour_cost)}, bills {formatMoney(money.bills_cost)}, expenses {formatMoney(money.expenses_cost)}. The work is worth {formatMoney(money.work_value)} at the rates charged. Before tax.
      </p>
    </section>
  )
}
