import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessibilityFaults, phone, signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

/** Signs in the box with the finger or the mouse. */
async function sign(page) {
  const pad = page.getByRole('img', { name: /^Signature: sign here/ })
  await pad.scrollIntoViewIfNeeded()
  const box = await pad.boundingBox()
  await page.mouse.move(box.x + 30, box.y + box.height * 0.7)
  await page.mouse.down()
  for (let n = 1; n <= 30; n++) await page.mouse.move(box.x + 30 + (n * (box.width - 60)) / 30, box.y + box.height * (0.5 + 0.3 * Math.sin(n / 2)))
  await page.mouse.up()
  await page.getByRole('img', { name: 'Signature: signed' }).waitFor()
}

test('nothing is invoiced before the certificate: a technician writes it on the phone and signs it, the office approves it', async () => {
  const office = await signIn(firm, 'manager')
  const get = async (path) => (await office.request.get(`${firm.app}/api/${path}`)).json()
  const project = (await get('projects?search=chiller')).data[0]
  await office.goto(`${firm.app}/projects/${project.id}`)
  await office.getByRole('button', { name: 'Edit' }).click()
  const form = office.getByRole('dialog')
  await form.getByLabel('Certificate before invoicing').selectOption('electrical_compliance')
  await form.getByRole('button', { name: 'Save' }).click()
  await form.waitFor({ state: 'detached' })
  await office.getByText('CoC before invoicing').waitFor()
  await office.getByRole('link', { name: 'Unbilled', exact: true }).last().click()
  await office.getByText('No certificate').first().waitFor()

  // The invoice says why it cannot be made, before anybody tries.
  await office.getByRole('link', { name: 'Create invoice' }).first().click()
  await office.getByText(/needs an approved CoC before its work is invoiced/).first().waitFor()

  const tech = await signIn(firm, 'tech', phone)
  await tech.goto(`${firm.app}/safety-documents/new?project_id=${project.id}&document_type=electrical_compliance`)
  await tech.getByLabel('Title').fill('Compressor drive 3')
  await tech.getByRole('button', { name: 'Complete' }).click()
  // Everything that is missing is said at once, and beside its field.
  await tech.getByText(/things are missing or wrong/).waitFor()
  await tech.getByText('Say where the work was done: a certificate is about one place').nth(1).waitFor()
  await tech.getByLabel('Location').fill('33 Link Drive, Wairau Valley, Tāmaki Makaurau')
  await tech.getByLabel('Description of the work').fill('New isolator and supply for compressor drive 3')
  await tech.getByLabel('What was installed is safe to connect to a power supply').check()
  for (const result of ['0.21 Ω', '> 200 MΩ', 'Correct', 'Correct', '0.7 Ω']) {
    await tech.getByLabel('Result').and(tech.locator('[value=""]')).first().fill(result)
  }
  await tech.getByRole('button', { name: 'Remove test 6' }).click()
  await tech.getByLabel('Registration or licence number').fill('E 284113')
  await tech.getByLabel('Contact').fill('021 555 0134')
  assert.deepEqual(await accessibilityFaults(tech), [])

  // What was typed outlives the page.
  await tech.waitForTimeout(700)
  await tech.reload()
  await tech.getByText('What you typed is still here').waitFor()
  assert.equal(await tech.getByLabel('Location').inputValue(), '33 Link Drive, Wairau Valley, Tāmaki Makaurau')
  await sign(tech)
  await tech.getByRole('button', { name: 'Complete' }).click()
  await tech.getByRole('heading', { name: /^COC-\d+$/ }).waitFor()
  const number = await tech.getByRole('heading', { level: 1 }).innerText()
  await tech.getByText('It waits for approval').waitFor()
  await tech.getByRole('img', { name: 'Signature of Sam Fielding' }).waitFor()
  assert.deepEqual(await accessibilityFaults(tech), [])
  assert.equal(await tech.getByRole('button', { name: 'Approve' }).count(), 0)

  await office.goto(`${firm.app}/safety-documents?status=completed`)
  await office.getByRole('row').filter({ hasText: number }).getByRole('link').first().click()
  await office.getByRole('button', { name: 'Approve' }).click()
  await office.getByText('Approved', { exact: true }).first().waitFor()
  const link = office.getByRole('link', { name: 'PDF', exact: true }).first()
  const pdf = await office.request.get(firm.app + (await link.getAttribute('href')))
  assert.equal(pdf.headers()['content-type'], 'application/pdf')
  assert.equal((await pdf.body()).subarray(0, 5).toString(), '%PDF-')
  await office.getByRole('list', { name: 'Revisions, newest first' }).getByRole('listitem').nth(1).waitFor()

  // It stands among the project's files and in its tab, and the work can be invoiced.
  await office.goto(`${firm.app}/projects/${project.id}?tab=safety`)
  await office.getByText(number).waitFor()
  assert.ok((await get(`files?project_id=${project.id}`)).some((file) => file.file_name === `${number}.pdf`))
  await office.goto(`${firm.app}/unbilled/invoice?client=${project.client_id}&project=${project.id}`)
  await office.getByRole('button', { name: 'Create invoice' }).and(office.locator(':enabled')).click()
  await office.waitForURL(`${firm.app}/unbilled`)

  // An approved one is changed by a new revision only, and what was issued stays.
  await office.goto(`${firm.app}/safety-documents?search=${number}`)
  await office.getByRole('row').filter({ hasText: number }).getByRole('link').first().click()
  await office.getByRole('button', { name: /More actions/ }).click()
  await office.getByRole('menuitem', { name: 'Reopen as a new revision' }).click()
  await office.getByLabel('Why').fill('The isolator has another rating')
  await office.getByRole('dialog').getByRole('button', { name: 'Reopen' }).click()
  await office.getByRole('heading', { name: `Edit ${number}` }).waitFor()
  await office.goBack()
  await office.getByText('The isolator has another rating').waitFor()
  const history = office.getByRole('list', { name: 'Revisions, newest first' }).getByRole('link')
  for (const one of await history.all()) assert.equal((await office.request.get(firm.app + (await one.getAttribute('href')))).status(), 200)
  assert.equal(await history.count(), 2)
  assert.deepEqual([...office.faults, ...tech.faults], [])
})

