// A firm to test with: the program with its demonstration data and its simulated Xero, each on a
// free port of this machine, and a browser.

import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { chromium } from 'playwright-core'

const binary = resolve(process.env.AMPEDFIELDOPS_BIN ?? '../bin/ampedfieldops')
const startMs = 60_000

function findChromium() {
  const found = [process.env.CHROMIUM, '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((path) => path && existsSync(path))
  if (!found) throw new Error('No Chromium was found. Install it (on Debian: apt-get install chromium) or name it with CHROMIUM=/path/to/chromium.')
  return found
}

/** Starts the firm, with more arguments for the program when there are any; stop it with close(). */
export async function startFirm(...more) {
  if (!existsSync(binary)) throw new Error(`${binary} is missing. Run "make build" first, or name the program with AMPEDFIELDOPS_BIN.`)
  const folder = mkdtempSync(join(tmpdir(), 'ampedfieldops-e2e-'))
  const program = spawn(binary, ['demo', '--listen', '127.0.0.1:0', '--xero-listen', '127.0.0.1:0', '--data', join(folder, 'data'), ...more], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  const addresses = await new Promise((ready, failed) => {
    const timer = setTimeout(() => failed(new Error(`The program was not ready after ${startMs / 1000} s. It said:\n${said}`)), startMs)
    const look = (chunk) => {
      said = (said + chunk).slice(-20_000)
      const app = /^ready (http:\S+)$/m.exec(said)?.[1]
      const xero = /The simulated Xero is at (http:[^;\s]+)/.exec(said)?.[1]
      if (!app || !xero) return
      clearTimeout(timer)
      ready({ app, xero })
    }
    program.stdout.on('data', look)
    program.stderr.on('data', look)
    program.once('exit', (code) => {
      clearTimeout(timer)
      failed(new Error(`The program ended with code ${code}. It said:\n${said}`))
    })
  })
  const browser = await chromium.launch({
    executablePath: findChromium(),
    // Date fields follow the browser's language, not the page's.
    env: { ...process.env, LANGUAGE: 'en_NZ' },
    args: ['--lang=en-NZ', '--no-sandbox', '--disable-gpu', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--no-first-run'],
  })
  return {
    ...addresses,
    browser,
    /** What the program printed last, for a failure's report. */
    log: () => said,
    async close() {
      await browser.close()
      const ended = new Promise((done) => program.once('exit', done))
      if (program.exitCode === null && program.signalCode === null) {
        program.kill('SIGTERM')
        const timer = setTimeout(() => program.kill('SIGKILL'), 10_000)
        await ended
        clearTimeout(timer)
      }
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export const desktop = { viewport: { width: 1440, height: 900 } }
export const phone = { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true }

/** For pages whose requests a test intercepts: what passes a service worker cannot always be. */
export const unserved = { serviceWorkers: 'block' }

/** Opens the app for a person of the demonstration: admin, manager or tech. Errors of the page fail the test. */
export async function signIn(firm, who, device = desktop, options = {}) {
  const context = await firm.browser.newContext({ ...device, locale: 'en-NZ', timezoneId: 'Pacific/Auckland', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(30_000)
  page.faults = []
  page.on('pageerror', (error) => page.faults.push(error.message))
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Uncaught|React/.test(message.text())) page.faults.push(message.text())
  })
  await page.goto(firm.app)
  await page.getByLabel('E-mail').fill(`${who}@demo.test`)
  await page.getByLabel('Password').fill('demo-password')
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('navigation', { name: 'Main' }).first().waitFor()
  return page
}

/** One request to the control interface of the simulated Xero. */
export async function simulator(firm, method, path, body) {
  const response = await fetch(`${firm.xero}/_sim/${path}`, {
    method,
    headers: { 'Content-Type': 'application/json' },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  })
  if (!response.ok) throw new Error(`The simulator answered ${response.status} to ${method} ${path}: ${await response.text()}`)
  const text = await response.text()
  return text === '' ? null : JSON.parse(text)
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const standards = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']

/** What axe finds wrong with the page as it is now, as one line each. */
export async function accessibilityFaults(page) {
  // Half-faded colours have no contrast worth measuring; where one ends, what inherits its colour may begin.
  await page.evaluate(async () => {
    const under = () => document.getAnimations().filter((a) => a.playState === 'running' && a.effect?.getTiming().iterations !== Infinity)
    for (let still = 0; still < 2; still++) {
      if (under().length > 0) still = -1
      await Promise.allSettled(under().map((a) => a.finished))
      await new Promise(requestAnimationFrame)
    }
  })
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axe)
  const { violations } = await page.evaluate((runOnly) => window.axe.run(document, { runOnly, resultTypes: ['violations'] }), standards)
  return violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map((node) => node.target.join(' ')).slice(0, 3).join(', ')})`)
}
