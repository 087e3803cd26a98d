import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { after, before, test } from 'node:test'
import { signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

const receipt = [
  'COPPERLINE CABLE', 'GST No: 086-123-457', 'TAX INVOICE', 'Receipt: 0042-118823', 'DATE', '', 'CABLE TIES BLACK         9.50', 'PVC CONDUIT 20MM        18.40', '',
  'TOTAL                  $27.90', 'GST INCLUDED            $3.64', 'EFTPOS                 $27.90',
]

/** A receipt of today, as a photo would be: drawn by the browser. */
function photographed(page) {
  return page.evaluate((lines) => {
    const day = new Date().toLocaleDateString('en-NZ', { day: '2-digit', month: '2-digit', year: 'numeric' })
    const canvas = document.createElement('canvas')
    canvas.width = 900
    canvas.height = 60 + lines.length * 44
    const context = canvas.getContext('2d')
    context.fillStyle = '#f6f4ee'
    context.fillRect(0, 0, canvas.width, canvas.height)
    context.fillStyle = '#1c1c1c'
    context.font = '30px "Liberation Mono", monospace'
    lines.forEach((line, i) => context.fillText(line.replace('DATE', `${day} 10:32 AM`), 40, 60 + i * 44))
    return canvas.toDataURL('image/jpeg', 0.85).split(',')[1]
  }, receipt)
}

const canRead = spawnSync('tesseract', ['--version']).status === 0

test('a receipt is uploaded, read, put right, and made into an expense that has it', async () => {
  assert.ok(canRead, 'tesseract-ocr is needed: scripts/ensure-tools installs it')
  const page = await signIn(firm, 'tech')
  await page.goto(`${firm.app}/document-scan`)
  const photo = Buffer.from(await photographed(page), 'base64')
  await page.getByLabel('Documents to upload').setInputFiles({ name: 'till.jpg', mimeType: 'image/jpeg', buffer: photo })
  await page.getByText('The document is kept and will be read.').first().waitFor()
  const row = page.getByRole('list', { name: 'Receipts' }).getByRole('listitem').or(page.getByRole('row')).filter({ hasText: '0042-118823' })
  await row.first().waitFor({ timeout: 60_000 })
  await row.first().getByRole('link').first().click()

  await page.getByRole('heading', { name: 'What it says' }).waitFor()
  assert.equal(await page.getByLabel('Total, with tax').inputValue(), '27.90')
  assert.equal(await page.getByLabel('GST in it').inputValue(), '3.64')
  assert.equal(await page.getByLabel('Number', { exact: true }).inputValue(), '0042-118823')
  await page.getByText(/Read clearly \(\d+ %\)/).first().waitFor()
  await page.getByText('The text as it was read').click()
  await page.locator('mark', { hasText: '27.90' }).first().waitFor()

  await page.getByLabel('Name on the document').fill('Copperline, Petone')
  await page.getByRole('button', { name: 'Make an expense' }).click()
  const form = page.getByRole('dialog')
  await form.getByText('will be attached.').waitFor()
  assert.equal(await form.getByLabel('What for').inputValue(), 'Copperline, Petone 0042-118823')
  assert.equal(await form.getByLabel('Paid, with tax').inputValue(), '27.90')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.waitFor({ state: 'detached' })

  await page.goto(`${firm.app}/document-scan`)
  await row.first().getByText('Expense', { exact: true }).waitFor()
  await row.first().getByRole('link').first().click()
  await page.getByRole('link', { name: 'Open the expense' }).click()
  const files = page.getByRole('dialog')
  const link = files.getByRole('link', { name: 'till.jpg' })
  await link.waitFor()
  const opened = await page.request.get(firm.app + (await link.getAttribute('href')))
  assert.equal(opened.status(), 200)
  assert.equal(opened.headers()['content-type'], 'image/jpeg')
  assert.deepEqual(page.faults, [])
})

test('an invoice that names an order becomes the bill of it', async () => {
  const page = await signIn(firm, 'manager')
  await page.goto(`${firm.app}/document-scan`)
  await page.goto(`${firm.app}/document-scan?search=CW-20719`)
  const row = page.getByRole('list', { name: 'Receipts' }).getByRole('listitem').or(page.getByRole('row')).filter({ hasText: 'CW-20719' })
  await row.first().getByRole('link').first().click()
  await page.getByText(/It names the number PO-/).waitFor()
  await page.getByRole('button', { name: 'Bill this order' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Make the bill' }).click()
  await page.waitForURL(/\/financials\/bills\//)
  await page.getByRole('heading', { name: 'CW-20719' }).waitFor()
  await page.getByRole('link', { name: 'CW-20719.png' }).waitFor()

  // Attached by hand, taken off, and back.
  await page.getByLabel('Files to attach').setInputFiles({ name: 'delivery.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(await photographed(page), 'base64') })
  await page.getByRole('link', { name: 'delivery.jpg' }).waitFor()
  await page.getByRole('button', { name: 'Take off delivery.jpg' }).click()
  await page.getByRole('link', { name: 'delivery.jpg' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('link', { name: 'delivery.jpg' }).waitFor()
  assert.deepEqual(page.faults, [])
})

test('a scan is deleted and comes back', async () => {
  const page = await signIn(firm, 'manager')
  await page.goto(`${firm.app}/document-scan?search=fuel`)
  const row = page.getByRole('list', { name: 'Receipts' }).getByRole('listitem').or(page.getByRole('row')).filter({ hasText: /fuel/i })
  await row.first().getByRole('link').first().click()
  await page.getByText(/Check it|Unsure/).first().waitFor()
  await page.getByRole('button', { name: /More actions/ }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByText(/is in the bin/).first().waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByText('Document scan restored').first().waitFor()
  assert.deepEqual(page.faults, [])
})
