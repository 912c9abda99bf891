import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { NonRetryableError } from '../../src/index.ts'
import { until } from '../support/backends.ts'
import { openBoard, type Board } from './board.ts'

const SCRIPT = '<img src=x onerror="window.harmed = true"><script>window.harmed = true</script>'

let board: Board
beforeAll(async () => {
  board = await openBoard()
})
afterAll(async () => {
  await board?.close()
})

function nested(depth: number): unknown {
  let value: unknown = 'the innermost'
  for (let i = 0; i < depth; i++) value = { deeper: value }
  return value
}

test('what a message holds stays text: ids, payloads, errors and states', async () => {
  const id = `x"><svg onload=harmed=1> '&`
  const hostile = board.redrive.queue('hostile')
  hostile.work(async () => {
    throw new NonRetryableError(SCRIPT)
  })
  await hostile.send({ text: SCRIPT, [SCRIPT]: 1 }, { id })
  await until(async () => (await hostile.get(id))?.state === 'dead')

  const page = await board.browser.open(board.at('q/hostile/messages?state=dead'))
  await page.getByText(SCRIPT.slice(0, 40)).first().waitFor()
  await page.getByRole('link', { name: id, exact: true }).click()
  await page.getByRole('heading', { name: id, exact: true }).waitFor()
  await page.getByRole('region', { name: 'Payload' }).getByText(`"${SCRIPT}"`).waitFor()
  expect(await page.evaluate('window.harmed')).toBeUndefined()
  expect(await page.locator('img').count()).toBe(0)
  expect(await page.locator('body script').count()).toBe(0)
  expect(board.browser.complaints).toEqual([])
})

test('a text of a megabyte is cut, and shown whole when somebody asks for it', async () => {
  const long = board.redrive.queue('long', { maxPayloadBytes: 2_000_000 })
  await long.send({ text: 'ab'.repeat(500_000) }, { id: 'long-1', delay: '1h' })
  const page = await board.browser.open(board.at('q/long/m/long-1'))
  const payload = page.getByRole('region', { name: 'Payload' })
  const all = payload.getByRole('button', { name: 'show all 1M characters' })
  await all.waitFor()
  expect((await payload.textContent())?.length).toBeLessThan(2000)
  await all.click()
  await all.waitFor({ state: 'detached' })
  expect((await payload.textContent())?.length).toBeGreaterThan(1_000_000)
})

test('a deep object opens level by level', async () => {
  await board.redrive.queue('deep').send(nested(60), { id: 'deep-1', delay: '1h' })
  const page = await board.browser.open(board.at('q/deep/m/deep-1'))
  const payload = page.getByRole('region', { name: 'Payload' })
  await payload.getByText('1 key').waitFor()
  const open = await payload.locator('details[open]').count()
  expect(open).toBeLessThan(5)
  await payload.locator('details:not([open]) > summary').click()
  await payload.locator('details[open]').nth(open).waitFor()
})

test('a long list is drawn in parts', async () => {
  await board.redrive.queue('deep').send(
    Array.from({ length: 5000 }, (_, i) => i),
    { id: 'list-1', delay: '1h' },
  )
  const page = await board.browser.open(board.at('q/deep/m/list-1'))
  const payload = page.getByRole('region', { name: 'Payload' })
  await payload.getByRole('button', { name: 'show more of 5,000 items' }).click()
  await payload.getByText('539', { exact: true }).waitFor()
  expect(await payload.locator('li').count()).toBe(540)
})
