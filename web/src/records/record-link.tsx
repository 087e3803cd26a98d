import { Link } from '@tanstack/react-router'
import type { NamedRecord } from '@/api/records'

/** The name of a record, as a link to its page where it has one. */
export function RecordLink({ record: { entity_type, entity_id, label }, className = 'font-medium text-accent hover:underline' }: { record: NamedRecord; className?: string }) {
  switch (entity_type) {
    case 'invoice':
      return <Link to="/financials/invoices/$id" params={{ id: entity_id }} className={className}>{label}</Link>
    case 'purchase_order':
      return <Link to="/financials/purchase-orders/$id" params={{ id: entity_id }} className={className}>{label}</Link>
    case 'client':
      return <Link to="/clients" search={{ search: label }} className={className}>{label}</Link>
    case 'project':
      return <Link to="/projects" search={{ search: label }} className={className}>{label}</Link>
    default:
      return <span>{label}</span>
  }
}
