import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { openBoard, type Board } from './board.ts'

let board: Board
beforeAll(async () => {
  board = await openBoard()
})
afterAll(async () => {
  await board?.close()
})

test('while Redis is away the page says so, and it goes on by itself', async () => {
  const { redis } = board.backend
  const letters = board.redrive.queue('letters')
  const page = await board.browser.open(board.at('q/letters'))
  await letters.send({}, { id: 'a', delay: '1h' })
  const pending = page.locator('[data-state="pending"] .count')
  await pending.filter({ hasText: '1' }).waitFor()

  await redis.server.kill('SIGKILL')
  await page.getByText('Redis is away').waitFor()
  // What was known stays in sight, and the page says how old it is.
  expect(await pending.textContent()).toBe('1')
  await page.getByText(/Figures are those of \d\d:\d\d:\d\d/).waitFor()

  await redis.server.restart()
  await page.getByText('Redis is away').waitFor({ state: 'detached' })
  await letters.send({}, { id: 'b', delay: '1h' })
  await letters.send({}, { id: 'c', delay: '1h' })
  await pending.filter({ hasText: /^[23]$/ }).waitFor()
})

test('a hidden tab closes its stream, and opens it again when it is shown', async () => {
  board.redrive.queue('quiet')
  const page = await board.browser.open(board.at('q/quiet'))
  await page.getByText('live', { exact: true }).waitFor()
  const ended = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/live'))
  await page.evaluate(setHidden(true))
  await ended
  const opened = page.waitForRequest((request) => request.url().endsWith('/live'))
  await page.evaluate(setHidden(false))
  expect((await opened).headers()['last-event-id']).toMatch(/^\d+$/)
  await page.getByText('live', { exact: true }).waitFor()
})

/** A headless browser shows every tab. */
const setHidden = (hidden: boolean): string =>
  `Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${hidden} }); document.dispatchEvent(new Event('visibilitychange'))`

test('a link with a token is used once and leaves the address; without one the page asks', async () => {
  const locked = await openBoard({ token: 'a-token-of-this-test' })
  try {
    locked.redrive.queue('letters')
    const page = await locked.browser.open(locked.at('').replace(/#.*$/, '#token=a-token-of-this-test'))
    await page.getByRole('heading', { name: 'letters' }).waitFor()
    expect(page.url()).not.toContain('token')
    const stranger = await locked.browser.open(locked.at('q/letters'))
    await stranger.getByLabel('Token').fill('a-token-of-this-test')
    await stranger.getByRole('button', { name: 'Open' }).click()
    await stranger.getByRole('heading', { name: 'letters' }).waitFor()
  } finally {
    await locked.close()
  }
})
