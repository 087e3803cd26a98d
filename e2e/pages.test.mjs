import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessibilityFaults, desktop, phone, signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

const pages = [
  '/financials', '/financials/invoices/new', '/financials/quotes', '/financials/quotes/new', '/financials/payments', '/financials/credit-notes', '/financials/bills',
  '/financials/bills/new', '/financials/bank', '/financials/reminders', '/financials/taken-over', '/expenses', '/items',
  '/timesheets', '/timesheets?new=true', '/timesheets?person=all', '/unbilled', '/financials/invoices', '/financials/purchase-orders',
  '/financials/purchase-orders/new', '/projects', '/clients', '/activity-types', '/cost-centers', '/settings', '/settings?part=documents', '/settings?part=work', '/settings?part=mail', '/settings/xero',
  '/people', '/people/roles', '/audit-log', '/bin', '/import', '/help', '/profile', '/no-such-page',
  '/dashboard', '/timesheets?view=team', '/timesheets?view=month', '/timesheets?view=list', '/projects?view=list', '/projects?view=archive', '/reports/cost-centers',
]

for (const [name, device] of Object.entries({ desktop, phone })) {
  for (const colorScheme of ['light', 'dark']) {
    test(`every page can be used by everybody: ${name}, ${colorScheme}`, async () => {
      const page = await signIn(firm, 'admin', device, { colorScheme })
      const invoices = await (await page.request.get(`${firm.app}/api/xero/invoices?limit=1`)).json()
      const { clients } = await (await page.request.get(`${firm.app}/api/xero/unbilled`)).json()
      const all = [...pages, `/unbilled/invoice?client=${clients[0].client_id}`, ...invoices.map((invoice) => `/financials/invoices/${invoice.id}`)]
      // The newest of each kind, too.
      for (const [api, path] of [['quotes', '/financials/quotes'], ['credit-notes', '/financials/credit-notes'], ['bills', '/financials/bills'], ['items', '/items'], ['purchase-orders', '/financials/purchase-orders']]) {
        const [row] = await (await page.request.get(`${firm.app}/api/xero/${api}?limit=1`)).json()
        all.push(`${path}/${row.id}`)
      }
      for (const path of ['projects', 'clients', 'cost-centers', 'timesheets']) {
        const answer = await (await page.request.get(`${firm.app}/api/${path}?limit=1`)).json()
        all.push(`/${path}/${(answer.data ?? answer)[0].id}`)
      }
      all.push(`/clients/${clients[0].client_id}?tab=unbilled`, `/clients/${clients[0].client_id}?tab=rates`)
      const faults = []
      for (const path of all) {
        await page.goto(firm.app + path)
        await page.locator('h1').first().waitFor()
        await page.waitForFunction(() => !document.querySelector('.animate-pulse'))
        for (const fault of await accessibilityFaults(page)) faults.push(`${path}: ${fault}`)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        if (wide > 0) faults.push(`${path}: the page is ${wide} pixels wider than the screen`)
      }
      assert.deepEqual(faults, [])
      assert.deepEqual(page.faults, [])
    })
  }
}

test('the sign-in page can be used by everybody', async () => {
  const page = await (await firm.browser.newContext(phone)).newPage()
  await page.goto(`${firm.app}/sign-in`)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  assert.deepEqual(await accessibilityFaults(page), [])
})

test('what a finger has to hit is large enough', async () => {
  const page = await signIn(firm, 'tech', phone)
  await page.goto(`${firm.app}/timesheets?new=true`)
  await page.getByRole('dialog').waitFor()
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('dialog button, dialog input:not(.sr-only), dialog select, dialog label:has(input[type=file]), nav[aria-label=Main] a')]
      .filter((element) => element.checkVisibility())
      .map((element) => ({ text: element.getAttribute('aria-label') ?? element.textContent, box: element.getBoundingClientRect() }))
      .filter(({ box }) => Math.round(box.height) < 44 || Math.round(box.width) < 44)
      .map(({ text, box }) => `${text} ${box.width}×${box.height}`),
  )
  assert.deepEqual(small, [])
})

test('the other theme can be chosen and is kept', async () => {
  const page = await signIn(firm, 'manager', desktop, { colorScheme: 'light' })
  await page.getByRole('button', { name: /your menu/i }).first().click()
  await page.getByRole('menuitem', { name: 'Theme: dark' }).click()
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
  await page.reload()
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
})
