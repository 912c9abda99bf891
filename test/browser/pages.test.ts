import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { BrowserContextOptions } from 'playwright-core'
import { NonRetryableError, type Worker } from '../../src/index.ts'
import { until } from '../support/backends.ts'
import { seriousFindings } from './axe.ts'
import { openBoard, type Board } from './board.ts'
import { picture } from './browser.ts'

let board: Board
let worker: Worker
beforeAll(async () => {
  board = await openBoard()
  const letters = board.redrive.queue('letters', { retry: { attempts: 2, backoff: { type: 'fixed', delay: '1h' } } })
  worker = letters.work(async (letter: { to: string }) => {
    if (letter.to === 'nobody') throw new NonRetryableError('there is no such address')
    if (letter.to === 'away') throw new Error('nobody at home')
  })
  const people = ['ada', 'nobody', 'away', 'alan']
  await letters.sendBulk(people.map((to, i) => ({ input: { to, lines: ['Dear', to] }, id: `letter-${i}-${to}` })))
  await letters.send({ to: 'later' }, { id: 'letter-later', delay: '2h' })
  await until(async () => (await letters.stats()).states['succeeded'] === 2)
  await until(async () => (await letters.get('letter-1-nobody'))?.state === 'dead')
})
afterAll(async () => {
  await worker?.stop()
  await board?.close()
})

/** A page, and what is there when it is ready. */
const PAGES: readonly (readonly [name: string, path: string, ready: string])[] = [
  ['chart', 'q/letters', '[data-state="succeeded"] .count:has-text("2")'],
  ['messages', 'q/letters/messages?state=dead', 'text=letter-1-nobody'],
  ['message', 'q/letters/m/letter-1-nobody', '.message-chart .is-lit[data-state="dead"]'],
  ['queues', 'queues', '.queue-card'],
  ['operations', 'operations', 'h2:has-text("Who did what")'],
  ['workers', 'workers', 'h1'],
  ['versions', 'versions', 'text=No drift'],
  ['health', 'health', 'h2:has-text("Redis")'],
  ['search', 'search?id=letter', 'text=letter-later'],
]

const SIZES: readonly (readonly [name: string, options: BrowserContextOptions])[] = [
  ['mobile-light', { viewport: { width: 360, height: 740 }, colorScheme: 'light' }],
  ['mobile-dark', { viewport: { width: 360, height: 740 }, colorScheme: 'dark' }],
  ['desktop-light', { viewport: { width: 1280, height: 800 }, colorScheme: 'light' }],
  ['desktop-dark', { viewport: { width: 1280, height: 800 }, colorScheme: 'dark' }],
  ['wide-light', { viewport: { width: 2560, height: 1300 }, colorScheme: 'light' }],
]

describe.each(SIZES)('%s', (size, options) => {
  test('every page is accessible, fits its screen, and complains of nothing', async () => {
    const page = await board.browser.open(board.at(''), options)
    const problems: string[] = []
    for (const [name, path, ready] of PAGES) {
      await page.goto(board.at(path))
      await page.locator(ready).first().waitFor()
      problems.push(...(await seriousFindings(page)).map((finding) => `${name}: ${finding}`))
      const wider = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')
      if (wider > 0) problems.push(`${name}: ${wider} pixels wider than the screen`)
      await picture(page, `${name}-${size}`)
    }
    expect(problems).toEqual([])
    expect(board.browser.complaints).toEqual([])
    await page.context().close()
  })
})

test('the first page is the only queue, and its name among the pages says so', async () => {
  const page = await board.browser.open(board.at(''))
  await page.locator('[data-state="succeeded"]').waitFor()
  const current = page.locator('.navigation [aria-current="page"]')
  expect(await current.allTextContents()).toEqual([expect.stringContaining('letters')])
})

test('health tells what Redis is, and how full', async () => {
  const page = await board.browser.open(board.at('health'))
  const redis = page.getByRole('region', { name: 'Redis' })
  await redis.getByText(/B in use, without a limit; when it is full: noeviction/).waitFor()
  expect(await redis.textContent()).toMatch(/Server\s*(redis|valkey) \d/i)
})

test('the switch of colours wins over the system, and is kept', async () => {
  const page = await board.browser.open(board.at('queues'), { colorScheme: 'light' })
  const background = (): Promise<string> => page.evaluate('getComputedStyle(document.documentElement).backgroundColor')
  const light = await background()
  await page.getByRole('button', { name: 'Colours: system' }).click()
  await page.getByRole('button', { name: 'Colours: light' }).click()
  await page.getByRole('button', { name: 'Colours: dark' }).waitFor()
  const dark = await background()
  expect(dark).not.toBe(light)
  await page.reload()
  await page.getByRole('button', { name: 'Colours: dark' }).waitFor()
  expect(await background()).toBe(dark)
})

test('whoever wants less motion gets no dots', async () => {
  const page = await board.browser.open(board.at('q/letters'), { reducedMotion: 'reduce' })
  await page.locator('[data-state="succeeded"] .count').filter({ hasText: '2' }).waitFor()
  await board.redrive.queue('letters').send({ to: 'grace' }, { id: 'letter-grace' })
  await page.locator('[data-state="succeeded"] .count').filter({ hasText: '3' }).waitFor()
  expect(await page.locator('.dots circle').count()).toBe(0)
})
