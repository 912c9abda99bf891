#!/usr/bin/env node
import { spawn } from 'node:child_process'
import { mkdirSync, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'
import { CHROMIUM_FLAGS, findChromium } from './find-chromium.mjs'

/** Makes the pictures of the README from the demo, while it runs. */
const FOLDER = fileURLToPath(new URL('../docs/images/', import.meta.url))
const LARGEST = 200_000
const SIZE = { width: 1280, height: 820 }
/** So much has happened when the pictures are taken. */
const SETTLED = /^(1[5-9]\d|[2-9]\d\d|\d,\d{3})$/

const demo = spawn(process.execPath, [fileURLToPath(new URL('demo.mjs', import.meta.url)), '--keep'], {
  stdio: ['ignore', 'pipe', 'inherit'],
})
const browser = await chromium.launch({ executablePath: findChromium(), args: CHROMIUM_FLAGS })
try {
  mkdirSync(FOLDER, { recursive: true })
  const url = await addressOf(demo.stdout)
  await shoot('chart', 'light', url, chartInFlow)
  await shoot('message', 'dark', url, deadMessage)
} finally {
  await browser.close()
  demo.kill('SIGTERM')
}

/** The first address that the demo prints after "Look inside". */
async function addressOf(output) {
  for await (const line of createInterface({ input: output })) {
    const found = /Look inside: (http\S+)/.exec(line)
    if (found) {
      // Who stops reading would stop the demo.
      output.resume()
      return found[1]
    }
  }
  throw new Error('the demo ended without telling the address of its dashboard')
}

async function shoot(name, colorScheme, url, arrange) {
  const page = await browser.newPage({ viewport: SIZE, colorScheme })
  await page.goto(url)
  await arrange(page)
  const path = `${FOLDER}dashboard-${name}.png`
  await page.screenshot({ path })
  await page.close()
  const { size } = statSync(path)
  if (size > LARGEST) throw new Error(`${path} has ${size} bytes; at most ${LARGEST} are wanted`)
  console.log(`${path}: ${size} bytes`)
}

async function chartInFlow(page) {
  await page.goto(`${page.url().split('#')[0]}#/q/webhooks`)
  await page.locator('[data-state="succeeded"] .count').filter({ hasText: SETTLED }).waitFor()
  await page.locator('.dot:not([style*="none"])').nth(4).waitFor({ state: 'attached' })
}

async function deadMessage(page) {
  await page.goto(`${page.url().split('#')[0]}#/q/webhooks/messages?state=dead&minAttempts=3`)
  await page.locator('.cell-id a').first().click()
  await page.locator('.message-chart .is-lit[data-state="dead"]').waitFor()
  await page.getByRole('heading', { name: 'What can happen next' }).waitFor()
  await page.getByRole('button', { name: 'REDRIVE', exact: true }).waitFor()
}
