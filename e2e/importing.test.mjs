import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { desktop, phone, signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

const file = (...rows) => ({ name: 'clients.csv', mimeType: 'text/csv', buffer: Buffer.from(['name,email', ...rows].join('\n')) })

for (const [deviceName, device] of Object.entries({ desktop, phone })) {
  test(`a file is checked row by row and taken when every row is right: ${deviceName}`, async () => {
    const page = await signIn(firm, 'admin', device)
    await page.goto(`${firm.app}/import?kind=clients`)
    await page.getByLabel('CSV file').setInputFiles(file(`Kea Motels ${deviceName},kea@motels.test`, 'Tui Cafe,not an address'))
    await page.getByText('1 of 2 rows is not right').waitFor()
    await page.getByText('Row 3').waitFor()
    await page.getByLabel('CSV file').setInputFiles(file(`Kea Motels ${deviceName},kea@motels.test`, `Tui Cafe ${deviceName},tui@cafe.test`))
    await page.getByRole('button', { name: 'Import 2 clients' }).click()
    await page.getByText('2 clients imported from clients.csv').waitFor()
    await page.getByRole('link', { name: 'See clients' }).click()
    await page.getByText(`Kea Motels ${deviceName}`).waitFor()
    assert.deepEqual(page.faults, [])
  })
}
