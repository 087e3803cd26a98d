import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { signIn, simulator, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

const inXero = async (number) => (await simulator(firm, 'GET', 'documents/Invoices')).filter((one) => one.InvoiceNumber === number)

/** Goes to the preview of a client's unbilled work and creates the invoice; answers its number. */
async function createInvoice(page, client) {
  await page.goto(`${firm.app}/unbilled`)
  await page.getByRole('link', { name: `Create invoice for ${client}` }).click()
  await page.getByRole('heading', { name: `Invoice for ${client}` }).waitFor()
  const create = page.getByRole('button', { name: 'Create invoice' })
  const number = page.getByLabel('Number')
  await page.waitForFunction((input) => input.placeholder !== '', await number.elementHandle())
  const willBe = await number.getAttribute('placeholder')
  await create.click()
  await page.waitForURL(`${firm.app}/unbilled`)
  return willBe
}

test('unbilled work becomes an invoice that is Syncing… at once and Synced soon, exactly once in Xero', async () => {
  const page = await signIn(firm, 'manager')
  // Slow enough to be seen on a busy machine.
  await simulator(firm, 'POST', 'limits', { latency_ms: 8_000 })
  const number = await createInvoice(page, 'Harbour View Body Corporate')
  const sent = page.getByRole('region', { name: 'Just sent' })
  await sent.getByText(number).waitFor()
  await sent.getByText('Syncing…').waitFor()
  await simulator(firm, 'POST', 'limits', { latency_ms: 0 })
  await sent.getByText('Synced', { exact: true }).waitFor({ timeout: 60_000 })

  await sent.getByText(number).click()
  await page.getByRole('heading', { name: number }).waitFor()
  await page.getByText('Confirmed by Xero').waitFor()
  const documents = await inXero(number)
  assert.equal(documents.length, 1)
  await page.getByText(documents[0].InvoiceID).first().waitFor()
  await page.getByText('Request', { exact: true }).first().click()
  await page.getByLabel('Request as JSON').first().getByText('LineItems').first().waitFor()
  assert.deepEqual(page.faults, [])
})

test('descriptions, extra lines and left-out entries are on the invoice as the preview showed them', async () => {
  const page = await signIn(firm, 'manager')
  await page.goto(`${firm.app}/unbilled`)
  await page.getByRole('link', { name: 'Create invoice for Ōtaki Dairy Co-operative' }).click()
  await page.getByLabel('Description of line 1').fill('Work on the vat room')
  await page.getByRole('button', { name: 'Add material or other line' }).click()
  await page.getByLabel('Description of extra line 1').fill('Cable tray, 3 m')
  await page.getByLabel('Quantity of extra line 1').fill('4')
  await page.getByLabel('Unit price of extra line 1').fill('38.75')
  await page.getByText('Entries on this invoice').click()
  await page.getByRole('checkbox').first().uncheck()
  await page.getByLabel('Reference').fill('4700-99')
  const create = page.getByRole('button', { name: 'Create invoice' })
  await page.waitForFunction((button) => !button.disabled, await create.elementHandle())
  const total = await page.locator('dt:has-text("Total") + dd').innerText()
  const number = await page.getByLabel('Number').getAttribute('placeholder')
  await create.click()
  await page.waitForURL(`${firm.app}/unbilled`)
  await page.getByRole('region', { name: 'Just sent' }).getByText('Synced', { exact: true }).first().waitFor({ timeout: 30_000 })
  const [document] = await inXero(number)
  assert.equal(document.Reference, '4700-99')
  assert.ok(document.LineItems.some((line) => line.Description === 'Cable tray, 3 m' && Number(line.LineAmount) === 155))
  assert.ok(document.LineItems.some((line) => line.Description === 'Work on the vat room'))
  assert.equal(`$${Number(document.Total).toLocaleString('en-NZ', { minimumFractionDigits: 2 })}`, total)
})

test('a refusal is shown with its reason and its calls, is mended, retried and Synced', async () => {
  const page = await signIn(firm, 'admin')
  const client = 'Mount Eden Physiotherapy'
  const [contact] = (await simulator(firm, 'GET', 'documents/Contacts')).filter((one) => one.Name === client)
  await simulator(firm, 'POST', 'edit', { endpoint: 'Contacts', id: contact.ContactID, set: { ContactStatus: 'ARCHIVED' } })
  const number = await createInvoice(page, client)
  await page.getByRole('link', { name: 'Financials' }).first().click()
  const row = page.getByRole('list', { name: 'Invoices' }).getByRole('listitem').filter({ hasText: number })
  await row.getByText('Sync Failed').waitFor({ timeout: 30_000 })

  await row.getByRole('button', { name: 'View Error Details' }).click()
  const details = page.getByRole('dialog')
  await details.getByText(/archived/i).first().waitFor()
  await details.getByText('Calls to Xero, newest first').waitFor()
  await page.keyboard.press('Escape')

  await simulator(firm, 'POST', 'edit', { endpoint: 'Contacts', id: contact.ContactID, set: { ContactStatus: 'ACTIVE' } })
  await row.getByRole('button', { name: 'Retry', exact: true }).click()
  await row.getByText('Synced', { exact: true }).waitFor({ timeout: 30_000 })
  assert.equal((await inXero(number)).length, 1)
  assert.deepEqual(page.faults, [])
})

test('several clients are invoiced at once, with one result each', async () => {
  const page = await signIn(firm, 'manager')
  await page.goto(`${firm.app}/unbilled`)
  const boxes = page.getByRole('checkbox', { name: /^Choose (?!all)/ })
  await boxes.first().waitFor()
  const count = Math.min(2, await boxes.count())
  assert.equal(count, 2, 'the demonstration has at least two clients with unbilled work left')
  for (let i = 0; i < count; i++) await boxes.nth(i).check()
  await page.getByRole('button', { name: /^Create 2 invoices/ }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Create invoices' }).click()
  await dialog.getByText('2 of 2 done').waitFor()
  assert.equal(await dialog.getByRole('link').count(), 2)
  await dialog.getByRole('button', { name: 'Done' }).click()
  const sent = page.getByRole('region', { name: 'Just sent' })
  await sent.getByText('Synced', { exact: true }).nth(1).waitFor({ timeout: 30_000 })
})

test('work that somebody else has billed in the meantime is not billed again', async () => {
  const page = await signIn(firm, 'manager')
  const other = await signIn(firm, 'admin')
  const unbilled = await (await page.request.get(`${firm.app}/api/xero/unbilled`)).json()
  const client = unbilled.clients[0]
  await page.goto(`${firm.app}/unbilled/invoice?client=${client.client_id}`)
  const create = page.getByRole('button', { name: 'Create invoice' })
  await page.waitForFunction((button) => !button.disabled, await create.elementHandle())
  await createInvoice(other, client.client_name)
  await create.click()
  await page.getByText(/The work has changed since you looked|No unbilled timesheets/).first().waitFor()
})

test('a voided invoice leaves Xero and frees its hours', async () => {
  const page = await signIn(firm, 'manager')
  await page.goto(`${firm.app}/financials/invoices?sync=synced`)
  const link = page.locator('[data-row-link]').first()
  const number = await link.innerText()
  await link.click()
  await page.getByRole('heading', { name: number }).waitFor()
  const id = page.url().split('/').at(-1)
  const { timesheets } = await (await page.request.get(`${firm.app}/api/xero/invoices/${id}`)).json()
  assert.equal(timesheets[0].billing_status, 'billed')
  await page.getByRole('button', { name: 'Void' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Void invoice' }).click()
  await page.waitForURL(`${firm.app}/financials/invoices`)
  await page.getByRole('list', { name: 'Invoices' }).getByText(number, { exact: true }).waitFor({ state: 'detached', timeout: 30_000 })
  const entry = await (await page.request.get(`${firm.app}/api/timesheets/${timesheets[0].id}`)).json()
  assert.equal(entry.billing_status, 'unbilled')
  assert.deepEqual([...new Set((await inXero(number)).map((one) => one.Status))], ['DELETED'])
})

test('the list is narrowed by the URL and moved through with keys', async () => {
  const page = await signIn(firm, 'manager')
  await page.goto(`${firm.app}/financials/invoices?sync=failed`)
  assert.equal(await page.getByLabel('Sync', { exact: true }).inputValue(), 'failed')
  await page.getByLabel('Sync', { exact: true }).selectOption('')
  await page.waitForURL(`${firm.app}/financials/invoices`)
  await page.locator('[data-row-link]').nth(1).waitFor()
  await page.keyboard.press('j')
  await page.keyboard.press('j')
  const second = await page.locator('[data-row-link]').nth(1).innerText()
  assert.equal(await page.evaluate(() => document.activeElement.textContent), second)
  await page.keyboard.press('/')
  await page.keyboard.type(second)
  await page.waitForURL(/search=/)
  await page.waitForFunction(() => document.querySelectorAll('[data-row-link]').length === 1)
})
