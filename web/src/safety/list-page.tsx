import { useInfiniteQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { FileDown, FileText, Pencil, Plus, ShieldCheck, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { SafetyDocument } from '@/api/safety'
import { safetyPath, safetyPDF } from '@/api/safety'
import { may, useUser } from '@/api/session'
import { ProjectPicker } from '@/projects/picker'
import { DeleteRecord } from '@/records/delete'
import { ListPage, useListSearch } from '@/records/list-page'
import { fromSlices } from '@/records/rows'
import { buttonClass } from '@/ui/button'
import type { MenuItem } from '@/ui/menu'
import { Empty } from '@/ui/states'
import { AppLink } from '@/work/link'
import { safetyColumns, safetyTypes } from '@/work/safety'
import { safetyListQuery } from './queries'

/** Analyses and certificates: all of them for the office, and for technicians those of their work. */
export function SafetyDocumentsPage() {
  const user = useUser()
  const navigate = useNavigate()
  const [search] = useListSearch()
  const [deleting, setDeleting] = useState<SafetyDocument | null>(null)
  const office = may(user, 'can_edit_projects')
  const mayWrite = office || may(user, 'can_create_timesheets')
  const query = { search: search.search, project_id: search.project_id, document_type: search.document_type, status: search.status }
  const documents = useInfiniteQuery({ ...safetyListQuery(query), placeholderData: (before) => before })
  // A new document is of the project and the type that are looked at.
  const begin = new URLSearchParams()
  for (const name of ['project_id', 'document_type'] as const) if (search[name]) begin.set(name, String(search[name]))
  const create = mayWrite && (
    <AppLink to={`/safety-documents/new?${begin.toString()}`} className={buttonClass('primary')}>
      <Plus aria-hidden className="size-4" />
      New safety document
    </AppLink>
  )
  const actions = (row: SafetyDocument): MenuItem[] => {
    const items: MenuItem[] = [{ label: 'View', icon: <FileText aria-hidden />, onSelect: () => void navigate({ to: '/safety-documents/$id', params: { id: row.id } }) }]
    if (row.file_path) items.push({ label: 'PDF', icon: <FileDown aria-hidden />, href: safetyPDF(row.id) })
    if (mayWrite && row.status === 'draft') items.push({ label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => void navigate({ to: '/safety-documents/$id/edit', params: { id: row.id } }) })
    if (office) items.push({ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(row) })
    return items
  }
  const [document, ...rest] = safetyColumns
  return (
    <ListPage<SafetyDocument>
      title="Safety documents"
      lead="Job safety analyses, certificates of compliance and electrical safety certificates."
      noun="safety documents"
      actions={create}
      csv={{ path: '/api/safety-documents', query }}
      filters={[
        { kind: 'search', name: 'search', label: 'Number, title, place' },
        { kind: 'custom', name: 'project_id', label: 'Project', control: (value, onChange) => <ProjectPicker value={value ?? null} onChange={onChange} /> },
        { kind: 'choice', name: 'document_type', label: 'Type', options: Object.entries(safetyTypes).map(([value, { words }]) => ({ value, label: words })) },
        {
          kind: 'choice',
          name: 'status',
          label: 'Status',
          options: [
            { value: 'draft', label: 'Draft' },
            { value: 'completed', label: 'Completed' },
            { value: 'approved', label: 'Approved' },
          ],
        },
      ]}
      list={fromSlices(documents)}
      keyOf={(row) => row.id}
      nameOf={(row) => row.title}
      rowActions={actions}
      columns={[
        ...(document ? [document] : []),
        {
          head: 'Project',
          cell: (row) => (
            <>
              {row.project_name}
              <span className="block text-sm text-muted">{row.client_name}</span>
            </>
          ),
        },
        ...rest,
      ]}
      empty={
        <Empty icon={<ShieldCheck aria-hidden />} title="No safety documents yet" action={create}>
          Write the analysis before the job, and the certificates when it is done: on the phone, signed on the screen.
        </Empty>
      }
    >
      {deleting && <DeleteRecord kind="safety_document" id={deleting.id} name={deleting.number ?? deleting.title} path={safetyPath(deleting.id)} onClose={() => setDeleting(null)} />}
    </ListPage>
  )
}
