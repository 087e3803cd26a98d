import { Link } from '@tanstack/react-router'
import type { NamedRecord } from '@/api/records'

export interface Target {
  to: string
  params?: Record<string, string>
  search?: Record<string, unknown>
}

/** Where a record is seen: its page, or the list that shows it; null where there is none. */
export function recordTarget({ entity_type, entity_id }: { entity_type: string; entity_id: string; label?: string }): Target | null {
  switch (entity_type) {
    case 'invoice':
      return { to: '/financials/invoices/$id', params: { id: entity_id } }
    case 'purchase_order':
      return { to: '/financials/purchase-orders/$id', params: { id: entity_id } }
    case 'quote':
      return { to: '/financials/quotes/$id', params: { id: entity_id } }
    case 'bill':
      return { to: '/financials/bills/$id', params: { id: entity_id } }
    case 'credit_note':
      return { to: '/financials/credit-notes/$id', params: { id: entity_id } }
    case 'client':
      return { to: '/clients/$id', params: { id: entity_id } }
    case 'project':
      return { to: '/projects/$id', params: { id: entity_id } }
    case 'timesheet':
      return { to: '/timesheets/$id', params: { id: entity_id } }
    case 'safety_document':
      return { to: '/safety-documents/$id', params: { id: entity_id } }
    case 'cost_center':
      return { to: '/cost-centers/$id', params: { id: entity_id } }
    case 'project_file':
      return { to: '/files', search: { file: entity_id } }
    case 'document_scan':
      return { to: '/document-scan/$id', params: { id: entity_id } }
    case 'expense':
      return { to: '/expenses', search: { files: entity_id } }
    case 'activity_type':
      return { to: '/activity-types' }
    default:
      return null
  }
}

/** The name of a record, as a link to its page where it has one. */
export function RecordLink({ record, className = 'font-medium text-accent underline underline-offset-4' }: { record: Pick<NamedRecord, 'entity_id' | 'label'> & { entity_type: string }; className?: string }) {
  const target = recordTarget(record)
  if (!target) return <span>{record.label}</span>
  return (
    <Link {...(target as { to: string })} className={className}>
      {record.label}
    </Link>
  )
}
