import { useNavigate } from '@tanstack/react-router'
import { CircleCheck, Hand, HandHelping, Info, Pencil, Trash2, Undo2 } from 'lucide-react'
import type { ReactNode } from 'react'
import { useState } from 'react'
import { may, useUser } from '@/api/session'
import type { Timesheet, User } from '@/api/types'
import type { EntryAction } from '@/api/work'
import { formatWeekday } from '@/format/calendar'
import { formatQuantity } from '@/format/money'
import { DeleteRecord } from '@/records/delete'
import type { MenuItem } from '@/ui/menu'
import { isBilled } from '@/work/entry-badges'
import { leftOut } from './bulk'
import { BulkDialog } from './bulk-dialog'
import { EntrySheet } from './entry-sheet'

/** Whether the person may change or delete an entry: what is billed is locked. */
export const mayChange = (user: User, entry: Timesheet) =>
  entry.deleted_at === null && !isBilled(entry) && (entry.user_id === user.id || may(user, 'can_view_all_timesheets'))

/** What can be done with an entry, as the items of its menu, and the dialogs that they open. */
export function useEntryActions({ page = true, onDeleted }: { page?: boolean; onDeleted?: () => void } = {}): { items: (entry: Timesheet) => MenuItem[]; dialogs: ReactNode } {
  const user = useUser()
  const navigate = useNavigate()
  const [editing, setEditing] = useState<Timesheet | null>(null)
  const [deleting, setDeleting] = useState<Timesheet | null>(null)
  const [acting, setActing] = useState<{ action: EntryAction; entry: Timesheet } | null>(null)

  const items = (entry: Timesheet): MenuItem[] => {
    const list: MenuItem[] = []
    if (page) list.push({ label: 'Open', icon: <Info aria-hidden />, onSelect: () => void navigate({ to: '/timesheets/$id', params: { id: entry.id } }) })
    if (mayChange(user, entry)) list.push({ label: 'Edit', icon: <Pencil aria-hidden />, onSelect: () => setEditing(entry) })
    const offer = (action: EntryAction, label: string, icon: ReactNode) => {
      if (entry.deleted_at === null && leftOut(action, entry) === null) list.push({ label, icon, onSelect: () => setActing({ action, entry }) })
    }
    if (may(user, 'can_approve_timesheets')) {
      offer('approve', 'Approve', <CircleCheck aria-hidden />)
      offer('unapprove', 'Send back', <Undo2 aria-hidden />)
    }
    if (may(user, 'can_create_invoices')) {
      offer('hold', 'Put on hold', <Hand aria-hidden />)
      offer('release-hold', 'Release hold', <HandHelping aria-hidden />)
    }
    if (mayChange(user, entry)) list.push({ label: 'Delete', icon: <Trash2 aria-hidden />, danger: true, onSelect: () => setDeleting(entry) })
    return list
  }
  const dialogs = (
    <>
      {editing && <EntrySheet sheet={{ kind: 'sent', entry: editing }} onClose={() => setEditing(null)} />}
      {acting && <BulkDialog action={acting.action} entries={[acting.entry]} onClose={() => setActing(null)} />}
      {deleting && (
        <DeleteRecord
          kind="timesheet"
          id={deleting.id}
          name={`of ${formatWeekday(deleting.date)}`}
          path={`/api/timesheets/${deleting.id}`}
          onDeleted={onDeleted}
          onClose={() => setDeleting(null)}
        >
          <p className="num">
            {formatQuantity(deleting.hours)} hours, {deleting.project_name}
          </p>
        </DeleteRecord>
      )}
    </>
  )
  return { items, dialogs }
}
