import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { desktop, phone, signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

for (const [name, device] of Object.entries({ desktop, phone })) {
  test(`the pages of work show the firm: ${name}`, async () => {
    const page = await signIn(firm, 'admin', device)
    const go = async (path, text) => {
      await page.goto(firm.app + path)
      await page.getByText(text).filter({ visible: true }).first().waitFor()
    }
    const ids = async (path) => (await (await page.request.get(`${firm.app}/api/${path}`)).json()).data
    await go('/dashboard', 'Projects in progress')
    await page.getByText('What waits').waitFor()
    await page.locator('.recharts-bar-rectangle').first().waitFor()
    await go('/projects', 'Marae kitchen rewire')
    const [project] = await ids('projects?search=switchboard')
    await go(`/projects/${project.id}`, 'Newest hours')
    await go('/clients', 'Kererū Homes')
    const [client] = await ids('clients?search=Pōneke')
    await go(`/clients/${client.id}?tab=unbilled`, 'Why it is unbilled')
    await page.getByText('On hold').first().waitFor()
    await go('/timesheets?view=team', 'Sione Fifita')
    await go('/timesheets?view=month&person=all', 'hours')
    await go('/timesheets?view=list', 'Choose these')
    await go('/reports/cost-centers', 'Spent to date')
    await go('/unbilled', 'Why it is unbilled')
    await page.getByText('Why it is unbilled').click()
    await page.getByText(/^Billed .* = all work/).waitFor()
    assert.deepEqual(page.faults, [])
  })
}

test('a project is moved on the board by keyboard, by mouse, and back', async () => {
  const page = await signIn(firm, 'manager')
  await page.goto(`${firm.app}/projects`)
  const column = (words) => page.getByRole('region', { name: new RegExp(`^${words},`) })
  const card = (words) => column(words).getByRole('listitem').filter({ hasText: 'Access control cabling' })
  await card('Quoted').getByRole('button', { name: 'Move Access control cabling' }).focus()
  await page.keyboard.press('Enter')
  await page.getByRole('menuitem', { name: 'Move to In progress' }).waitFor()
  await page.keyboard.press('Enter')
  await card('In progress').waitFor()
  await page.getByRole('button', { name: 'Undo' }).click()
  await card('Quoted').waitFor()
  await card('Quoted').dragTo(column('Completed'))
  await card('Completed').waitFor()
  const answer = await (await page.request.get(`${firm.app}/api/projects?search=Access`)).json()
  assert.equal(answer.data[0].status, 'completed')
})

test('on a phone a board shows one column at a time', async () => {
  const page = await signIn(firm, 'manager', phone)
  await page.goto(`${firm.app}/projects`)
  await page.getByText('Marae kitchen rewire').waitFor()
  await page.getByRole('group', { name: 'Column' }).getByRole('button', { name: /^Completed/ }).click()
  await page.getByText('Clinic fit-out').waitFor()
  assert.equal(await page.getByText('Marae kitchen rewire').count(), 0)
  assert.match(page.url(), /status=completed/)
})

test("a client's own rates are kept, and a client is deleted with a preview and brought back", async () => {
  const page = await signIn(firm, 'admin')
  const { data } = await (await page.request.get(`${firm.app}/api/clients?search=Mount`)).json()
  await page.goto(`${firm.app}/clients/${data[0].id}?tab=rates`)
  await page.getByLabel('Rate for Electrician').fill('88.5')
  await page.getByRole('button', { name: 'Save rates' }).click()
  await page.getByText('Rates saved').first().waitFor()
  await page.reload()
  await page.getByLabel('Rate for Electrician').waitFor()
  assert.equal(await page.getByLabel('Rate for Electrician').inputValue(), '88.5')

  await page.getByRole('button', { name: /^More actions/ }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText(/With it go .*1 project/).waitFor()
  await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
  await page.waitForURL(`${firm.app}/clients`)
  await page.getByRole('button', { name: 'Undo' }).click()
  await page.getByRole('link', { name: 'Mount Eden Physiotherapy' }).waitFor()
})

test('a technician starts with the own day and sees no money', async () => {
  const page = await signIn(firm, 'tech', phone)
  await page.waitForURL(`${firm.app}/dashboard`)
  await page.getByText('This week so far').waitFor()
  await page.getByText('Newest hours').waitFor()
  await page.waitForFunction(() => !document.querySelector('.animate-pulse'))
  assert.equal(await page.getByText('$').count(), 0)
})

test('a page that the list no longer has says so, and leads back', async () => {
  const page = await signIn(firm, 'admin')
  await page.goto(`${firm.app}/clients?page=9999`)
  await page.getByText('No clients on this page').waitFor()
  await page.getByRole('button', { name: 'To the first page' }).click()
  await page.getByRole('table', { name: 'Clients' }).getByRole('link').first().waitFor()
})
