import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { crc32, deflateRawSync, deflateSync } from 'node:zlib'
import { desktop, signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

// What a script would do if a browser ran it: ask for an address that nobody else asks for.
const beacon = '/api/the-script-has-run'
const script = `<script>fetch('${beacon}')</script>`

function pngChunk(kind, body) {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  const rest = Buffer.concat([Buffer.from(kind, 'latin1'), body])
  const sum = Buffer.alloc(4)
  sum.writeUInt32BE(crc32(rest))
  return Buffer.concat([head, rest, sum])
}

/** A PNG of so many points, all black: a few kilobytes however large it is. */
function png(width, height) {
  const header = Buffer.alloc(13)
  header.writeUInt32BE(width, 0)
  header.writeUInt32BE(height, 4)
  header[8] = 1
  const rows = Math.min(height, 4000)
  const data = deflateSync(Buffer.alloc((1 + Math.ceil(width / 8)) * rows), { level: 9 })
  return Buffer.concat([Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'), pngChunk('IHDR', header), pngChunk('IDAT', data), pngChunk('IEND', Buffer.alloc(0))])
}

/** A ZIP file of such files, each a name and a content. */
function zip(files) {
  const parts = []
  const directory = []
  let offset = 0
  for (const [name, content] of files) {
    const packed = deflateRawSync(content, { level: 9 })
    const head = Buffer.alloc(30)
    head.writeUInt32LE(0x04034b50, 0)
    head.writeUInt16LE(20, 4)
    head.writeUInt16LE(8, 8)
    head.writeUInt32LE(crc32(content), 14)
    head.writeUInt32LE(packed.length, 18)
    head.writeUInt32LE(content.length, 22)
    head.writeUInt16LE(name.length, 26)
    const entry = Buffer.alloc(46)
    entry.writeUInt32LE(0x02014b50, 0)
    entry.writeUInt16LE(20, 4)
    head.copy(entry, 6, 4, 30)
    entry.writeUInt32LE(offset, 42)
    parts.push(head, Buffer.from(name), packed)
    directory.push(entry, Buffer.from(name))
    offset += head.length + name.length + packed.length
  }
  const list = Buffer.concat(directory)
  const end = Buffer.alloc(22)
  end.writeUInt32LE(0x06054b50, 0)
  end.writeUInt16LE(files.length, 8)
  end.writeUInt16LE(files.length, 10)
  end.writeUInt32LE(list.length, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...parts, list, end])
}

const picture = png(64, 64)
const text = (s) => Buffer.from(s, 'latin1')
const pdf = (inside) => text(`%PDF-1.7\n1 0 obj\n${inside}\nendobj\nstartxref\n0\n%%EOF\n`)
const word = [
  ['[Content_Types].xml', text('<Types/>')],
  ['word/document.xml', text('<w:document/>')],
]

/** Files that want to be something else than they say. */
const wrong = {
  'an SVG with a script': ['plan.svg', text(`<svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`)],
  'an SVG called JPEG': ['plan.jpg', text(`<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg">${script}</svg>`)],
  'a page called JPEG': ['board.jpg', text(`<!doctype html>${script}`)],
  'a page called PDF': ['letter.pdf', text(`<html>${script}</html>`)],
  'a picture with a page behind it': ['board.png', Buffer.concat([picture, text(script)])],
  'a picture with an archive behind it': ['board.png', Buffer.concat([picture, zip(word)])],
  'a GIF that is a script': ['board.gif', text(`GIF89a/*\x00\x00\x00\x00*/=1;fetch('${beacon}')//`)],
  'a PDF inside a page': ['letter.pdf', text(`<!-- %PDF-1.7 -->${script}`)],
  'a picture of 900 million points': ['board.png', png(30_000, 30_000)],
  'an executable': ['setup.pdf', text('MZ\x90\x00' + '\x00'.repeat(200))],
  'nothing': ['board.jpg', Buffer.alloc(0)],
}

/** Of documents, too. */
const wrongDocuments = {
  ...wrong,
  'a bomb called Word': ['offer.docx', zip([...word, ['word/media/image1.png', Buffer.alloc(300 << 20)]])],
  'an archive called Word': ['offer.docx', zip([['virus.exe', text('MZ')]])],
  'a Word document with macros': ['offer.docx', zip([...word, ['word/vbaProject.bin', text('macro')]])],
  'a page called text': ['notes.txt', text(`<html>${script}</html>`)],
  'an executable called text': ['notes.csv', text('a,b\n\x00\x01\x02')],
}

async function ids(page) {
  const read = async (path) => (await page.request.get(firm.app + path)).json()
  const list = (answer) => answer.data ?? answer
  const [projects, centers, activities] = await Promise.all([read('/api/projects?limit=1'), read('/api/cost-centers'), read('/api/activity-types')])
  return { project_id: list(projects)[0].id, cost_center_id: list(centers)[0].id, activity_type_id: list(activities)[0].id, date: new Date(Date.now() - 4 * 86_400_000).toISOString().slice(0, 10), hours: '1' }
}

/** Everything that is asked of the server, also by pages that are opened later. */
function asked(page) {
  const urls = []
  page.context().on('request', (request) => urls.push(request.url()))
  return urls
}

test('what is not what it says is refused with a sentence, and nothing of it stays', async () => {
  const page = await signIn(firm, 'admin', desktop)
  const entry = await ids(page)
  const count = async () => (await (await page.request.get(`${firm.app}/api/timesheets?limit=1`)).json()).pagination.total
  const before = await count()
  for (const [what, [name, buffer]] of Object.entries(wrong)) {
    const answer = await page.request.post(`${firm.app}/api/timesheets`, { multipart: { ...entry, notes: what, images: { name, mimeType: 'image/jpeg', buffer } } })
    const body = await answer.json()
    assert.equal(answer.status(), 400, `${what}: ${JSON.stringify(body)}`)
    assert.ok(/[a-z]{3}/.test(body.error) && !/internal|panic|runtime/i.test(body.error), `${what}: ${body.error}`)
  }
  assert.equal(await count(), before, 'no entry was recorded')
  for (const [what, [name, buffer]] of Object.entries(wrongDocuments)) {
    const answer = await page.request.post(`${firm.app}/api/files`, { multipart: { project_id: entry.project_id, file: { name, mimeType: 'application/pdf', buffer } } })
    const body = await answer.json()
    assert.ok([400, 413].includes(answer.status()), `${what}: ${answer.status()} ${JSON.stringify(body)}`)
  }
  const large = await page.request.post(`${firm.app}/api/timesheets`, { multipart: { ...entry, images: { name: 'a.pdf', mimeType: 'application/pdf', buffer: Buffer.concat([pdf('<<>>'), Buffer.alloc(11 << 20)]) } } })
  assert.equal(large.status(), 400)
  assert.match((await large.json()).error, /10MB/)
})

test('what may be kept does nothing when it is opened', async () => {
  const page = await signIn(firm, 'admin', desktop)
  const urls = asked(page)
  const entry = await ids(page)
  // Pictures and documents that are what they say, and hold a page or a script all the same.
  const comment = Buffer.concat([text('\xff\xd8\xff\xfe'), Buffer.from([0, script.length + 2]), text(script)])
  const jpeg = Buffer.from(
    await page.evaluate(async () => {
      const bytes = new Uint8Array(await (await new OffscreenCanvas(64, 64).getContext('2d').canvas.convertToBlob({ type: 'image/jpeg' })).arrayBuffer())
      return [...bytes]
    }),
  )
  const photos = {
    'board.jpg': Buffer.concat([comment, jpeg.subarray(2)]),
    'letter.pdf': pdf(`<< /Type /Catalog /Note (${script.replaceAll('(', '\\(').replaceAll(')', '\\)')}) >>`),
  }
  let opened = 0
  for (const [name, buffer] of Object.entries(photos)) {
    const answer = await page.request.post(`${firm.app}/api/timesheets`, { multipart: { ...entry, notes: name, images: { name, mimeType: 'text/html', buffer } } })
    if (answer.status() === 400) continue // refusing it is as good
    const kept = await answer.json()
    const address = kept.image_urls[0]
    for (const url of [firm.app + address, `${firm.app}${address}?original`]) {
      const got = await page.request.get(url)
      assert.equal(got.status(), 200, url)
      assert.ok(/^(image\/jpeg|application\/pdf)$/.test(got.headers()['content-type']), got.headers()['content-type'])
      assert.equal(got.headers()['x-content-type-options'], 'nosniff')
      assert.match(got.headers()['content-security-policy'], /default-src 'none'/)
      const tab = await page.context().newPage()
      await tab.goto(url).catch(() => undefined) // what is offered to be saved is no page
      await tab.waitForTimeout(300)
      await tab.close()
      opened++
    }
    // As another page would try it: as a script, as a frame, as an object.
    await page.goto(`${firm.app}/timesheets/${kept.id}`)
    await page.evaluate(async (address) => {
      for (const [element, attribute] of [['script', 'src'], ['iframe', 'src'], ['object', 'data'], ['embed', 'src']]) {
        const one = document.createElement(element)
        one.setAttribute(attribute, address)
        document.body.append(one)
      }
      await new Promise((done) => setTimeout(done, 500))
    }, address)
  }
  assert.ok(opened > 0, 'nothing was kept, so nothing was shown')
  assert.deepEqual(urls.filter((url) => url.includes(beacon)), [], 'a script has run')
})

test('a file is open to those who may see its record, and to no others', async () => {
  const tech = await signIn(firm, 'tech', desktop)
  const admin = await signIn(firm, 'admin', desktop)
  const stranger = await firm.browser.newContext()
  const kept = await (await admin.request.post(`${firm.app}/api/timesheets`, { multipart: { ...(await ids(admin)), images: { name: 'a.png', mimeType: 'image/png', buffer: picture } } })).json()
  const address = firm.app + kept.image_urls[0]
  const status = async (who, url) => (await who.request.get(url, { maxRedirects: 0 })).status()
  assert.equal(await status(admin, address), 200)
  assert.equal(await status(tech, address), 403, 'the hours of others')
  assert.equal(await status(stranger, address), 401, 'without a session')
  for (const path of ['/uploads/../ampedfieldops.db', '/uploads/%2e%2e/ampedfieldops.db', '/uploads/..%2fampedfieldops.db', '/uploads/timesheets/../../secrets/jwt_secret', '/uploads/', '/uploads/drafts/']) {
    const got = await admin.request.get(firm.app + path)
    assert.ok(got.status() === 404 || !/SQLite format|[A-Za-z0-9+/]{40}/.test((await got.body()).toString('latin1').slice(0, 200)), `${path}: ${got.status()}`)
  }
  await stranger.close()
})
