import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { desktop, phone, signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

for (const [deviceName, device] of Object.entries({ desktop, phone })) {
  test(`settings are changed together, and a fault stands beside its field: ${deviceName}`, async () => {
    const page = await signIn(firm, 'admin', device)
    await page.goto(`${firm.app}/settings`)
    await page.getByLabel('Phone').fill(`09 555 ${deviceName === 'phone' ? 1 : 2}`)
    await page.getByRole('button', { name: 'Save settings' }).click()
    await page.getByText('Settings saved.').last().waitFor()
    await page.getByRole('link', { name: 'Documents', exact: true }).click()
    await page.getByLabel('Digits of a number').fill('many')
    await page.getByRole('button', { name: 'Save settings' }).click()
    await page.getByText('This must be a whole number between 1 and 10').waitFor()
    await page.getByRole('link', { name: 'Mail', exact: true }).click()
    await page.getByLabel('Password').fill('a secret')
    await page.getByRole('button', { name: 'Save settings' }).click()
    // Once it is saved it is shown to nobody, whoever set one before.
    await page.waitForFunction(() => document.querySelector('input[type=password]')?.value === '')
    await page.getByText(/^Set\. Enter a new one/).waitFor()
    assert.deepEqual(page.faults, [])
  })
}