test('a crew signs the analysis of its job, on one phone', async () => {
  const page = await signIn(firm, 'tech', phone)
  await page.goto(`${firm.app}/safety-documents`)
  await page.getByRole('link', { name: 'New safety document' }).first().click()
  await page.getByLabel('Project').fill('smoke')
  await page.getByRole('option', { name: /Smoke alarm/ }).click()
  await page.getByLabel('Title').fill('Alarms in 42 homes')
  await page.getByLabel('What is done', { exact: true }).fill('Fit interconnected alarms')
  await page.getByLabel('Where').fill('Pōneke')
  await page.getByRole('button', { name: 'Add hazard' }).click()
  await page.getByRole('button', { name: 'Remove hazard 4' }).click()
  await page.getByRole('button', { name: 'Save draft' }).click()
  await page.getByRole('button', { name: 'Sign as one of the crew' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByLabel('Name').fill('Priya Nair')
  await sign(page)
  await dialog.getByRole('button', { name: 'Sign', exact: true }).click()
  await page.getByRole('img', { name: 'Signature of Priya Nair' }).waitFor()
  await page.getByRole('button', { name: 'Edit or complete' }).click()
  await sign(page)
  await page.getByRole('button', { name: 'Complete' }).click()
  await page.getByRole('heading', { name: /^JSA-\d+$/ }).waitFor()
  await page.getByRole('img', { name: 'Signature of Priya Nair' }).waitFor()
  await page.getByRole('img', { name: 'Signature of Sam Fielding' }).waitFor()
  assert.deepEqual(page.faults, [])
})
