import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Link, Navigate, useParams } from '@tanstack/react-router'
import { z } from 'zod'
import { isDay } from '@/format/calendar'
import { recordKinds } from '@/records/kinds'
import { Shell, Start } from '@/shell/frame'
import { buttonClass } from '@/ui/button'
import { Page } from '@/ui/page'
import { Empty, Failure } from '@/ui/states'

// Every URL of the app. What a page shows stands in its URL; a part of it that makes no sense is
// left out rather than refused, so that an old link still opens.

const day = z.string().refine(isDay).optional().catch(undefined)
const text = z.string().optional().catch(undefined)
// Always text, also when it happens to be all digits.
const link = z.object({ token: z.coerce.string().optional().catch(undefined) })
const documents = z.object({
  search: text,
  sync: z.enum(['pending', 'synced', 'failed']).optional().catch(undefined),
  status: text,
  from: day,
  to: day,
  deleted: z.boolean().optional().catch(undefined),
})
const dates = z.object({ search: text, from: day, to: day, deleted: z.boolean().optional().catch(undefined) })
const forClient = z.object({ client: text, supplier: text, project: text })
const list = z.object({ search: text, page: z.number().int().positive().optional().catch(undefined) })

const root = createRootRoute({
  component: Shell,
  errorComponent: ({ error, reset }) => (
    <Page title="This page failed">
      <Failure error={error} onRetry={reset} />
    </Page>
  ),
  notFoundComponent: () => (
    <Page title="Not found">
      <Empty title="There is no such page" action={<Link to="/" className={buttonClass('primary')}>Go to the start</Link>} />
    </Page>
  ),
})
const getParentRoute = () => root

