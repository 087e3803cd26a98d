import { useInfiniteQuery } from '@tanstack/react-query'
import { CircleCheck, CircleDashed, FileCheck2, Plus } from 'lucide-react'
import type { SafetyDocument, SafetyStatus, SafetyType } from '@/api/safety'
import { sliceQuery } from '@/api/slices'
import { formatDay, today } from '@/format/calendar'
import { Section } from '@/records/record-page'
import { fromSlices } from '@/records/rows'
import { Button, buttonClass } from '@/ui/button'
import { Badge, Failure, Skeleton } from '@/ui/states'
import type { Column } from '@/ui/table'
import { rowLink, Table } from '@/ui/table'
import { AppLink } from './link'

/** What each form is called: in full, and as the trade says it. */
export const safetyTypes: Record<SafetyType, { words: string; short: string }> = {
  jsa: { words: 'Job safety analysis', short: 'JSA' },
  electrical_compliance: { words: 'Certificate of compliance', short: 'CoC' },
  electrical_safety_certificate: { words: 'Electrical safety certificate', short: 'ESC' },
}

const looks = {
  draft: { words: 'Draft', tone: 'neutral', icon: CircleDashed },
  completed: { words: 'Completed', tone: 'accent', icon: FileCheck2 },
  approved: { words: 'Approved', tone: 'good', icon: CircleCheck },
} as const

export function SafetyBadge({ status }: { status: SafetyStatus }) {
  const { words, tone, icon: Icon } = looks[status]
  return (
    <Badge tone={tone} icon={<Icon aria-hidden className="size-3.5" />}>
      {words}
    </Badge>
  )
}

export const safetyColumns: Column<SafetyDocument>[] = [
  {
    head: 'Document',
    phone: 'title',
    cell: (row) => (
      <AppLink to={`/safety-documents/${row.id}`} className={rowLink}>
        {row.title}
      </AppLink>
    ),
  },
  { head: 'Number', cell: (row) => row.number && <span className="font-mono whitespace-nowrap">{row.number}</span> },
  { head: 'Type', cell: (row) => safetyTypes[row.document_type].short },
  { head: 'Status', phone: 'badge', cell: (row) => <SafetyBadge status={row.status} /> },
  { head: 'Changed', cell: (row) => <span className="num whitespace-nowrap text-muted">{formatDay(today(new Date(row.updated_at)))}</span> },
]

/** The safety documents of a project, and the way to begin one. */
export function ProjectSafety({ project, mayWrite }: { project: string; mayWrite: boolean }) {
  const found = fromSlices(useInfiniteQuery(sliceQuery<SafetyDocument>(['safety-documents', 'of'], '/api/safety-documents', { project_id: project, limit: 50 })))
  return (
    <Section
      title="Safety documents"
      actions={
        mayWrite && (
          <AppLink to={`/safety-documents/new?project_id=${project}`} className={buttonClass('primary')}>
            <Plus aria-hidden className="size-4" />
            New safety document
          </AppLink>
        )
      }
    >
      {found.error ? (
        <Failure error={found.error} onRetry={found.retry} />
      ) : !found.rows ? (
        <Skeleton rows={2} />
      ) : found.rows.length === 0 ? (
        <p className="rounded-card border border-dashed border-edge px-4 py-3 text-muted">No analysis or certificate yet.</p>
      ) : (
        <Table<SafetyDocument> label="Safety documents" rows={found.rows} columns={safetyColumns} keyOf={(row) => row.id} nameOf={(row) => row.title} />
      )}
      {found.more && (
        <Button className="self-center" busy={found.more.busy} onClick={found.more.load}>
          Show more
        </Button>
      )}
    </Section>
  )
}
