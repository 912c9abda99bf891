import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { fromPromise, setup } from 'xstate'
import { manyStates } from '../inspect/chart/many-states.ts'
import { gate } from '../support/backends.ts'
import { openBoard, type Board } from './board.ts'

const twoStates = setup({}).createMachine({
  id: 'two',
  initial: 'here',
  states: { here: { on: { GO: 'there' } }, there: {} },
})

let board: Board
beforeAll(async () => {
  board = await openBoard()
})
afterAll(async () => {
  await board?.close()
})

const count = (page: Page, state: string, number: number): Promise<void> =>
  page
    .locator(`[data-state="${state}"] .count`)
    .filter({ hasText: new RegExp(`^${number}$`) })
    .waitFor()

test('a message is seen on its way through the chart', async () => {
  const working = gate()
  const letters = board.redrive.queue('letters')
  const page = await board.browser.open(board.at('q/letters'))
  await count(page, 'pending', 0)
  await page.getByText('Every box is a state').waitFor()

  letters.work(async () => working.opened)
  await letters.send({ to: 'ada' }, { id: 'letter-1' })
  await count(page, 'processing', 1)
  await page.locator('.dots circle[data-id="letter-1"]').first().waitFor({ state: 'attached' })

  working.open()
  await count(page, 'succeeded', 1)
  await count(page, 'processing', 0)
  await page.locator('.dot.tone-done[data-id="letter-1"]').waitFor({ state: 'attached' })
  await page
    .getByRole('row', { name: /^processing 0/ })
    .getByText(/\d (ms|s)/)
    .first()
    .waitFor()
  expect(board.browser.complaints).toEqual([])
})

test('the edge that a message takes grows thicker than the others', async () => {
  const notes = board.redrive.queue('notes')
  notes.work(async () => {})
  const page = await board.browser.open(board.at('q/notes'))
  await count(page, 'pending', 0)
  await notes.sendBulk(Array.from({ length: 50 }, (_, i) => ({ input: i })))
  const busy = page.locator('.edge.is-busy[data-from="processing"]')
  await busy.waitFor()
  expect(await busy.getAttribute('data-to')).toBe('succeeded')
  const style = (await busy.getAttribute('style')) ?? ''
  expect(Number(/--thickness:\s*([\d.]+)px/.exec(style)?.[1])).toBeGreaterThan(1.6)
  expect(await page.locator('.edge[data-to="cancelled"].is-busy').count()).toBe(0)
})

test('a crowd is drawn as a sample: no more dots than an eye can follow', async () => {
  const crowd = board.redrive.queue('crowd')
  const page = await board.browser.open(board.at('q/crowd'))
  await count(page, 'pending', 0)
  crowd.work(async () => {}, { concurrency: 100 })
  await crowd.sendBulk(Array.from({ length: 1500 }, (_, i) => ({ input: i })))
  await page.locator('[data-state="succeeded"] .count').filter({ hasText: '1,500' }).waitFor()
  const dots = await page.locator('.dots circle').count()
  expect(dots).toBeGreaterThan(10)
  expect(dots).toBeLessThanOrEqual(120)
})

test('name and number of a state stand side by side, however many there are', async () => {
  const machine = setup({}).createMachine({
    id: 'long',
    initial: 'acknowledged',
    states: { acknowledged: { on: { GO: 'filed' } }, filed: { type: 'final' } },
  })
  const sent = board.redrive.queue('sent', { machine })
  const page = await board.browser.open(board.at('q/sent'))
  for (const [number, text] of [
    [12, '12'],
    [1400, '1.4K'],
  ] as const) {
    const missing = number - ((await sent.stats()).states['acknowledged'] ?? 0)
    await sent.sendBulk(Array.from({ length: missing }, () => ({ input: {} })))
    await page.locator('[data-state="acknowledged"] .count').filter({ hasText: text }).waitFor()
    expect(await page.evaluate(GAP)).toBeGreaterThan(4)
  }
  await page.getByRole('row', { name: /^acknowledged 1,400/ }).waitFor()
})

