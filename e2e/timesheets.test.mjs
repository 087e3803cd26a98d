import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { phone, signIn, startFirm, unserved } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

/** Fills the sheet for new hours. */
async function enterTime(page, notes) {
  if (!page.url().includes('/timesheets')) await page.goto(`${firm.app}/timesheets`)
  await page.getByRole('button', { name: 'Enter time', exact: true }).first().click()
  const sheet = page.getByRole('dialog', { name: 'Enter time' })
  await sheet.getByLabel('Project').fill('smoke')
  await page.getByRole('option', { name: /Smoke alarm/ }).click()
  await sheet.getByLabel('Cost centre').selectOption({ label: 'CC-001 General' })
  await sheet.getByRole('button', { name: 'Labour' }).click()
  for (let i = 0; i < 6; i++) await sheet.getByRole('button', { name: 'More hours' }).click()
  await sheet.getByLabel('Notes').fill(notes)
  return sheet
}

/** A photo as a phone makes it, only smaller. */
async function photo(page, patches = 400) {
  const base64 = await page.evaluate(async (patches) => {
    const canvas = new OffscreenCanvas(3000, 2000)
    const context = canvas.getContext('2d')
    for (let i = 0; i < patches; i++) {
      context.fillStyle = `hsl(${i * 7} 60% 50%)`
      context.fillRect((i * 137) % 3000, (i * 211) % 2000, patches > 400 ? 20 : 200, patches > 400 ? 15 : 150)
    }
    const bytes = new Uint8Array(await (await canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer())
    let text = ''
    for (const byte of bytes) text += String.fromCharCode(byte)
    return btoa(text)
  }, patches)
  return { name: 'board.jpg', mimeType: 'image/jpeg', buffer: Buffer.from(base64, 'base64') }
}

test('hours and a photo entered without signal survive a reload and are sent once there is signal', async () => {
  const page = await signIn(firm, 'tech', phone)
  await page.goto(`${firm.app}/timesheets`)
  await page.getByRole('heading', { name: 'Timesheets' }).waitFor()
  // The service worker keeps the app on the device; without it there would be nothing to reload.
  await page.evaluate(async () => {
    await navigator.serviceWorker.ready
    if (!navigator.serviceWorker.controller) await new Promise((done) => navigator.serviceWorker.addEventListener('controllerchange', done, { once: true }))
  })
  const sheet = await enterTime(page, 'Without signal')
  await page.context().setOffline(true)
  await page.getByLabel('Choose photos').setInputFiles(await photo(page))
  await sheet.getByText('Photos (1 of 5)').waitFor()
  await sheet.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Waiting for signal').waitFor()

  await page.reload()
  await page.getByText('Waiting for signal').waitFor()
  await page.getByText('Without signal').waitFor()

  await page.getByRole('button', { name: /your menu/i }).click()
  await page.getByRole('menuitem', { name: 'Sign out' }).click()
  await page.getByText('1 entry is only on this device.').first().waitFor()

  await page.context().setOffline(false)
  await page.getByText('Waiting for signal').waitFor({ state: 'detached' })
  const row = page.getByRole('listitem').filter({ hasText: 'Without signal' })
  await row.getByRole('button', { name: '1 photo' }).click()
  const image = page.getByRole('img', { name: 'Photo 1' })
  await page.waitForFunction((img) => img.complete && img.naturalWidth > 0, await image.elementHandle())
  assert.equal(await image.evaluate((img) => img.naturalWidth), 2048, 'the photo was made smaller before it was sent')
  assert.deepEqual(page.faults, [])
})

test('a photo that broke off goes on where it was, and one that was taken off comes back', async () => {
  const page = await signIn(firm, 'tech', phone, unserved)
  // The signal is gone after the first piece, until it is told to be there again.
  let signal = false
  const offsets = []
  await page.route('**/api/uploads/*', async (route) => {
    const request = route.request()
    if (request.method() !== 'PATCH') return signal || offsets.length === 0 ? route.continue() : route.abort()
    const offset = Number(request.headers()['upload-offset'])
    if (!signal && offset > 0) return route.abort()
    offsets.push(offset)
    return route.continue()
  })
  const sheet = await enterTime(page, 'Broke off')
  await page.getByLabel('Choose photos').setInputFiles(await photo(page, 20_000))
  await sheet.getByText('Photos (1 of 5)').waitFor()
  await sheet.getByRole('button', { name: 'Save' }).click()
  const row = page.getByRole('listitem').filter({ hasText: 'Broke off' })
  for (let i = 0; offsets.length === 0 && i < 200; i++) await page.waitForTimeout(50)
  await row.getByText('Waiting for signal').waitFor()
  assert.deepEqual(offsets, [0])

  // The app was closed meanwhile.
  await page.reload()
  await row.getByText('Waiting for signal').waitFor()
  signal = true
  await page.evaluate(() => dispatchEvent(new Event('online')))
  await row.getByText('Waiting for signal').waitFor({ state: 'detached' })
  await row.getByRole('button', { name: '1 photo' }).waitFor()
  assert.ok(offsets.length > 1 && offsets.every((offset, i) => i === 0 || offset > offsets[i - 1]), `no byte twice: ${offsets}`)

  const entry = (await (await page.request.get(`${firm.app}/api/timesheets?limit=100`)).json()).data.find((one) => one.notes === 'Broke off')
  await row.getByRole('button', { name: 'Actions for this entry' }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  const change = page.getByRole('dialog', { name: 'Change entry' })
  await change.getByText('Photos (1 of 5)').waitFor()
  await change.getByRole('button', { name: 'Remove Photo 1' }).click()
  await change.getByText('Photos (0 of 5)').waitFor()
  await change.getByRole('button', { name: 'Undo' }).click()
  await change.getByText('Photos (1 of 5)').waitFor()
  await change.getByLabel('Choose photos').setInputFiles(await photo(page))
  await change.getByText('Photos (2 of 5)').waitFor()
  await change.getByRole('button', { name: 'Save' }).click()
  await row.getByRole('button', { name: '2 photos' }).waitFor()
  const again = await (await page.request.get(`${firm.app}/api/timesheets/${entry.id}`)).json()
  assert.ok(again.photos.some((one) => one.sha256 === entry.photos[0].sha256), 'the same photo came back')
  assert.deepEqual(page.faults.filter((fault) => !fault.includes('/api/uploads/')), [])
})

test('a photo says what it shows, and is small until it is looked at', async () => {
  const page = await signIn(firm, 'tech', phone)
  const sheet = await enterTime(page, 'With a caption')
  await page.getByLabel('Choose photos').setInputFiles(await photo(page))
  await sheet.getByText('Photos (1 of 5)').waitFor()
  await sheet.getByRole('button', { name: 'Save' }).click()
  await page.getByRole('listitem').filter({ hasText: 'With a caption' }).getByRole('button', { name: '1 photo' }).waitFor()
  const answer = await (await page.request.get(`${firm.app}/api/timesheets?limit=100`)).json()
  const entry = answer.data.find((one) => one.notes === 'With a caption')
  assert.equal(entry.photos[0].sha256.length, 64, 'its receipt')
  // The small picture is made in the background.
  await assert.doesNotReject(async () => {
    for (let i = 0; ; i++) {
      const small = await page.request.get(firm.app + entry.photos[0].preview_url)
      if ((await small.body()).length < 60_000) return
      assert.ok(i < 100, 'there is no small picture')
      await page.waitForTimeout(100)
    }
  })
  await page.goto(`${firm.app}/timesheets/${entry.id}`)
  const thumb = page.getByRole('img', { name: 'Photo 1' })
  await page.waitForFunction((img) => img.complete && img.naturalWidth === 480, await thumb.elementHandle())
  await thumb.click()
  const viewer = page.getByRole('dialog')
  await viewer.getByLabel('What it shows').fill('The board, before')
  await viewer.getByRole('button', { name: 'Save' }).click()
  await viewer.getByRole('img', { name: 'The board, before' }).waitFor()
  await viewer.getByRole('button', { name: 'Close' }).click()
  await page.getByText('The board, before').waitFor()
  await page.goto(`${firm.app}/projects/${entry.project_id}?tab=photos`)
  await page.getByRole('img', { name: 'The board, before' }).click()
  await viewer.getByText(/Photo 1 of/).waitFor()
  assert.equal(await viewer.getByLabel('What it shows').count(), 0, 'captions are written where the entry is')
  await page.keyboard.press('Escape')
  await page.getByRole('listitem').filter({ hasText: 'The board, before' }).getByText(entry.user_name).waitFor()
  assert.deepEqual(page.faults, [])
})

test('an answer that is lost on the way does not record the hours twice', async () => {
  const page = await signIn(firm, 'tech', phone, unserved)
  let lost = 0
  await page.route('**/api/timesheets', async (route) => {
    if (route.request().method() !== 'POST' || lost > 0) return route.continue()
    lost++
    await route.fetch()
    await route.abort('connectionreset')
  })
  const sheet = await enterTime(page, 'Answer lost')
  await sheet.getByRole('button', { name: 'Save' }).click()
  await page.getByText('Waiting for signal').waitFor()
  await page.getByRole('button', { name: 'Send now' }).click()
  await page.getByText('Waiting for signal').waitFor({ state: 'detached' })
  await page.getByText('Answer lost').first().waitFor()
  assert.equal(lost, 1)
  const answer = await (await page.request.get(`${firm.app}/api/timesheets?limit=100`)).json()
  assert.equal(answer.data.filter((entry) => entry.notes === 'Answer lost').length, 1)
})

test('what was typed and not saved is there when the sheet opens again', async () => {
  const page = await signIn(firm, 'tech', phone)
  const sheet = await enterTime(page, 'Half done')
  await page.waitForTimeout(100) // the draft is written after the last keystroke
  await page.reload()
  await page.getByRole('button', { name: 'Enter time', exact: true }).first().click()
  assert.equal(await sheet.getByLabel('Notes').inputValue(), 'Half done')
  assert.equal(await sheet.getByRole('textbox', { name: 'Hours' }).inputValue(), '1.5')
})

test('unbilled hours can be changed and deleted', async () => {
  const page = await signIn(firm, 'tech')
  const sheet = await enterTime(page, 'To be changed')
  await sheet.getByRole('button', { name: 'Save' }).click()
  const row = page.getByRole('listitem').filter({ hasText: 'To be changed' })
  // The row of what waits on the device gives way to that of what was sent, and a menu that is open goes with it.
  await row.filter({ hasNotText: /Waiting for signal|Sending/ }).waitFor()
  await row.getByRole('button', { name: 'Actions for this entry' }).click()
  await page.getByRole('menuitem', { name: 'Edit' }).click()
  const change = page.getByRole('dialog', { name: 'Change entry' })
  await change.getByRole('textbox', { name: 'Hours' }).fill('3.25')
  await change.getByRole('button', { name: 'Save' }).click()
  await row.getByText('3.25').waitFor()
  await row.getByRole('button', { name: 'Actions for this entry' }).click()
  await page.getByRole('menuitem', { name: 'Delete' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click()
  await row.waitFor({ state: 'detached' })
  // And brought back.
  await page.getByRole('button', { name: 'Undo' }).click()
  await row.waitFor()
})

test('hours of several people and activities are entered in one go, approved together and explained', async () => {
  const page = await signIn(firm, 'manager')
  await page.goto(`${firm.app}/timesheets?view=team`)
  await page.getByRole('table', { name: 'Hours by person and day' }).waitFor()
  await page.getByRole('button', { name: 'Enter time', exact: true }).first().click()
  const sheet = page.getByRole('dialog', { name: 'Enter time' })
  await sheet.getByRole('button', { name: 'Sione Fifita' }).click()
  await sheet.getByRole('button', { name: 'Priya Nair' }).click()
  await sheet.getByRole('button', { name: 'Me', exact: true }).click()
  await sheet.getByLabel('Project').fill('smoke')
  await page.getByRole('option', { name: /Smoke alarm/ }).click()
  await sheet.getByRole('button', { name: 'Labour' }).click()
  await sheet.getByRole('textbox', { name: 'Hours' }).fill('3')
  await sheet.getByRole('button', { name: 'Another activity' }).click()
  const second = sheet.getByRole('group', { name: 'Activity 2' })
  await second.getByRole('button', { name: 'Travel' }).click()
  await second.getByRole('textbox', { name: 'Hours' }).fill('0.5')
  await second.getByLabel('Billable').uncheck()
  await sheet.getByLabel('Notes').fill('Both of us')
  await sheet.getByRole('button', { name: 'Save 4 entries' }).click()
  await sheet.waitFor({ state: 'detached' })

  await page.goto(`${firm.app}/timesheets?view=list`)
  await page.getByText('Both of us').nth(3).waitFor()
  const rows = page.getByRole('row').filter({ hasText: 'Both of us' })
  assert.equal(await rows.count(), 4)
  assert.equal(await rows.filter({ hasText: 'Not billable' }).count(), 2)
  for (let i = 0; i < 4; i++) await rows.nth(i).getByRole('checkbox').check()
  await page.getByRole('button', { name: 'Approve', exact: true }).click()
  const plan = page.getByRole('dialog', { name: 'Approve for invoicing' })
  await plan.getByText('4 entries').first().waitFor()
  await plan.getByRole('button', { name: 'Approve 4 entries' }).click()
  await rows.filter({ hasText: 'Approved' }).nth(3).waitFor()
  await rows.filter({ hasText: 'Not billable' }).first().getByRole('button', { name: 'Why is this unbilled?' }).click()
  await page.getByText('The entry is marked as not billable.').waitFor()
  assert.deepEqual(page.faults, [])
})
