// Every page there is, by the name of its picture: used by the accessibility sweep and by the
// pictures of the documentation.

const fixed = {
  dashboard: '/dashboard',
  'timesheets-week': '/timesheets',
  'timesheets-entry': '/timesheets?new=true',
  'timesheets-everybody': '/timesheets?person=all',
  'timesheets-team': '/timesheets?view=team',
  'timesheets-month': '/timesheets?view=month',
  'timesheets-list': '/timesheets?view=list',
  'projects-board': '/projects',
  'projects-list': '/projects?view=list',
  'projects-archive': '/projects?view=archive',
  clients: '/clients',
  files: '/files',
  'files-all': '/files?part=all',
  'files-logos': '/files?part=logos',
  'activity-types': '/activity-types',
  'cost-centers': '/cost-centers',
  'cost-center-report': '/reports/cost-centers',
  unbilled: '/unbilled',
  money: '/financials',
  invoices: '/financials/invoices',
  'invoice-new': '/financials/invoices/new',
  quotes: '/financials/quotes',
  'quote-new': '/financials/quotes/new',
  'purchase-orders': '/financials/purchase-orders',
  'purchase-order-new': '/financials/purchase-orders/new',
  bills: '/financials/bills',
  'bill-new': '/financials/bills/new',
  payments: '/financials/payments',
  'credit-notes': '/financials/credit-notes',
  bank: '/financials/bank',
  reminders: '/financials/reminders',
  'taken-over': '/financials/taken-over',
  expenses: '/expenses',
  receipts: '/document-scan',
  'safety-documents': '/safety-documents',
  'safety-coc-new': '/safety-documents/new?document_type=electrical_compliance',
  'safety-esc-new': '/safety-documents/new?document_type=electrical_safety_certificate',
  'safety-jsa-new': '/safety-documents/new?document_type=jsa',
  items: '/items',
  settings: '/settings',
  'settings-documents': '/settings?part=documents',
  'settings-work': '/settings?part=work',
  'settings-mail': '/settings?part=mail',
  'settings-files': '/settings?part=files',
  'settings-xero': '/settings/xero',
  'settings-queue': '/settings/queue',
  people: '/people',
  roles: '/people/roles',
  'audit-log': '/audit-log',
  bin: '/bin',
  import: '/import',
  help: '/help',
  profile: '/profile',
  'no-such-page': '/no-such-page',
}

/** Every page with something on it, [name, path]; page is signed in as an admin. */
export async function everyPage(page, firm) {
  const get = async (path) => (await page.request.get(`${firm.app}/api/${path}`)).json()
  const all = Object.entries(fixed)
  const { clients } = await get('xero/unbilled')
  all.push(['invoice-from-timesheets', `/unbilled/invoice?client=${clients[0].client_id}`])
  const newest = {
    invoice: ['xero/invoices', '/financials/invoices'],
    quote: ['xero/quotes', '/financials/quotes'],
    'purchase-order': ['xero/purchase-orders', '/financials/purchase-orders'],
    bill: ['xero/bills', '/financials/bills'],
    receipt: ['document-scan', '/document-scan'],
    'credit-note': ['xero/credit-notes', '/financials/credit-notes'],
    item: ['xero/items', '/items'],
    project: ['projects', '/projects'],
    'cost-center': ['cost-centers', '/cost-centers'],
    timesheet: ['timesheets', '/timesheets'],
    person: ['users', '/people'],
  }
  for (const [name, [api, path]] of Object.entries(newest)) {
    const answer = await get(`${api}?limit=1`)
    all.push([name, `${path}/${(answer.data ?? answer)[0].id}`])
  }
  const client = `/clients/${clients[0].client_id}`
  all.push(['client', client], ['client-unbilled', `${client}?tab=unbilled`], ['client-rates', `${client}?tab=rates`], ['client-sales', `${client}?tab=sales`])
  const project = (await get('projects?search=switchboard')).data[0]
  for (const tab of ['files', 'photos', 'unbilled', 'sales', 'purchases']) all.push([`project-${tab}`, `/projects/${project.id}?tab=${tab}`])
  const safety = await get('safety-documents?limit=50')
  const coc = safety.find((one) => one.status === 'approved')
  all.push(['safety-coc', `/safety-documents/${coc.id}`], ['safety-jsa', `/safety-documents/${safety.find((one) => one.document_type === 'jsa').id}`])
  all.push(['safety-edit', `/safety-documents/${safety.find((one) => one.status === 'draft').id}/edit`], ['project-safety', `/projects/${coc.project_id}?tab=safety`])
  return all
}

/** Waits until a page shows what it has to show. */
export async function settled(page) {
  await page.locator('h1').first().waitFor()
  await page.waitForFunction(() => !document.querySelector('.animate-pulse, [aria-busy=true]'))
}
