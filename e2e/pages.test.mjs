import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { everyPage, settled } from './every-page.mjs'
import { accessibilityFaults, desktop, phone, signIn, startFirm } from './firm.mjs'

let firm
before(async () => {
  firm = await startFirm()
})
after(() => firm?.close())

for (const [name, device] of Object.entries({ desktop, phone })) {
  test(`every page can be used by everybody, light and dark: ${name}`, async () => {
    const page = await signIn(firm, 'admin', device, { reducedMotion: 'reduce' })
    const faults = []
    for (const [, path] of await everyPage(page, firm)) {
      await page.goto(firm.app + path)
      await settled(page)
      for (const colorScheme of ['light', 'dark']) {
        await page.emulateMedia({ colorScheme })
        await page.waitForFunction((theme) => document.documentElement.dataset.theme === theme, colorScheme)
        for (const fault of await accessibilityFaults(page)) faults.push(`${path}, ${colorScheme}: ${fault}`)
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
        if (wide > 0) faults.push(`${path}, ${colorScheme}: the page is ${wide} pixels wider than the screen`)
      }
    }
    assert.deepEqual(faults, [])
    assert.deepEqual(page.faults, [])
  })
}

test('the sign-in page can be used by everybody', async () => {
  const page = await (await firm.browser.newContext(phone)).newPage()
  await page.goto(`${firm.app}/sign-in`)
  await page.getByRole('heading', { name: 'Sign in' }).waitFor()
  assert.deepEqual(await accessibilityFaults(page), [])
})

test('what a finger has to hit is large enough', async () => {
  const page = await signIn(firm, 'tech', phone)
  await page.goto(`${firm.app}/timesheets?new=true`)
  await page.getByRole('dialog').waitFor()
  const small = await page.evaluate(() =>
    [...document.querySelectorAll('dialog button, dialog input:not(.sr-only), dialog select, dialog label:has(input[type=file]), nav[aria-label=Main] a')]
      .filter((element) => element.checkVisibility())
      .map((element) => ({ text: element.getAttribute('aria-label') ?? element.textContent, box: element.getBoundingClientRect() }))
      .filter(({ box }) => Math.round(box.height) < 44 || Math.round(box.width) < 44)
      .map(({ text, box }) => `${text} ${box.width}×${box.height}`),
  )
  assert.deepEqual(small, [])
})

test('the other theme can be chosen and is kept', async () => {
  const page = await signIn(firm, 'manager', desktop, { colorScheme: 'light' })
  await page.getByRole('button', { name: /your menu/i }).first().click()
  await page.getByRole('menuitem', { name: 'Theme: dark' }).click()
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
  await page.reload()
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark')
})
