import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { accessibilityFaults, desktop, phone, signIn, startFirm, unserved } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

/** A PDF of one page that says something, as large as wanted. */
function pdf(words, bytes = 0) {
  const content = `BT /F1 24 Tf 72 700 Td (${words}) Tj ET`
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    '<< /Type /Pages /Kids [3 0 R] /Count 1 >>',
    '<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 << /Type /Font /Subtype /Type1 /BaseFont /Helvetica >> >> >> >>',
    `<< /Length ${content.length} >>\nstream\n${content}\nendstream`,
  ]
  let text = '%PDF-1.7\n'
  const offsets = objects.map((object, i) => {
    const at = text.length
    text += `${i + 1} 0 obj\n${object}\nendobj\n`
    return at
  })
  if (bytes > text.length) text += `%${'x'.repeat(bytes - text.length)}\n`
  const xref = text.length
  text += `xref\n0 5\n0000000000 65535 f \n${offsets.map((at) => `${String(at).padStart(10, '0')} 00000 n \n`).join('')}trailer << /Size 5 /Root 1 0 R >>\nstartxref\n${xref}\n%%EOF\n`
  return Buffer.from(text, 'latin1')
}

/** A picture with something on it. */
const picture = async (page, words) =>
  Buffer.from(
    await page.evaluate((text) => {
      const canvas = document.createElement('canvas')
      canvas.width = 800
      canvas.height = 600
      const to = canvas.getContext('2d')
      to.fillStyle = '#2d6a8f'
      to.fillRect(0, 0, 800, 600)
      to.fillStyle = '#fff'
      to.font = '64px sans-serif'
      to.fillText(text, 60, 320)
      return canvas.toDataURL('image/jpeg', 0.8).split(',')[1]
    }, words),
    'base64',
  )

async function openProject(page) {
  const { data } = await (await page.request.get(`${firm.app}/api/projects?search=switchboard`)).json()
  await page.goto(`${firm.app}/projects/${data[0].id}?tab=files`)
  await page.getByRole('button', { name: 'Upload files' }).waitFor()
  return data[0]
}

const row = (page, name) => page.getByRole('listitem').filter({ has: page.getByRole('link', { name, exact: true }) })

