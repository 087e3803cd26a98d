import {
  Banknote, BellRing, Building2, Cable, ChartColumn, CircleQuestionMark, Clock, FileText, FileUp, FolderKanban, FolderOpen, Inbox, Landmark, Layers, LayoutDashboard, Package, PackagePlus,
  ReceiptText, ScanLine, ScrollText, Settings2, ShieldCheck, TicketMinus, Trash2, TrendingUp, Users, Wallet,
} from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import type { Permission } from '@/api/session'
import { may } from '@/api/session'
import type { User } from '@/api/types'

export interface Place {
  to: string
  label: string
  icon: LucideIcon
  /** The pages below it are other places. */
  exact?: boolean
  /** One of these is enough; everybody may go where none is named. */
  needs?: Permission[]
  adminOnly?: boolean
}

export interface PlaceGroup {
  title: string
  places: Place[]
}

// Every place of the navigation, in its order. A line is added with its page.
const groups: PlaceGroup[] = [
  {
    title: 'Work',
    places: [
      { to: '/dashboard', label: 'Dashboard', icon: LayoutDashboard, needs: ['can_view_dashboard'] },
      { to: '/timesheets', label: 'Timesheets', icon: Clock },
      { to: '/projects', label: 'Projects', icon: FolderKanban, needs: ['can_view_projects'] },
      { to: '/files', label: 'Files', icon: FolderOpen, needs: ['can_view_financials'] },
      { to: '/safety-documents', label: 'Safety', icon: ShieldCheck, needs: ['can_view_financials', 'can_edit_projects', 'can_create_timesheets'] },
      { to: '/clients', label: 'Clients', icon: Building2, needs: ['can_view_clients'] },
      { to: '/cost-centers', label: 'Cost centres', icon: Cable, needs: ['can_manage_cost_centers'] },
    ],
  },
  {
    title: 'Money',
    places: [
      { to: '/financials', label: 'Overview', icon: ChartColumn, exact: true, needs: ['can_view_financials'] },
      { to: '/unbilled', label: 'Unbilled', icon: TrendingUp, needs: ['can_view_financials'] },
      { to: '/financials/invoices', label: 'Invoices', icon: ReceiptText, needs: ['can_view_financials'] },
      { to: '/financials/quotes', label: 'Quotes', icon: FileText, needs: ['can_view_financials'] },
      { to: '/financials/payments', label: 'Payments', icon: Banknote, needs: ['can_view_financials'] },
      { to: '/financials/credit-notes', label: 'Credit notes', icon: TicketMinus, needs: ['can_view_financials'] },
      { to: '/financials/reminders', label: 'Reminders', icon: BellRing, needs: ['can_view_financials'] },
      { to: '/financials/purchase-orders', label: 'Purchase orders', icon: PackagePlus, needs: ['can_view_financials'] },
      { to: '/financials/bills', label: 'Bills', icon: Inbox, needs: ['can_view_financials'] },
      { to: '/expenses', label: 'Expenses', icon: Wallet, needs: ['can_view_financials', 'can_create_timesheets'] },
      { to: '/document-scan', label: 'Receipts', icon: ScanLine, needs: ['can_view_financials', 'can_edit_projects', 'can_create_timesheets'] },
      { to: '/financials/bank', label: 'Bank', icon: Landmark, needs: ['can_view_financials'] },
      { to: '/items', label: 'Items', icon: Package, needs: ['can_view_financials'] },
    ],
  },
  {
    title: 'Set-up',
    places: [
      { to: '/people', label: 'People', icon: Users, needs: ['can_manage_users'] },
      { to: '/activity-types', label: 'Activity types', icon: Layers, needs: ['can_edit_activity_types'] },
      { to: '/settings', label: 'Settings', icon: Settings2, needs: ['can_manage_settings', 'can_sync_xero'] },
      { to: '/audit-log', label: 'Audit log', icon: ScrollText, adminOnly: true },
      { to: '/bin', label: 'Bin', icon: Trash2, needs: ['can_manage_clients', 'can_edit_projects', 'can_create_invoices', 'can_delete_own_timesheets'] },
      { to: '/import', label: 'Import', icon: FileUp, needs: ['can_manage_clients', 'can_edit_projects', 'can_view_all_timesheets'] },
      { to: '/help', label: 'Help', icon: CircleQuestionMark },
    ],
  },
]

/** Where this person may go. A group with nothing in it is left out. */
export function placesFor(user: User): PlaceGroup[] {
  return groups
    .map(({ title, places }) => ({
      title,
      places: places.filter((place) => (place.adminOnly ? user.role === 'admin' : !place.needs || place.needs.some((permission) => may(user, permission)))),
    }))
    .filter(({ places }) => places.length > 0)
}

/** The four places a phone has room for, those this person needs most. */
export function mostUsed(groups: PlaceGroup[]): Place[] {
  const all = groups.flatMap((group) => group.places)
  const first = ['/timesheets', '/unbilled', '/financials/invoices', '/projects', '/clients']
  return [...all]
    .sort((a, b) => (first.indexOf(a.to) + 1 || 99) - (first.indexOf(b.to) + 1 || 99))
    .slice(0, 4)
}
