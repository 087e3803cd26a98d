import { useMutation, useQuery } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useRef, useState } from 'react'
import { Controller } from 'react-hook-form'
import { z } from 'zod'
import { createProject, updateProject } from '@/api/client'
import { isPassing } from '@/api/errors'
import { newId } from '@/api/ids'
import { queryClient } from '@/api/query'
import { may, useUser } from '@/api/session'
import type { Project } from '@/api/types'
import { ClientPicker } from '@/clients/picker'
import { costCentersQuery } from '@/costcenters/queries'
import { formatMoney, formatQuantity, parseCents } from '@/format/money'
import { DeleteRecord } from '@/records/delete'
import { Checkbox, Field, Input, Select, Textarea } from '@/ui/field'
import { useZodForm } from '@/ui/form'
import { Page } from '@/ui/page'
import { RecordForm } from '@/ui/record-form'
import { NewButton, Pager, RecordList } from '@/ui/record-list'
import { SearchBox } from '@/ui/search-box'
import type { Tone } from '@/ui/states'
import { Badge, Empty } from '@/ui/states'
import { toast } from '@/ui/toast'
import { projectsQuery } from './queries'

const statuses: { value: string; words: string; tone: Tone }[] = [
  { value: 'quoted', words: 'Quoted', tone: 'neutral' },
  { value: 'in-progress', words: 'In progress', tone: 'accent' },
  { value: 'completed', words: 'Completed', tone: 'good' },
  { value: 'invoiced', words: 'Invoiced', tone: 'good' },
  { value: 'paid', words: 'Paid', tone: 'neutral' },
]

const again = () => void queryClient.invalidateQueries({ queryKey: ['projects'] })

/** The jobs that hours are entered on. */
export function ProjectsPage() {
  const user = useUser()
  const search = useSearch({ from: '/projects' })
  const navigate = useNavigate({ from: '/projects' })
  const [editing, setEditing] = useState<Project | 'new' | null>(null)
  const [deleting, setDeleting] = useState<Project | null>(null)
  const projects = useQuery({
    ...projectsQuery({ search: search.search, status: search.status, page: search.page ?? 1, limit: 25 }),
    placeholderData: (before) => before,
  })
  const mayEdit = may(user, 'can_edit_projects')
  return (
    <Page title="Projects" lead="The jobs that hours are entered on." actions={mayEdit && <NewButton onClick={() => setEditing('new')}>New project</NewButton>}>
      <div role="search" className="flex flex-wrap gap-3">
        <SearchBox label="Search projects" value={search.search ?? ''} onChange={(text) => void navigate({ search: (before) => ({ ...before, search: text || undefined, page: undefined }), replace: true })} />
        <Field label="Status" labelHidden className="w-44">
          <Select value={search.status ?? ''} onChange={(event) => void navigate({ search: (before) => ({ ...before, status: event.target.value || undefined, page: undefined }), replace: true })}>
            <option value="">All</option>
            {statuses.map((status) => (
              <option key={status.value} value={status.value}>
                {status.words}
              </option>
            ))}
          </Select>
        </Field>
      </div>
      <RecordList
        rows={projects.data?.data}
        error={projects.isLoadingError ? projects.error : null}
        onRetry={() => void projects.refetch()}
        keyOf={(project) => project.id}
        nameOf={(project) => project.name}
        onEdit={mayEdit ? setEditing : undefined}
        onDelete={mayEdit ? setDeleting : undefined}
        empty={<Empty title={search.search || search.status ? 'No project matches' : 'No projects yet'} />}
        render={(project) => {
          const status = statuses.find((other) => other.value === project.status)
          return (
            <>
              <div className="min-w-0 flex-1 basis-56">
                <p className="truncate font-medium">{project.name}</p>
                <p className="truncate text-sm text-muted">
                  <span className="font-mono">{project.code}</span>
                  {project.client_name && ` · ${project.client_name}`}
                </p>
              </div>
              <Budget project={project} />
              <Badge tone={status?.tone}>{status?.words ?? project.status}</Badge>
            </>
          )
        }}
      />
      {projects.data && <Pager {...projects.data.pagination} onPage={(page) => void navigate({ search: (before) => ({ ...before, page }) })} />}
      {editing && <ProjectForm project={editing === 'new' ? null : editing} onClose={() => setEditing(null)} />}
      {deleting && <DeleteRecord kind="project" id={deleting.id} name={deleting.name} path={`/api/projects/${deleting.id}`} onClose={() => setDeleting(null)} />}
    </Page>
  )
}