test('files of a project are uploaded, looked at, renamed, tagged, found, moved, deleted and brought back', async () => {
  const page = await signIn(firm, 'manager')
  const project = await openProject(page)
  await page.getByLabel('Files to upload').setInputFiles([
    { name: 'Board plan.pdf', mimeType: 'application/pdf', buffer: pdf('Board plan', 700_000) },
    { name: 'board.jpg', mimeType: 'image/jpeg', buffer: await picture(page, 'The board') },
    { name: 'cables.csv', mimeType: 'text/csv', buffer: Buffer.from('cable,metres\nTPS 2.5,120\n') },
    { name: 'holiday.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('<html><script>alert(1)</script></html>') },
    { name: 'logo.svg', mimeType: 'image/svg+xml', buffer: Buffer.from('<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>') },
  ])
  for (const name of ['Board plan.pdf', 'board.jpg', 'cables.csv']) await row(page, name).waitFor()
  const refused = page.getByRole('list', { name: 'Being uploaded' }).getByRole('listitem')
  await page.getByText('Only images, PDF files, Word and Excel documents, and text and CSV files can be kept').nth(1).waitFor()
  assert.equal(await refused.count(), 2)
  assert.deepEqual(await accessibilityFaults(page), [])
  await page.getByRole('button', { name: 'Give up holiday.jpg' }).click()
  await page.getByRole('button', { name: 'Give up logo.svg' }).click()
  assert.equal(await refused.count(), 0)

  // Dropped onto the page, as from a folder of the desktop.
  const dropped = await page.evaluateHandle((text) => {
    const transfer = new DataTransfer()
    transfer.items.add(new File([text], 'notes.txt', { type: 'text/plain' }))
    return transfer
  }, 'Ring before you come.')
  await page.getByRole('region', { name: 'Files' }).getByText('Board plan.pdf').dispatchEvent('drop', { dataTransfer: dropped })
  await row(page, 'notes.txt').waitFor()

  // A picture has a small one, and opens large; a PDF in a frame, which the address leads back to.
  await page.waitForFunction(() => document.querySelector('li img[src$="?preview"]')?.naturalWidth > 0)
  await page.getByRole('link', { name: 'board.jpg' }).click()
  await page.getByRole('dialog').getByRole('img', { name: 'board.jpg' }).waitFor()
  await page.keyboard.press('Escape')
  await page.getByRole('link', { name: 'Board plan.pdf' }).click()
  await page.getByRole('dialog').getByRole('link', { name: 'Download' }).waitFor()
  assert.match(page.url(), /file=/)
  await page.reload()
  const dialog = page.getByRole('dialog')
  const href = await dialog.getByRole('link', { name: 'Download' }).getAttribute('href')
  const saved = await page.request.get(firm.app + href)
  assert.match(saved.headers()['content-disposition'], /^attachment; filename="?Board plan\.pdf/)
  assert.deepEqual(Buffer.from(await saved.body()), pdf('Board plan', 700_000))
  await page.keyboard.press('Escape')
  await dialog.waitFor({ state: 'detached' })

  const act = async (name, what) => {
    await page.getByRole('button', { name: `Actions for ${name}` }).click()
    await page.getByRole('menuitem', { name: what }).click()
  }
  await act('Board plan.pdf', 'Rename, tag or move')
  const form = page.getByRole('dialog')
  await form.getByLabel('Name').fill('Switchboard, final')
  await form.getByLabel('Tags').fill('as built, switchboard')
  await form.getByRole('button', { name: 'Save' }).click()
  await row(page, 'Switchboard, final.pdf').getByText('as built').waitFor()
  await row(page, 'Switchboard, final.pdf').getByRole('button', { name: 'Only the tag as built' }).click()
  await row(page, 'board.jpg').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'No longer only the tag as built' }).click()
  await page.getByPlaceholder('Name or tag').fill('cab')
  await row(page, 'Switchboard, final.pdf').waitFor({ state: 'detached' })
  await row(page, 'cables.csv').waitFor()
  await page.getByPlaceholder('Name or tag').fill('')
  await row(page, 'Switchboard, final.pdf').waitFor()

  // To another project, where it is found.
  await act('cables.csv', 'Rename, tag or move')
  await form.getByRole('combobox', { name: 'Project' }).fill('marae')
  await page.getByRole('option', { name: /Marae kitchen/ }).click()
  await form.getByRole('button', { name: 'Save' }).click()
  await row(page, 'cables.csv').waitFor({ state: 'detached' })
  await page.goto(`${firm.app}/files?part=all&search=cables`)
  await row(page, 'cables.csv').getByText(/Marae kitchen/).waitFor()

  await page.goto(`${firm.app}/files?project=${project.id}`)
  await act('board.jpg', 'Delete')
  await row(page, 'board.jpg').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Undo' }).click()
  await row(page, 'board.jpg').waitFor()
  assert.deepEqual(page.faults, [])
})

test('an upload that breaks off goes on when the signal is back', async () => {
  const page = await signIn(firm, 'manager', phone, unserved)
  await openProject(page)
  const large = pdf('Large', 6_500_000)
  let pieces = 0
  await page.route('**/api/uploads/*', async (route) => {
    if (route.request().method() === 'PATCH' && ++pieces === 4) return route.abort('connectionreset')
    return route.continue()
  })
  await page.getByLabel('Files to upload').setInputFiles({ name: 'Large plan.pdf', mimeType: 'application/pdf', buffer: large })
  await page.getByText('No connection to the server').first().waitFor()
  await page.getByRole('button', { name: 'Try again' }).click()
  await row(page, 'Large plan.pdf').waitFor()
  assert.equal(pieces, Math.ceil(large.length / 1_048_576) + 1, 'only the piece that broke off was sent twice')
  const [kept] = await (await page.request.get(`${firm.app}/api/files?q=large`)).json()
  assert.equal(Number(kept.file_size), large.length)
})

for (const [name, device] of Object.entries({ desktop, phone })) {
  test(`files are found by client and project: ${name}`, async () => {
    const page = await signIn(firm, 'admin', device)
    await page.goto(`${firm.app}/files`)
    await page.getByRole('link', { name: /switchboard/i }).first().waitFor()
    assert.deepEqual(await accessibilityFaults(page), [])
    await page.getByRole('link', { name: /switchboard/i }).first().click()
    await page.getByRole('link', { name: 'Photos' }).waitFor()
    assert.deepEqual(page.faults, [])
  })
}

test('a technician finds no files', async () => {
  const page = await signIn(firm, 'tech')
  assert.equal(await page.getByRole('link', { name: 'Files', exact: true }).count(), 0)
  assert.equal((await page.request.get(`${firm.app}/api/files`)).status(), 403)
})
