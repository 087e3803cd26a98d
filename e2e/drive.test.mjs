import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { after, before, test } from 'node:test'
import { desktop, phone, signIn, startFirm } from './firm.mjs'

/** A Google Drive that is not Google's. */
async function startGoogle() {
  const program = spawn('go', ['run', './google'], { cwd: import.meta.dirname, stdio: ['pipe', 'pipe', 'inherit'], env: { ...process.env, CGO_ENABLED: '0' } })
  const [, url, id, secret] = await new Promise((ready, failed) => {
    const timer = setTimeout(() => failed(new Error('The simulated Google Drive was not ready in two minutes.')), 120_000)
    let said = ''
    program.stdout.on('data', (chunk) => {
      said += chunk
      const found = /^google (\S+) (\S+) (\S+)$/m.exec(said)
      if (!found) return
      clearTimeout(timer)
      ready(found)
    })
    program.once('exit', (code) => failed(new Error(`The simulated Google Drive ended with code ${code}.`)))
  })
  const ask = async (method, path, body) => {
    const response = await fetch(`${url}/_test/${path}`, { method, body: body && JSON.stringify(body), signal: AbortSignal.timeout(10_000) })
    assert.ok(response.ok, `${method} ${path}: ${response.status}`)
    const text = await response.text()
    return text && JSON.parse(text)
  }
  return {
    url,
    id,
    secret,
    fault: (faults) => ask('POST', 'faults', faults),
    files: () => ask('GET', 'files'),
    close: () => {
      program.removeAllListeners('exit')
      program.stdin.end()
    },
  }
}

let google
let firm
before(async () => {
  google = await startGoogle()
  firm = await startFirm('--google-drive', google.url)
})
after(async () => {
  await firm?.close()
  google?.close()
})

/** Sends a photo with hours, as the app of a technician does, and answers the entry. */
async function bringPhoto(page, notes) {
  return page.evaluate(async (notes) => {
    const canvas = new OffscreenCanvas(640, 480)
    const context = canvas.getContext('2d')
    context.fillStyle = `hsl(${notes.length * 30} 60% 50%)`
    context.fillRect(0, 0, 640, 480)
    const read = async (path) => (await fetch(path)).json()
    const [projects, centers, activities] = await Promise.all([read('/api/projects?limit=1'), read('/api/cost-centers'), read('/api/activity-types')])
    const form = new FormData()
    const date = new Date(Date.now() - 3 * 86_400_000).toISOString().slice(0, 10)
    const fields = { project_id: (projects.data ?? projects)[0].id, date, hours: '1', activity_type_id: activities[0].id, cost_center_id: (centers.data ?? centers)[0].id, notes }
    for (const [name, value] of Object.entries(fields)) form.set(name, value)
    form.append('images', await canvas.convertToBlob({ type: 'image/jpeg' }), 'board.jpg')
    const response = await fetch('/api/timesheets', { method: 'POST', body: form, headers: { 'Idempotency-Key': crypto.randomUUID() } })
    const answer = await response.json()
    if (!response.ok) throw new Error(`${response.status} ${JSON.stringify(answer)}`)
    return answer
  }, notes)
}

test('an admin connects Google Drive, tries it, and photos are kept there', async () => {
  const admin = await signIn(firm, 'admin', desktop)
  await admin.goto(`${firm.app}/settings?part=files`)
  await admin.getByLabel('Place').selectOption({ label: 'Google Drive' })
  await admin.getByLabel('Client id').fill(google.id)
  await admin.getByLabel('Client secret').fill(google.secret)
  const connect = admin.getByRole('button', { name: 'Connect Google Drive' })

  // Somebody who says no, and somebody who unticks what the program needs.
  await google.fault({ RefuseConsent: true })
  await connect.click()
  await admin.getByText(/Google Drive was not connected/).waitFor()
  await google.fault({ NarrowConsent: true })
  await admin.getByLabel('Place').selectOption({ label: 'Google Drive' })
  await connect.click()
  await admin.getByText(/was not ticked/).waitFor()

  await google.fault({})
  await admin.getByLabel('Place').selectOption({ label: 'Google Drive' })
  await connect.click()
  await admin.getByText('Google Drive is connected. Test it').waitFor()
  await admin.getByLabel('Place').selectOption({ label: 'Google Drive' })
  await admin.getByText('A Google Drive is connected.').waitFor()
  await admin.getByRole('button', { name: 'Test connection' }).click()
  await admin.getByText('A file was kept in Google Drive, read back and removed').waitFor()
  await admin.getByRole('button', { name: 'Save', exact: true }).click()
  await admin.getByText('New files are kept there from now on.').first().waitFor()
  assert.ok(!(await admin.content()).includes(google.secret), 'a secret is shown to nobody')

  const tech = await signIn(firm, 'tech', phone)
  const entry = await bringPhoto(tech, 'kept in Drive')
  assert.equal(entry.photos[0].stored_in, 'google-drive')
  assert.ok((await google.files()).some((file) => file.size === entry.photos[0].size), 'the photo is in the Drive')
  await tech.goto(`${firm.app}/timesheets/${entry.id}`)
  const thumb = tech.getByRole('img', { name: 'Photo 1' })
  await tech.waitForFunction((img) => img.complete && img.naturalWidth > 0, await thumb.elementHandle())

  // Programs that send no session get a link, which ends, and is nobody else's.
  const stranger = await firm.browser.newContext()
  const status = async (who, url) => (await who.request.get(url, { maxRedirects: 0 })).status()
  const given = new URL(entry.cloud_image_urls[0])
  const link = firm.app + given.pathname + given.search
  assert.equal(await status(stranger, link), 200, 'whoever has a link')
  for (const at of [given.search.length - 1, given.search.indexOf('expires=') + 8]) {
    const changed = given.search.slice(0, at) + (given.search[at] === '1' ? '2' : '1') + given.search.slice(at + 1)
    assert.equal(await status(stranger, firm.app + given.pathname + changed), 403, changed)
  }
  const other = given.pathname.replace(/.$/, (c) => (c === '0' ? '1' : '0'))
  assert.equal(await status(stranger, firm.app + other + given.search), 403, 'the link of another file')
  await stranger.close()

  // A Drive that has ended: the photo is kept here, the answer says so, and it goes there later.
  await google.fault({ Down: true })
  const waiting = await bringPhoto(tech, 'kept here for now')
  assert.equal(waiting.photos[0].stored_in, 'local')
  assert.equal(waiting.photos[0].moves_to, 'google-drive')
  await admin.goto(`${firm.app}/settings?part=files`)
  await admin.getByText(/waits? here for the place that did not take/).waitFor()
  await google.fault({})
  for (let i = 0; ; i++) {
    const now = await (await tech.request.get(`${firm.app}/api/timesheets/${waiting.id}`)).json()
    if (now.photos[0].stored_in === 'google-drive') break
    assert.ok(i < 900, 'the photo did not go to the Drive when it was there again')
    await tech.waitForTimeout(200)
  }

  await admin.getByRole('button', { name: 'Disconnect' }).click()
  await admin.getByText('No Google Drive is connected yet.').waitFor()
  assert.deepEqual([...admin.faults, ...tech.faults], [])
})
