import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { desktop, phone, signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

for (const [deviceName, device] of Object.entries({ desktop, phone })) {
  test(`an admin sees the jobs on the engine's own pages: ${deviceName}`, async () => {
    const page = await signIn(firm, 'admin', device)
    // The app's worker must not take these pages for its own.
    await page.evaluate(() => navigator.serviceWorker.ready)
    await page.goto(`${firm.app}/admin/queue/jobs?state=completed`)
    await page.getByText('sync_invoice_from_timesheets').first().waitFor()
    await page.goto(`${firm.app}/admin/queue/queues`)
    await page.getByText('xero-sync').first().waitFor()
    // A change that the page itself asks for is let in.
    const changed = page.waitForResponse((response) => response.request().method() === 'PUT')
    await page.locator('tr', { hasText: 'mail' }).getByTitle('Pause', { exact: true }).click()
    assert.equal((await changed).status(), 200)
    const resumed = page.waitForResponse((response) => response.request().method() === 'PUT')
    await page.locator('tr', { hasText: 'mail' }).getByTitle('Resume', { exact: true }).click()
    assert.equal((await resumed).status(), 200)
    assert.deepEqual(page.faults, [])
  })
}

test('nobody else sees them', async () => {
  const page = await signIn(firm, 'manager')
  const refused = await page.goto(`${firm.app}/admin/queue/`)
  assert.equal(refused.status(), 403)
  const stranger = await (await firm.browser.newContext(desktop)).newPage()
  assert.equal((await stranger.goto(`${firm.app}/admin/queue/`)).status(), 401)
})