function Budget({ project }: { project: Project }) {
  const budget = parseCents(project.budget) ?? 0
  const cost = parseCents(project.actual_cost) ?? 0
  return (
    <div className="num w-56 text-sm text-muted">
      {budget > 0 ? (
        <>
          <p className={cost > budget ? 'font-medium text-bad' : ''}>
            {formatMoney(project.actual_cost ?? '0')} of {formatMoney(project.budget)}
            {cost > budget && <span className="block">Over budget</span>}
          </p>
          <div aria-hidden className="mt-1 h-1.5 overflow-hidden rounded-full bg-raised">
            <div className={`h-full ${cost > budget ? 'bg-bad-fill' : 'bg-accent-fill'}`} style={{ width: `${Math.min(100, (cost / budget) * 100)}%` }} />
          </div>
        </>
      ) : (
        <p>{formatQuantity(project.hours_logged ?? '0')} hours</p>
      )}
    </div>
  )
}

const schema = z
  .object({
    name: z.string().trim().min(1, 'Enter a name').max(255),
    client_id: z.string(),
    status: z.string(),
    budget: z.string().refine((text) => text.trim() === '' || parseCents(text) !== null, 'Enter an amount such as 12000 or 12000.50'),
    description: z.string(),
    start_date: z.string(),
    end_date: z.string(),
    cost_center_ids: z.array(z.string()),
  })
  .refine((v) => !v.start_date || !v.end_date || v.end_date >= v.start_date, { path: ['end_date'], message: 'The end is before the start' })

function ProjectForm({ project, onClose }: { project: Project | null; onClose: () => void }) {
  const key = useRef(newId())
  const costCenters = useQuery(costCentersQuery)
  const form = useZodForm(schema, {
    name: project?.name ?? '',
    client_id: project?.client_id ?? '',
    status: project?.status ?? 'quoted',
    budget: project?.budget ?? '',
    description: project?.description ?? '',
    start_date: project?.start_date ?? '',
    end_date: project?.end_date ?? '',
    cost_center_ids: project?.cost_center_ids.filter((id) => id !== null) ?? [],
  })
  const { errors } = form.formState
  const save = useMutation({
    mutationFn: (values: z.infer<typeof schema>) => {
      const fields = {
        ...values,
        client_id: values.client_id || null,
        budget: values.budget.trim() || '0',
        start_date: values.start_date || null,
        end_date: values.end_date || null,
      }
      return project ? updateProject(project.id, fields) : createProject(fields, key.current)
    },
    onSuccess: (saved) => {
      toast(`${saved.name} saved.`)
      again()
      onClose()
    },
    onError: (error) => {
      // A refused request made nothing; the next one is another.
      if (!isPassing(error)) key.current = newId()
    },
  })
  return (
    <RecordForm title={project ? `${project.code} ${project.name}` : 'New project'} form={form} save={save} onClose={onClose}>
      <Field label="Name" error={errors.name?.message}>
        <Input data-autofocus {...form.register('name')} />
      </Field>
      <Field label="Client" error={errors.client_id?.message}>
        <Controller control={form.control} name="client_id" render={({ field }) => <ClientPicker kind="customer" value={field.value || null} onChange={field.onChange} />} />
      </Field>
      <div className="grid gap-4 sm:grid-cols-2">
        <Field label="Status">
          <Select {...form.register('status')}>
            {statuses.map((status) => (
              <option key={status.value} value={status.value}>
                {status.words}
              </option>
            ))}
          </Select>
        </Field>
        <Field label="Budget" error={errors.budget?.message}>
          <Input inputMode="decimal" className="num text-right" {...form.register('budget')} />
        </Field>
        <Field label="Start" error={errors.start_date?.message}>
          <Input type="date" {...form.register('start_date')} />
        </Field>
        <Field label="End" error={errors.end_date?.message}>
          <Input type="date" {...form.register('end_date')} />
        </Field>
      </div>
      <Field label="Description">
        <Textarea {...form.register('description')} />
      </Field>
      <Field label="Cost centres" group error={errors.cost_center_ids?.message}>
        <Controller
          control={form.control}
          name="cost_center_ids"
          render={({ field }) => (
            <div className="flex flex-col rounded-card border border-line px-4 py-1">
              {(costCenters.data ?? [])
                .filter((center) => center.is_active || field.value.includes(center.id))
                .map((center) => (
                  <Checkbox
                    key={center.id}
                    checked={field.value.includes(center.id)}
                    onChange={(event) => field.onChange(event.target.checked ? [...field.value, center.id] : field.value.filter((id) => id !== center.id))}
                  >
                    <span>
                      <span className="font-mono text-sm text-muted">{center.code}</span> {center.name}
                    </span>
                  </Checkbox>
                ))}
            </div>
          )}
        />
      </Field>
    </RecordForm>
  )
}
