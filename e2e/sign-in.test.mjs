import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { phone, signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

test('a wrong password is refused with the reason, and the right one leads back to the page that was asked for', async () => {
  const page = await (await firm.browser.newContext()).newPage()
  const thrown = []
  page.on('pageerror', (error) => thrown.push(error.message))
  page.on('console', (message) => message.text().includes('sign-in gate') && thrown.push(message.text()))
  await page.goto(`${firm.app}/`)
  await page.getByLabel('E-mail').waitFor()
  assert.deepEqual(thrown, [])
  await page.goto(`${firm.app}/projects`)
  await page.getByLabel('E-mail').fill('manager@demo.test')
  await page.getByLabel('Password').fill('wrong')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('alert').getByText('Invalid credentials').waitFor()
  await page.getByLabel('Password').fill('demo-password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.waitForURL(`${firm.app}/projects`)
  await page.getByRole('heading', { name: 'Projects' }).waitFor()
})

test('the session is a cookie that scripts cannot read, and nothing secret is in the storage', async () => {
  const page = await signIn(firm, 'admin')
  const [cookie] = (await page.context().cookies()).filter((one) => one.name === 'ampedfieldops_session')
  assert.equal(cookie?.httpOnly, true)
  assert.equal(cookie?.sameSite, 'Lax')
  assert.equal(await page.evaluate(() => document.cookie + JSON.stringify(localStorage)), '{}')
  assert.deepEqual(page.faults, [])
})

test('a tech starts with the own hours and sees no money', async () => {
  const page = await signIn(firm, 'tech', phone)
  await page.waitForURL(`${firm.app}/dashboard`)
  assert.equal(await page.getByRole('link', { name: 'Unbilled' }).count(), 0)
  assert.equal(await page.getByRole('link', { name: 'Invoices' }).count(), 0)
})

test('signing out ends the session', async () => {
  const page = await signIn(firm, 'manager')
  await page.getByRole('button', { name: /your menu/i }).first().click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.waitForURL(`${firm.app}/sign-in`)
  assert.equal((await page.request.get(`${firm.app}/api/auth/me`)).status(), 401)
})
