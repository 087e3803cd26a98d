import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessibilityFaults, desktop, phone, signIn, simulator, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

/** Makes invoices of a client as the person of a page; answers their numbers. */
async function invoices(page, clientId, count) {
  const numbers = []
  for (let i = 0; i < count; i++) {
    const made = await page.request.post(`${firm.app}/api/xero/invoices`, { data: { client_id: clientId, line_items: [{ description: 'Heat pump', amount: 100 + i }] } })
    assert.equal(made.status(), 202, await made.text())
    numbers.push((await made.json()).invoice_number)
  }
  return numbers
}

/** A client of the demonstration, and how to archive it in Xero or take that back. */
async function clientOf(page, name) {
  const [contact] = (await simulator(firm, 'GET', 'documents/Contacts')).filter((one) => one.Name === name)
  const found = await (await page.request.get(`${firm.app}/api/clients?search=${encodeURIComponent(name)}`)).json()
  const archive = (ContactStatus) => simulator(firm, 'POST', 'edit', { endpoint: 'Contacts', id: contact.ContactID, set: { ContactStatus } })
  return { id: (found.data ?? found.clients)[0].id, archive }
}

for (const [deviceName, device] of Object.entries({ desktop: { ...desktop, colorScheme: 'light' }, phone: { ...phone, colorScheme: 'dark' } })) {
  test(`what failed is found, planned and sent again together: ${deviceName}`, async () => {
    const page = await signIn(firm, 'admin', device, { reducedMotion: 'reduce' })
    const client = await clientOf(page, 'Mount Eden Physiotherapy')
    await page.goto(`${firm.app}/settings/queue`)
    await page.getByText('Nothing is on its way').waitFor()
    assert.ok(await page.getByRole('button', { name: 'Retry all that match' }).isDisabled())

    await client.archive('ARCHIVED')
    const refused = await invoices(page, client.id, 3)
    const list = page.getByRole(deviceName === 'phone' ? 'list' : 'table', { name: 'Queue', exact: true })
    await list.getByText('Failed', { exact: true }).nth(2).waitFor({ timeout: 60_000 })
    await page.getByRole('button', { name: 'Pause sending' }).click()
    await page.getByRole('button', { name: 'Resume sending' }).first().waitFor()
    const [waits] = await invoices(page, client.id, 1)
    await list.getByText(waits).waitFor()
    await list.getByText(/Sending to Xero was paused by/).first().waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])

    // The filters stand in the address.
    if (deviceName === 'phone') await page.getByRole('button', { name: 'Filter' }).click()
    await page.getByLabel('State').selectOption('Failed')
    await page.waitForURL(/phase=failed/)
    await page.getByPlaceholder('Search error, number or client').fill('archived')
    await page.waitForURL(/search=archived/)
    await list.getByText(waits).waitFor({ state: 'detached' })
    await page.reload()
    for (const number of refused) await list.getByRole('link', { name: number }).waitFor()
    assert.equal(await list.getByText(waits).count(), 0)

    // A plan that no longer fits is refused, and looked at again.
    await page.getByRole('button', { name: 'Retry all that match' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('heading', { name: '3 documents will be sent again' }).waitFor()
    await dialog.getByText('3 invoices').waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await client.archive('ACTIVE')
    const rows = await (await page.request.get(`${firm.app}/api/xero/queue?q=${refused[0]}`)).json()
    assert.equal((await page.request.post(`${firm.app}/api/xero/invoices/${rows.data[0].entity_id}/retry-sync`, { data: {} })).status(), 202)
    await dialog.getByRole('button', { name: 'Send 3 documents again' }).click()
    await dialog.getByRole('alert').getByText(/has changed since you looked/).waitFor()
    await dialog.getByRole('button', { name: 'Look again' }).click()
    await dialog.getByRole('button', { name: 'Send 2 documents again' }).click()
    await dialog.getByText('2 documents on the way again.').waitFor()
    for (const number of refused.slice(1)) await dialog.getByRole('list', { name: 'Results' }).getByText(number).waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await dialog.getByRole('button', { name: 'Done' }).click()

    await page.getByText('No documents match').waitFor()
    await page.getByRole('button', { name: 'Clear the filters' }).click()
    for (const number of refused) await list.getByRole('link', { name: number }).waitFor()
    await page.getByRole('button', { name: 'Resume sending' }).first().click()
    await page.getByText('Nothing is on its way').waitFor({ timeout: 60_000 })
    const inXero = (await simulator(firm, 'GET', 'documents/Invoices')).map((one) => one.InvoiceNumber)
    for (const number of [...refused, waits]) assert.equal(inXero.filter((one) => one === number).length, 1, number)
    assert.deepEqual(page.faults, [])
  })

  test(`one document is sent again from its row, by keyboard: ${deviceName}`, async () => {
    const page = await signIn(firm, 'admin', device, { reducedMotion: 'reduce' })
    const client = await clientOf(page, 'Mount Eden Physiotherapy')
    await client.archive('ARCHIVED')
    const [number] = await invoices(page, client.id, 1)
    await page.goto(`${firm.app}/settings/queue`)
    await page.getByText('Failed', { exact: true }).filter({ visible: true }).last().waitFor({ timeout: 60_000 })
    await client.archive('ACTIVE')
    await page.getByRole('button', { name: `Actions for ${number}` }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Retry' }).waitFor()
    await page.keyboard.press('Enter')
    await page.getByRole('region', { name: 'Messages' }).getByText(`${number} is being sent again.`).waitFor()
    await page.getByText('Nothing is on its way').waitFor({ timeout: 60_000 })
    assert.deepEqual(page.faults, [])
  })

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
