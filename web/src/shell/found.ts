import type { LucideIcon } from 'lucide-react'
import { Building2, Clock, FileImage, FilePen, FileText, FolderKanban, PackagePlus, ReceiptText } from 'lucide-react'
import type { Found, FoundDocument } from '@/api/search'
import { formatDay } from '@/format/calendar'
import { formatQuantity } from '@/format/money'
import type { Target } from '@/records/record-link'
import { recordTarget } from '@/records/record-link'

/** One line of the palette that leads somewhere. */
export interface Hit {
  key: string
  label: string
  detail: string
  icon: LucideIcon
  target: Target
}

export interface HitGroup {
  title: string
  hits: Hit[]
}

const join = (...parts: (string | null | undefined)[]) => parts.filter(Boolean).join(' · ')

/** What was found, in the groups of the palette. What has no page to be seen on is left out. */
export function hitsOf(found: Found): HitGroup[] {
  const hit = (entity_type: string, entity_id: string, label: string, detail: string, icon: LucideIcon): Hit[] => {
    const target = recordTarget({ entity_type, entity_id, label })
    return target ? [{ key: `${entity_type} ${entity_id}`, label, detail, icon, target }] : []
  }
  const documents = (rows: FoundDocument[] | undefined, type: string, icon: LucideIcon) =>
    (rows ?? []).flatMap((row) => hit(type, row.id, row.number, join(row.client_name, formatDay(row.date)), icon))
  return [
    { title: 'Clients', hits: (found.clients ?? []).flatMap((row) => hit('client', row.id, row.name, join(row.contact_name, row.location, row.email), Building2)) },
    { title: 'Projects', hits: (found.projects ?? []).flatMap((row) => hit('project', row.id, row.name, join(row.code, row.client_name), FolderKanban)) },
    { title: 'Invoices', hits: documents(found.invoices, 'invoice', ReceiptText) },
    { title: 'Quotes', hits: documents(found.quotes, 'quote', FilePen) },
    { title: 'Purchase orders', hits: documents(found.purchase_orders, 'purchase_order', PackagePlus) },
    {
      title: 'Files',
      hits: (found.files ?? []).flatMap((row) =>
        hit('project_file', row.id, row.file_name, join(row.project_name || row.cost_center_name, ...row.tags), row.file_type === 'image' ? FileImage : FileText),
      ),
    },
    {
      title: 'Timesheets',
      hits: (found.timesheets ?? []).map((row) => ({
        key: `timesheet ${row.id}`,
        label: join(row.project_name, `${formatQuantity(row.hours)} h`),
        detail: join(row.user_name, formatDay(row.date), row.notes),
        icon: Clock,
        target: { to: '/timesheets', search: { week: row.date, person: 'all' } },
      })),
    },
  ].filter(({ hits }) => hits.length > 0)
}