const routes = [
  createRoute({ getParentRoute, path: '/', component: Start }),
  createRoute({ getParentRoute, path: '/dashboard', component: lazyRouteComponent(() => import('@/dashboard/page'), 'DashboardPage') }),
  createRoute({
    getParentRoute,
    path: '/sign-in',
    // Only a page of this app: a link must not lead out of it after the password was given.
    validateSearch: z.object({ next: z.string().regex(/^\/(?![/\\])/).optional().catch(undefined) }),
    component: lazyRouteComponent(() => import('@/shell/sign-in-page'), 'SignInPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/timesheets',
    validateSearch: list.extend({
      week: day, month: day, person: text, new: z.boolean().optional().catch(undefined), view: z.enum(['team', 'month', 'list']).optional().catch(undefined),
      project: text, client: text, center: text, from: day, to: day, status: text, approval: text, deleted: z.boolean().optional().catch(undefined),
    }),
    component: lazyRouteComponent(() => import('@/timesheets/page'), 'TimesheetsPage'),
  }),
  createRoute({ getParentRoute, path: '/timesheets/$id', component: lazyRouteComponent(() => import('@/timesheets/entry-page'), 'EntryPage') }),
  createRoute({
    getParentRoute,
    path: '/safety-documents',
    validateSearch: z.object({ search: text, project_id: text, document_type: text, status: text }),
    component: lazyRouteComponent(() => import('@/safety/list-page'), 'SafetyDocumentsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/safety-documents/new',
    validateSearch: z.object({ project_id: text, document_type: z.enum(['jsa', 'electrical_compliance', 'electrical_safety_certificate']).optional().catch(undefined) }),
    component: lazyRouteComponent(() => import('@/safety/form-page'), 'CreateSafetyPage'),
  }),
  createRoute({ getParentRoute, path: '/safety-documents/$id', component: lazyRouteComponent(() => import('@/safety/detail-page'), 'SafetyDocumentPage') }),
  createRoute({ getParentRoute, path: '/safety-documents/$id/edit', component: lazyRouteComponent(() => import('@/safety/form-page'), 'EditSafetyPage') }),
  createRoute({ getParentRoute, path: '/unbilled', validateSearch: z.object({ client_id: text }), component: lazyRouteComponent(() => import('@/invoices/unbilled-page'), 'UnbilledPage') }),
  createRoute({
    getParentRoute,
    path: '/unbilled/invoice',
    validateSearch: z.object({
      client: z.string(),
      project: text,
      period: z.enum(['week', 'month', 'dates']).optional().catch(undefined),
      from: day,
      to: day,
      group: z.enum(['activity', 'person', 'project', 'day', 'entry']).optional().catch(undefined),
    }),
    component: lazyRouteComponent(() => import('@/invoices/create-page'), 'CreateInvoicePage'),
  }),
  createRoute({ getParentRoute, path: '/financials', component: lazyRouteComponent(() => import('@/money/page'), 'MoneyPage') }),
  createRoute({
    getParentRoute,
    path: '/financials/invoices',
    validateSearch: documents,
    component: lazyRouteComponent(() => import('@/invoices/list-page'), 'InvoicesPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/financials/invoices/new',
    validateSearch: forClient,
    component: lazyRouteComponent(() => import('@/invoices/manual-page'), 'CreateManualInvoicePage'),
  }),
  createRoute({ getParentRoute, path: '/financials/invoices/$id', component: lazyRouteComponent(() => import('@/invoices/detail-page'), 'InvoicePage') }),
  createRoute({
    getParentRoute,
    path: '/financials/quotes',
    validateSearch: dates.extend({ status: text }),
    component: lazyRouteComponent(() => import('@/quotes/list-page'), 'QuotesPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/financials/quotes/new',
    validateSearch: forClient,
    component: lazyRouteComponent(() => import('@/quotes/form-page'), 'CreateQuotePage'),
  }),
  createRoute({ getParentRoute, path: '/financials/quotes/$id', component: lazyRouteComponent(() => import('@/quotes/detail-page'), 'QuotePage') }),
  createRoute({ getParentRoute, path: '/financials/quotes/$id/edit', component: lazyRouteComponent(() => import('@/quotes/form-page'), 'EditQuotePage') }),
  createRoute({
    getParentRoute,
    path: '/financials/payments',
    validateSearch: dates.extend({ method: text }),
    component: lazyRouteComponent(() => import('@/payments/page'), 'PaymentsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/financials/credit-notes',
    validateSearch: dates,
    component: lazyRouteComponent(() => import('@/creditnotes/list-page'), 'CreditNotesPage'),
  }),
  createRoute({ getParentRoute, path: '/financials/credit-notes/$id', component: lazyRouteComponent(() => import('@/creditnotes/detail-page'), 'CreditNotePage') }),
  createRoute({
    getParentRoute,
    path: '/financials/bills',
    validateSearch: dates.extend({ status: text }),
    component: lazyRouteComponent(() => import('@/bills/list-page'), 'BillsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/financials/bills/new',
    validateSearch: forClient.extend({ scan: text }),
    component: lazyRouteComponent(() => import('@/bills/form-page'), 'CreateBillPage'),
  }),
  createRoute({ getParentRoute, path: '/financials/bills/$id', component: lazyRouteComponent(() => import('@/bills/detail-page'), 'BillPage') }),
  createRoute({ getParentRoute, path: '/financials/bills/$id/edit', component: lazyRouteComponent(() => import('@/bills/form-page'), 'EditBillPage') }),
  createRoute({
    getParentRoute,
    path: '/financials/bank',
    validateSearch: dates.extend({ reconciled: z.enum(['true', 'false']).optional().catch(undefined), type: z.enum(['RECEIVE', 'SPEND']).optional().catch(undefined) }),
    component: lazyRouteComponent(() => import('@/bank/page'), 'BankPage'),
  }),
  createRoute({ getParentRoute, path: '/financials/taken-over', component: lazyRouteComponent(() => import('@/takenover/page'), 'TakenOverPage') }),
  createRoute({
    getParentRoute,
    path: '/financials/reminders',
    component: lazyRouteComponent(() => import('@/reminders/page'), 'RemindersPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/expenses',
    // The scan that an expense is to be made of, or the expense whose files are shown.
    validateSearch: dates.extend({ status: text, scan: text, files: text }),
    component: lazyRouteComponent(() => import('@/expenses/page'), 'ExpensesPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/document-scan',
    validateSearch: z.object({ search: text, status: text, type: text, open: z.boolean().optional().catch(undefined) }),
    component: lazyRouteComponent(() => import('@/receipts/list-page'), 'ReceiptsPage'),
  }),
  createRoute({ getParentRoute, path: '/document-scan/$id', component: lazyRouteComponent(() => import('@/receipts/detail-page'), 'ReceiptPage') }),
  createRoute({
    getParentRoute,
    path: '/items',
    validateSearch: z.object({ search: text, stock: z.boolean().optional().catch(undefined), retired: z.boolean().optional().catch(undefined) }),
    component: lazyRouteComponent(() => import('@/items/list-page'), 'ItemsPage'),
  }),
  createRoute({ getParentRoute, path: '/items/$id', component: lazyRouteComponent(() => import('@/items/detail-page'), 'ItemPage') }),
  createRoute({
    getParentRoute,
    path: '/financials/purchase-orders',
    validateSearch: documents,
    component: lazyRouteComponent(() => import('@/purchasing/list-page'), 'PurchaseOrdersPage'),
  }),
  createRoute({ getParentRoute, path: '/financials/purchase-orders/new', component: lazyRouteComponent(() => import('@/purchasing/create-page'), 'CreatePurchaseOrderPage') }),
  createRoute({ getParentRoute, path: '/financials/purchase-orders/$id', component: lazyRouteComponent(() => import('@/purchasing/detail-page'), 'PurchaseOrderPage') }),
  createRoute({
    getParentRoute,
    path: '/clients',
    validateSearch: list.extend({
      kind: z.enum(['customer', 'supplier']).optional().catch(undefined), status: text, sort: z.enum(['created_at', 'total_hours']).optional().catch(undefined), deleted: z.boolean().optional().catch(undefined),
    }),
    component: lazyRouteComponent(() => import('@/clients/page'), 'ClientsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/clients/$id',
    validateSearch: z.object({ tab: z.enum(['unbilled', 'sales', 'purchases', 'rates']).optional().catch(undefined), reason: text }),
    component: lazyRouteComponent(() => import('@/clients/detail-page'), 'ClientPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/projects',
    validateSearch: list.extend({
      status: text, client: text, view: z.enum(['list', 'archive']).optional().catch(undefined), deleted: z.boolean().optional().catch(undefined), new: z.boolean().optional().catch(undefined),
    }),
    component: lazyRouteComponent(() => import('@/projects/page'), 'ProjectsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/projects/$id',
    validateSearch: z.object({ tab: z.enum(['files', 'photos', 'safety', 'unbilled', 'sales', 'purchases']).optional().catch(undefined), search: text, type: text, tag: text, file: text }),
    component: lazyRouteComponent(() => import('@/projects/detail-page'), 'ProjectPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/files',
    validateSearch: z.object({
      search: text, type: z.enum(['image', 'pdf', 'document']).optional().catch(undefined), tag: text, project: text, center: text,
      part: z.enum(['all', 'logos']).optional().catch(undefined), tab: z.enum(['photos']).optional().catch(undefined), file: text,
    }),
    component: lazyRouteComponent(() => import('@/files/page'), 'FilesPage'),
  }),
  createRoute({ getParentRoute, path: '/activity-types', component: lazyRouteComponent(() => import('@/activities/page'), 'ActivityTypesPage') }),
  createRoute({
    getParentRoute,
    path: '/cost-centers',
    validateSearch: z.object({ unused: z.boolean().optional().catch(undefined) }),
    component: lazyRouteComponent(() => import('@/costcenters/page'), 'CostCentersPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/cost-centers/$id',
    validateSearch: z.object({ tab: z.enum(['files', 'purchases']).optional().catch(undefined), search: text, type: text, tag: text, file: text }),
    component: lazyRouteComponent(() => import('@/costcenters/detail-page'), 'CostCenterPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/reports/cost-centers',
    validateSearch: z.object({ from: day, to: day, project: text, weeks: z.number().int().min(1).max(104).optional().catch(undefined), unused: z.boolean().optional().catch(undefined) }),
    component: lazyRouteComponent(() => import('@/costcenters/report-page'), 'CostCenterReportPage'),
  }),
  // The addresses that Xero shows beside a document.
  createRoute({
    getParentRoute,
    path: '/invoices/$id',
    component: function InvoiceFromXero() {
      return <Navigate to="/financials/invoices/$id" params={{ id: useParams({ from: '/invoices/$id' }).id }} replace />
    },
  }),
  createRoute({
    getParentRoute,
    path: '/purchase-orders/$id',
    component: function PurchaseOrderFromXero() {
      return <Navigate to="/financials/purchase-orders/$id" params={{ id: useParams({ from: '/purchase-orders/$id' }).id }} replace />
    },
  }),
  createRoute({
    getParentRoute,
    path: '/settings',
    // How connecting ended, when Xero leads back here.
    validateSearch: z.object({ part: z.enum(['company', 'documents', 'work', 'mail', 'files']).optional().catch(undefined), xero_connected: z.boolean().optional().catch(undefined), xero_error: text, xero_error_msg: text, google_drive_connected: z.boolean().optional().catch(undefined), google_drive_error: text }),
    component: lazyRouteComponent(() => import('@/settings/company-page'), 'CompanySettingsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/settings/xero',
    validateSearch: z.object({ connected: z.boolean().optional().catch(undefined), error: text }),
    component: lazyRouteComponent(() => import('@/settings/xero-page'), 'XeroSettingsPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/settings/queue',
    validateSearch: list.extend({
      phase: z.enum(['queued', 'sending', 'checking', 'waiting', 'failed']).optional().catch(undefined),
      kind: z.enum(['invoice', 'purchase_order', 'client']).optional().catch(undefined),
    }),
    component: lazyRouteComponent(() => import('@/settings/queue-page'), 'QueuePage'),
  }),
  createRoute({
    getParentRoute,
    path: '/audit-log',
    validateSearch: z.object({ search: text, person: text, action: text, kind: text, from: day, to: day }),
    component: lazyRouteComponent(() => import('@/audit/page'), 'AuditPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/bin',
    validateSearch: z.object({ search: text, kind: z.enum(recordKinds).optional().catch(undefined) }),
    component: lazyRouteComponent(() => import('@/bin/page'), 'BinPage'),
  }),
  createRoute({
    getParentRoute,
    path: '/import',
    validateSearch: z.object({ kind: z.enum(['clients', 'projects', 'timesheets']).optional().catch(undefined) }),
    component: lazyRouteComponent(() => import('@/importing/page'), 'ImportPage'),
  }),
  createRoute({ getParentRoute, path: '/help', component: lazyRouteComponent(() => import('@/help/page'), 'HelpPage') }),
  createRoute({
    getParentRoute,
    path: '/people',
    validateSearch: z.object({ search: text, role: z.enum(['admin', 'manager', 'user']).optional().catch(undefined), state: z.enum(['active', 'invited', 'inactive']).optional().catch(undefined) }),
    component: lazyRouteComponent(() => import('@/people/page'), 'PeoplePage'),
  }),
  createRoute({ getParentRoute, path: '/people/roles', component: lazyRouteComponent(() => import('@/people/roles-page'), 'RolesPage') }),
  createRoute({ getParentRoute, path: '/people/$id', component: lazyRouteComponent(() => import('@/people/person-page'), 'PersonPage') }),
  // Where links in mails and in the program's log lead; open to anybody.
  createRoute({ getParentRoute, path: '/setup', validateSearch: link, component: lazyRouteComponent(() => import('@/shell/account-pages'), 'SetupPage') }),
  createRoute({ getParentRoute, path: '/accept-invitation', validateSearch: link, component: lazyRouteComponent(() => import('@/shell/account-pages'), 'AcceptInvitationPage') }),
  createRoute({ getParentRoute, path: '/forgot-password', validateSearch: link, component: lazyRouteComponent(() => import('@/shell/account-pages'), 'ForgotPasswordPage') }),
  createRoute({ getParentRoute, path: '/profile', component: lazyRouteComponent(() => import('@/people/profile-page'), 'ProfilePage') }),
] as const

export const router = createRouter({
  routeTree: root.addChildren(routes),
  defaultPreload: 'intent',
  scrollRestoration: true,
})

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router
  }
}
