import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { desktop, phone, signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

test('everything is found by typing, without a mouse', async () => {
  const page = await signIn(firm, 'admin', desktop)
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: /^Search clients/ }).fill('harbour')
  await page.getByRole('option', { name: /Harbour View Body Corporate/ }).first().waitFor()
  await page.keyboard.press('Enter')
  await page.waitForURL(/\/clients/)
  await page.getByRole('dialog').waitFor({ state: 'detached' })
  await page.keyboard.press('Control+k')
  await page.getByRole('button', { name: 'harbour', exact: true }).waitFor()
  await page.keyboard.press('Escape')
  await page.keyboard.press('?')
  await page.getByRole('dialog').getByText('Next row of a list').waitFor()
  assert.deepEqual(page.faults, [])
})

test('on a phone the search is behind its button, and every page behind More', async () => {
  const page = await signIn(firm, 'admin', phone)
  await page.getByRole('button', { name: 'Search', exact: true }).click()
  await page.getByRole('combobox', { name: /^Search clients/ }).fill('help')
  await page.getByRole('option', { name: /Help/ }).click()
  await page.getByRole('heading', { name: 'Help', exact: true }).waitFor()
  await page.getByRole('button', { name: 'More', exact: true }).click()
  await page.getByRole('dialog').getByRole('link', { name: 'Audit log' }).click()
  await page.getByRole('list', { name: 'Audit log' }).getByText('Signed in').first().waitFor()
  assert.deepEqual(page.faults, [])
})
