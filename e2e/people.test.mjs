import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { desktop, phone, signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

for (const [deviceName, device] of Object.entries({ desktop, phone })) {
  test(`somebody is invited, chooses a password, is granted something, and is deactivated: ${deviceName}`, async () => {
    const page = await signIn(firm, 'admin', device)
    await page.goto(`${firm.app}/people`)
    await page.getByRole('button', { name: 'Invite', exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Name').fill(`Ana ${deviceName}`)
    await dialog.getByLabel('E-mail').fill(`ana-${deviceName}@demo.test`)
    await dialog.getByRole('button', { name: 'Invite' }).click()
    const link = await page.getByLabel('Link', { exact: true }).inputValue()
    await page.getByRole('button', { name: 'Done' }).click()

    const other = await (await firm.browser.newContext(device)).newPage()
    await other.goto(firm.app + new URL(link).pathname + new URL(link).search)
    await other.getByLabel('Password', { exact: true }).fill('a long password')
    await other.getByLabel('Password again').fill('a long password')
    await other.getByRole('button', { name: 'Start' }).click()
    await other.getByRole('heading', { name: 'Kia ora, Ana' }).waitFor()
    assert.equal(await other.getByRole('link', { name: 'Invoices' }).count(), 0)

    await page.reload()
    await page.getByRole('link', { name: `Ana ${deviceName}` }).click()
    await page.getByRole('checkbox', { name: /View Financials/ }).check()
    await page.getByText('Granted to this person').waitFor()
    await page.getByRole('button', { name: 'Save permissions' }).click()
    await page.getByText(/may do was saved/).last().waitFor()
    await other.reload()
    await other.getByRole('link', { name: 'Invoices', exact: true }).filter({ visible: true }).first().waitFor()

    await page.goto(`${firm.app}/people`)
    await page.getByRole('button', { name: `Actions for Ana ${deviceName}` }).click()
    await page.getByRole('menuitem', { name: 'Deactivate' }).click()
    await page.getByText(/may no longer sign in/).last().waitFor()
    await other.reload()
    await other.getByRole('heading', { name: 'Sign in' }).waitFor()
    assert.deepEqual(page.faults, [])
  })
}

test('a token is shown once and works until it is revoked', async () => {
  const page = await signIn(firm, 'admin')
  await page.goto(`${firm.app}/profile`)
  await page.getByRole('button', { name: 'New token' }).click()
  await page.getByLabel('Name', { exact: true }).last().fill('Stock system')
  await page.getByRole('checkbox', { name: 'View clients' }).check()
  await page.getByRole('button', { name: 'Create token' }).click()
  const token = await page.getByLabel('Stock system').inputValue()
  await page.getByRole('button', { name: 'Done' }).click()
  const ask = () => fetch(`${firm.app}/api/clients`, { headers: { Authorization: `Bearer ${token}` } }).then((answer) => answer.status)
  assert.equal(await ask(), 200)
  await page.getByRole('button', { name: 'Revoke' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
  await page.getByText('The token no longer works.').last().waitFor()
  assert.equal(await ask(), 401)
  assert.deepEqual(page.faults, [])
})
