import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { jest } from '@jest/globals'
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core'
import { CHROMIUM_FLAGS, findChromium } from '../../scripts/find-chromium.mjs'

/** A real Chromium, and the pages that a test opens in it. */
export interface TestBrowser {
  /** A page in a profile of its own. */
  open(url: string, options?: BrowserContextOptions): Promise<Page>
  /** What pages complained of: exceptions, errors in the console, refused by the content security policy. */
  readonly complaints: string[]
  close(): Promise<void>
}

/** Nothing here measures speed, and the machine may be busy with other tests: long enough to tell that something never comes. */
const PATIENCE = 40_000
jest.setTimeout(3 * PATIENCE)

const PICTURES = join(process.cwd(), '.cache/screenshots')

export async function openBrowser(): Promise<TestBrowser> {
  const executablePath = findChromium()
  if (executablePath === undefined)
    throw new Error('No Chromium. Run: bash scripts/setup.sh --browser, or set REDRIVE_CHROMIUM to the path of one.')
  const browser = await chromium.launch({ executablePath, args: [...CHROMIUM_FLAGS] })
  const complaints: string[] = []
  return {
    complaints,
    open: (url, options) => openPage(browser, url, options, complaints),
    close: () => browser.close(),
  }
}

async function openPage(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  complaints: string[],
): Promise<Page> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(PATIENCE)
  page.on('pageerror', (error) => complaints.push(error.stack ?? error.message))
  page.on('console', (message) => {
    // That a server is away is told by the browser itself, for every request.
    if (message.type() === 'error' && !message.text().startsWith('Failed to load resource'))
      complaints.push(message.text())
  })
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  await page.goto(url)
  return page
}

/** Kept as a file to be looked at; not part of the repository. */
export async function picture(page: Page, name: string): Promise<void> {
  mkdirSync(PICTURES, { recursive: true })
  await page.screenshot({ path: join(PICTURES, `${name}.png`) })
}