test('what is covered by no button: the whole chart fits above them', async () => {
  const machine = setup({}).createMachine({
    id: 'wide',
    initial: 'a',
    states: {
      a: { on: { B: 'b', C: 'c', D: 'd', E: 'e', F: 'f', G: 'g' } },
      ...Object.fromEntries(['b', 'c', 'd', 'e', 'f', 'g'].map((name) => [name, { type: 'final' as const }])),
    },
  })
  board.redrive.queue('wide', { machine })
  const page = await board.browser.open(board.at('q/wide'), { viewport: { width: 1280, height: 500 } })
  await page.locator('[data-state="g"]').waitFor()
  await page.getByRole('button', { name: 'Fit the whole chart' }).click()
  expect(await page.evaluate(COVERED)).toEqual([])
})

test('before there is a chart, states have the colours of their names', async () => {
  await board.redrive.queue('plain').send({}, { id: 'p1', delay: '1h' })
  const page = await board.browser.open(board.at('queues'))
  await page.route('**/chart', () => {})
  await page.goto(board.at('q/plain'))
  const row = page.getByRole('row', { name: /^pending 1/ })
  await row.locator('.tone-waiting').waitFor({ state: 'attached' })
  expect(await page.locator('.states .tone-dead').count()).toBe(0)
})

test('a queue that is not here is told so, on each of its pages', async () => {
  const page = await board.browser.open(board.at('q/nowhere/messages'))
  await page.getByRole('alert').filter({ hasText: 'no queue “nowhere”' }).waitFor()
  await page.goto(board.at('q/nowhere'))
  await page.getByRole('alert').filter({ hasText: 'there is no queue "nowhere"' }).waitFor()
  expect(await page.getByText('The messages can be read without it').count()).toBe(0)
})

test('on a small screen the row of pages is moved to where one is, and the legend is whole', async () => {
  board.redrive.queue('zzz')
  await board.redrive.queue('zzz').send({}, { delay: '1h' })
  const page = await board.browser.open(board.at('q/zzz'), { viewport: { width: 360, height: 740 } })
  const current = page.locator('.navigation [aria-current="page"]')
  await current.waitFor()
  await page.waitForFunction(
    "document.querySelector('.navigation [aria-current]').getBoundingClientRect().right <= innerWidth",
  )
  expect(await current.textContent()).toContain('zzz')
  const legend = page.getByRole('list', { name: 'Legend' })
  await legend.getByText('needs somebody').waitFor()
  // It would be cut off at the border of its panel.
  expect(await page.evaluate(CUT)).toBe(0)
})

test('a click on a state leads to its messages', async () => {
  board.redrive.queue('cards')
  await board.redrive.queue('cards').send({}, { id: 'card-1', delay: '1h' })
  const page = await board.browser.open(board.at('q/cards'))
  await page.locator('[data-card="pending"]').click()
  await page.getByRole('link', { name: 'card-1', exact: true }).waitFor()
  expect(page.url()).toContain('#/q/cards/messages?state=pending')
})

test('the arrow keys go from state to state, Enter opens one, and + zooms', async () => {
  const page = await board.browser.open(board.at('q/cards'))
  const entry = page.locator('[data-card][tabindex="0"]')
  await entry.waitFor()
  expect(await entry.getAttribute('data-card')).toBe('pending')
  const chart = page.locator('.chart svg > g')
  const before = await chart.getAttribute('transform')
  await entry.focus()
  await page.keyboard.press('+')
  await page.locator(`.chart svg > g:not([transform="${before}"])`).waitFor()
  await page.keyboard.press('0')
  await page.keyboard.press('ArrowDown')
  const focused = page.locator('[data-card]:focus')
  await focused.waitFor()
  const next = await focused.getAttribute('data-card')
  expect(next).not.toBe('pending')
  await page.keyboard.press('Enter')
  await page.waitForURL(`**/*messages?state=${next}`)
})

