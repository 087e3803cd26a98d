import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { desktop, phone, signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

const name = 'Whānau Āwhina Trust'

for (const [deviceName, device] of Object.entries({ desktop, phone })) {
  test(`a client is deleted with what belongs to it, undone, deleted again and restored from the bin: ${deviceName}`, async () => {
    const page = await signIn(firm, 'admin', device)
    const remove = async () => {
      await page.goto(`${firm.app}/clients?search=Awhina`)
      await page.getByRole('button', { name: `Actions for ${name}` }).click()
      await page.getByRole('menuitem', { name: 'Delete' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText(/With it go .*timesheet entries/).waitFor()
      await dialog.getByRole('button', { name: 'Delete', exact: true }).click()
      await page.getByText('is in the bin.').last().waitFor()
    }
    await remove()
    await page.getByRole('button', { name: 'Undo' }).click()
    await page.getByText('Client restored').last().waitFor()
    await page.getByRole('button', { name: `Actions for ${name}` }).waitFor()

    await remove()
    await page.goto(`${firm.app}/bin`)
    await page.getByText(/With it went .*timesheet entries/).first().click()
    await page.getByRole('list', { name: 'What went with it' }).getByText('Project').first().waitFor()
    await page.getByRole('button', { name: `Actions for ${name}` }).click()
    await page.getByRole('menuitem', { name: /Remove for good.*30 days after/ }).and(page.locator('[aria-disabled=true]')).waitFor()
    await page.keyboard.press('Escape')
    await page.getByRole('button', { name: `Restore ${name}` }).click()
    await page.getByText('The bin is empty').waitFor()
    assert.deepEqual(page.faults, [])
  })
}
