// Takes the pictures of the documentation: npm run screens. They show the demonstration's data on
// every page, light on a desktop and dark on a phone.

import { mkdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { everyPage, settled } from './every-page.mjs'
import { desktop, phone, signIn, simulator, startFirm } from './firm.mjs'

const folder = resolve('../docs/screens')
mkdirSync(folder, { recursive: true })

async function take(device, deviceName, colorScheme) {
  const firm = await startFirm()
  const suffix = `${deviceName}${colorScheme === 'dark' ? '-dark' : ''}`
  let page
  const taken = new Set()
  const shot = async (name) => {
    taken.add(name)
    await page.waitForFunction(() => !document.querySelector('.animate-pulse'))
    await page.evaluate(() => document.fonts.ready)
    await page.waitForTimeout(300) // what slides in has arrived
    await page.screenshot({ path: `${folder}/${name}-${suffix}.png` })
  }
  const go = async (path, waitFor) => {
    await page.goto(firm.app + path)
    await page.getByText(waitFor).filter({ visible: true }).first().waitFor()
  }
  try {
    if (deviceName === 'phone') {
      page = await signIn(firm, 'tech', device, { colorScheme })
      await go('/dashboard', 'This week so far')
      await shot('own-day')
      await go('/timesheets', 'hours')
      await shot('timesheets')
      await page.getByRole('button', { name: 'Enter time', exact: true }).first().click()
      const sheet = page.getByRole('dialog')
      await sheet.getByLabel('Project').fill('smoke')
      await page.getByRole('option', { name: /Smoke alarm/ }).click()
      await sheet.getByRole('button', { name: 'Labour' }).click()
      for (let i = 0; i < 6; i++) await sheet.getByRole('button', { name: 'More hours' }).click()
      await shot('enter-time')
      await sheet.getByLabel('Cost centre').selectOption({ index: 1 })
      await page.context().setOffline(true)
      await sheet.getByRole('button', { name: 'Save' }).click()
      await page.getByText('Waiting for signal').waitFor()
      await shot('no-signal')
      await page.context().close()
    }
    page = await signIn(firm, 'admin', device, { colorScheme })
    await go('/unbilled', 'before tax')
    await shot('unbilled')
    await page.getByRole('link', { name: /^Create invoice for Harbour View/ }).click()
    await page.getByRole('button', { name: 'Create invoice' }).and(page.locator(':enabled')).waitFor()
    await shot('invoice-preview')

    // One invoice that Xero refuses, one that is on its way.
    const name = 'Mount Eden Physiotherapy'
    const [contact] = (await simulator(firm, 'GET', 'documents/Contacts')).filter((one) => one.Name === name)
    await simulator(firm, 'POST', 'edit', { endpoint: 'Contacts', id: contact.ContactID, set: { ContactStatus: 'ARCHIVED' } })
    const create = async (client) => {
      await go('/unbilled', 'before tax')
      await page.getByRole('link', { name: `Create invoice for ${client}` }).click()
      await page.getByRole('button', { name: 'Create invoice' }).and(page.locator(':enabled')).click()
      await page.waitForURL(`${firm.app}/unbilled`)
    }
    await create(name)
    await go('/financials/invoices', 'Invoices')
    await page.getByRole('listitem').getByText('Sync Failed').waitFor({ timeout: 30_000 })
    await simulator(firm, 'POST', 'limits', { latency_ms: 7000 })
    await create('Harbour View Body Corporate')
    await page.getByRole('link', { name: 'Invoices', exact: true }).filter({ visible: true }).click()
    await page.getByRole('listitem').getByText('Syncing…').waitFor()
    await shot('invoices')
    await simulator(firm, 'POST', 'limits', { latency_ms: 0 })
    await page.getByRole('button', { name: 'View Error Details' }).first().click()
    await page.getByRole('dialog').getByText('Request', { exact: true }).first().waitFor()
    await shot('error-details')
    await page.keyboard.press('Escape')
    await page.locator('[data-row-link]').first().click()
    await page.getByText('Confirmed by Xero').waitFor({ timeout: 30_000 })
    await shot('invoice')
    await go('/unbilled', 'Why it is unbilled')
    await page.getByText('Why it is unbilled').click()
    await page.getByText(/^Billed .* = all work/).waitFor()
    await shot('unbilled-reasons')
    for (const [name, path] of await everyPage(page, firm)) {
      if (taken.has(name)) continue
      await page.goto(firm.app + path)
      await settled(page)
      await page.waitForLoadState('networkidle').catch(() => undefined)
      await shot(name)
    }
  } finally {
    await firm.close()
  }
}

await take(desktop, 'desktop', 'light')
await take(phone, 'phone', 'dark')
