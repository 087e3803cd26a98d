import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { signIn, simulator, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

test('a purchase order is created, goes to Xero, is changed, and goes again', async () => {
  const page = await signIn(firm, 'manager')
  await page.goto(`${firm.app}/financials/purchase-orders`)
  await page.getByRole('link', { name: 'New purchase order' }).first().click()
  const create = page.getByRole('button', { name: 'Create purchase order' })
  await create.click()
  await page.getByText('Choose a supplier').waitFor()

  await page.getByLabel('Supplier').fill('copper')
  await page.getByRole('option', { name: /Copperline/ }).click()
  await page.getByLabel('Project').fill('smoke')
  await page.getByRole('option', { name: /Smoke alarm/ }).click()
  await page.getByRole('textbox', { name: 'Line 1' }).fill('Smoke alarm, interconnected')
  await page.getByLabel('Quantity').fill('12')
  await page.getByLabel('Price each').fill('61.25')
  await page.getByText('$735.00').last().waitFor()
  await page.getByLabel('Delivery instructions').fill('Leave at the gate')
  await create.click()
  await page.waitForURL(`${firm.app}/financials/purchase-orders`)
  // The list may show for a moment what it showed before.
  const row = page.getByRole('list', { name: 'Purchase orders' }).getByRole('listitem').filter({ hasText: 'Copperline' }).filter({ hasText: '$845.25' })
  await row.getByText('Synced', { exact: true }).waitFor({ timeout: 30_000 })
  const number = await row.getByRole('link').innerText()

  await row.getByRole('link').click()
  await page.getByRole('button', { name: 'Edit' }).click()
  const edit = page.getByRole('dialog')
  await edit.getByLabel('Quantity').fill('14')
  await edit.getByRole('button', { name: 'Save and send' }).click()
  await edit.waitFor({ state: 'detached' })
  await page.getByText('Synced', { exact: true }).waitFor({ timeout: 30_000 })
  await page.waitForFunction(() => document.body.innerText.includes('14 × $61.25'))
  const orders = (await simulator(firm, 'GET', 'documents/PurchaseOrders')).filter((one) => one.PurchaseOrderNumber === number)
  assert.equal(orders.length, 1)
  assert.equal(Number(orders[0].LineItems[0].Quantity), 14)
  assert.deepEqual(page.faults, [])
})

test('sending can be paused and resumed', async () => {
  const page = await signIn(firm, 'admin')
  await page.goto(`${firm.app}/financials/invoices`)
  await page.getByRole('button', { name: 'Pause sending' }).click()
  await page.getByText(/Sending to Xero is paused by/).waitFor()
  await page.getByRole('button', { name: 'Resume sending' }).first().click()
  await page.getByText(/Sending to Xero is paused by/).waitFor({ state: 'detached' })
})