test('a machine of sixty states in three levels is drawn, and nothing lies outside of what holds it', async () => {
  const machine = manyStates().provide({
    guards: { mayBeSkipped: () => false },
    delays: { aVeryLongNameOfADelay: 60_000 },
    actors: { callSomebody: fromPromise(async () => {}) },
  })
  board.redrive.queue('many', { machine })
  const page = await board.browser.open(board.at('q/many'))
  await page.locator('[data-state="stage0.left.s0"]').waitFor()
  expect(await page.locator('[data-state]').count()).toBeGreaterThan(60)
  const outside = await page.evaluate<string[]>(OUTSIDE)
  expect(outside).toEqual([])
})

test('a queue whose machine is not here has no chart, and its messages can be read all the same', async () => {
  const elsewhere = board.backend.open().queue('elsewhere', { machine: twoStates })
  await elsewhere.send({}, { id: 'far-1' })
  const page = await board.browser.open(board.at('q/elsewhere'))
  await page.getByRole('alert').filter({ hasText: 'machine' }).waitFor()
  await page.getByRole('link', { name: 'messages of elsewhere' }).click()
  await page.getByRole('link', { name: 'far-1' }).click()
  await page.getByRole('heading', { name: 'far-1' }).waitFor()
  expect(board.browser.complaints).toEqual([])
})

test('messages in states that the machine no longer has are told of below its chart', async () => {
  const before = setup({}).createMachine({ id: 'drifts', initial: 'gone', states: { gone: {} } })
  const now = setup({}).createMachine({ id: 'drifts', version: '2', initial: 'here', states: { here: {} } })
  await board.backend.open().queue('drifts', { machine: before }).send({}, { id: 'd1' })
  board.redrive.queue('drifts', { machine: now })
  const page = await board.browser.open(board.at('q/drifts'))
  await page.getByText('In states that this version of the machine does not have').waitFor()
  await page.getByRole('link', { name: '1 gone' }).click()
  await page.getByRole('link', { name: 'd1', exact: true }).waitFor()

  await board.backend.open().queue('unseen', { machine: now }).send({}, { id: 'u1' })
  await page.goto(board.at('versions'))
  const unseen = page.getByRole('region', { name: 'unseen', exact: true })
  await unseen.getByText('Whether there is drift cannot be told').waitFor()
  expect(await unseen.getByText('No drift').count()).toBe(0)
})

/** Pixels of the legend that its panel cuts off. */
const CUT = `(() => {
  const legend = document.querySelector('.legend')
  return legend.scrollWidth - legend.clientWidth
})()`

/** Pixels between the name of a state and its number. */
const GAP = `(() => {
  const [name, count] = ['.name', '.count'].map((part) => document.querySelector('[data-state="acknowledged"] ' + part).getBoundingClientRect())
  return count.left - name.right
})()`

/** Names of states that lie below the buttons. */
const COVERED = `(() => {
  const zoom = document.querySelector('.zoom').getBoundingClientRect()
  return [...document.querySelectorAll('[data-state]')].flatMap((state) => {
    const box = state.getBoundingClientRect()
    return box.right > zoom.left && box.bottom > zoom.top && box.left < zoom.right ? [state.dataset.state] : []
  })
})()`

/** Names of states whose box leaves the box of the state around them. */
const OUTSIDE = `(() => {
  const boxes = new Map([...document.querySelectorAll('[data-state]')].map((g) => [g.dataset.state, g.querySelector('.box').getBoundingClientRect()]))
  return [...boxes].flatMap(([id, box]) => {
    const around = boxes.get(id.split('.').slice(0, -1).join('.'))
    if (!around || id === '') return []
    const inside = box.left >= around.left - 1 && box.right <= around.right + 1 && box.top >= around.top - 1 && box.bottom <= around.bottom + 1
    return inside ? [] : [id]
  })
})()`
