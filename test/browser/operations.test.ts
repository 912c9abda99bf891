import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { NonRetryableError } from '../../src/index.ts'
import { until } from '../support/backends.ts'
import { openBoard, type Board } from './board.ts'

let board: Board
beforeAll(async () => {
  board = await openBoard()
})
afterAll(async () => {
  await board?.close()
})

test('the dead of one error are redriven, and no others', async () => {
  let mended = false
  const orders = board.redrive.queue('orders')
  orders.work(async ({ kind }: { kind: string }) => {
    if (!mended) throw Object.assign(new NonRetryableError(`no ${kind}`), { code: kind.toUpperCase() })
  })
  const kinds = ['bank', 'bank', 'bank', 'stock', 'stock']
  await orders.sendBulk(kinds.map((kind, i) => ({ input: { kind }, id: `${kind}-${i}` })))
  await until(async () => (await orders.stats()).states['dead'] === 5)
  mended = true

  const page = await board.browser.open(board.at('q/orders/messages?state=dead'))
  await page.getByRole('region', { name: 'Errors' }).getByRole('link', { name: /BANK/ }).click()
  await page.getByText('stock-3').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Redrive…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('3 messages match').waitFor()
  expect((await orders.stats()).states['dead']).toBe(5)
  await dialog.getByRole('button', { name: 'Redrive 3' }).click()
  await dialog.locator('[data-state="done"]').waitFor()
  await dialog.getByText('3 of 3 done').waitFor()
  await until(async () => (await orders.stats()).states['succeeded'] === 3)
  expect((await orders.stats()).states['dead']).toBe(2)
  await dialog.getByRole('button', { name: 'Close' }).last().click()

  await page.goto(board.at('operations'))
  await page
    .getByRole('row', { name: /orders redrive/ })
    .first()
    .waitFor()
  expect(board.browser.complaints).toEqual([])
})

test('what an action is about is said in words, with every filter', async () => {
  const drawer = board.redrive.queue('drawer')
  await drawer.send({ to: { city: 'Riga' } }, { id: 'paper-1', delay: '1h' })
  const filters = 'idPrefix=paper&maxAttempts=3&maxAgeMs=3600000&field=to.city&equals=%22Riga%22'
  const page = await board.browser.open(board.at(`q/drawer/messages?state=pending&${filters}`))
  await page.getByRole('link', { name: 'paper-1' }).waitFor()
  const words =
    'all in pending with 3 attempts or fewer, 1 h or less in it, an id that begins with paper, to.city = "Riga"'
  await page.getByText(words).waitFor()
  await page.getByText('5 on').waitFor()
  expect(await page.getByLabel('Attempts at most').inputValue()).toBe('3')
  await page.getByRole('button', { name: 'Remove…' }).click()
  await page.getByRole('dialog').getByText('For an hour it can be brought back.').waitFor()
})

test('chosen messages are removed, and brought back', async () => {
  const drafts = board.redrive.queue('drafts')
  await drafts.sendBulk([0, 1, 2].map((n) => ({ input: n, id: `draft-${n}`, delay: '1h' })))
  const page = await board.browser.open(board.at('q/drafts/messages?state=pending'))
  await page.getByLabel('Choose draft-0').check()
  await page.getByLabel('Choose draft-2').check()
  await page.getByRole('button', { name: 'Remove…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Remove 2' }).click()
  await dialog.getByText('2 of 2 done').waitFor()
  expect((await drafts.list({ state: 'pending' })).map(({ id }) => id)).toEqual(['draft-1'])
  await dialog.getByRole('button', { name: 'Undo' }).click()
  await until(async () => (await drafts.stats()).states['pending'] === 3)
})

test('an event is sent to all in a state, no quicker than was said', async () => {
  const offers = board.redrive.queue('offers')
  offers.work(async () => {})
  await offers.sendBulk([0, 1, 2].map((n) => ({ input: n, id: `offer-${n}`, delay: '1h' })))
  const page = await board.browser.open(board.at('q/offers/messages?state=pending'))
  await page.getByRole('button', { name: 'Send event…' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByText('3 messages match').waitFor()
  expect(await dialog.getByRole('button', { name: 'Send event 3' }).isDisabled()).toBe(true)
  await dialog.getByLabel('Event', { exact: true }).fill('CANCEL')
  await dialog.getByLabel(/At most/).fill('50')
  await dialog.getByRole('button', { name: 'Send event 3' }).click()
  await dialog.getByText('3 of 3 done').waitFor()
  await until(async () => (await offers.stats()).states['cancelled'] === 3)
})

test('a queue is paused after a question, and goes on', async () => {
  const calls = board.redrive.queue('calls')
  calls.work(async () => {})
  const page = await board.browser.open(board.at('q/calls'))
  await page.getByRole('button', { name: 'Pause' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Pause' }).click()
  await page.getByText('paused: workers take nothing new').waitFor()
  expect((await calls.stats()).paused).toBe(true)
  await calls.send({}, { id: 'call-1' })
  await page.locator('[data-state="pending"] .count').filter({ hasText: '1' }).waitFor()
  await page.getByRole('button', { name: 'Resume' }).click()
  await page.locator('[data-state="succeeded"] .count').filter({ hasText: '1' }).waitFor()
  await page.getByText('paused: workers take nothing new').waitFor({ state: 'detached' })
})

test('the payload of a dead message is mended, and the message redriven from its page', async () => {
  const invoices = board.redrive.queue('invoices')
  invoices.work(async ({ cents }: { cents: number }) => {
    if (cents < 0) throw new NonRetryableError('a negative amount')
    return cents
  })
  await invoices.send({ cents: -5 }, { id: 'invoice-1' })
  await until(async () => (await invoices.get('invoice-1'))?.state === 'dead')
  const page = await board.browser.open(board.at('q/invoices/m/invoice-1'))
  await page.getByRole('button', { name: 'Edit' }).click()
  await page.getByLabel('Payload, as JSON').fill('{ "cents": 5 }')
  await page.getByRole('button', { name: 'Save payload' }).click()
  await page.getByRole('region', { name: 'Payload' }).getByText('5', { exact: true }).waitFor()
  await page.getByRole('button', { name: 'Redrive…' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Redrive 1' }).click()
  await page.getByRole('dialog').getByText('1 of 1 done').waitFor()
  await page.locator('.message-chart .is-lit[data-state="succeeded"]').waitFor()
  expect(await invoices.result('invoice-1')).toBe(5)
})

test('a dashboard for reading offers nothing that writes', async () => {
  const reading = await openBoard({ readOnly: true })
  try {
    await reading.redrive.queue('letters').send({}, { id: 'a', delay: '1h' })
    const page = await reading.browser.open(reading.at('q/letters/messages?state=pending'))
    await page.getByText('read only').waitFor()
    await page.getByRole('link', { name: 'a', exact: true }).waitFor()
    expect(await page.getByRole('button', { name: /Remove|Cancel|Pause/ }).count()).toBe(0)
    await page.goto(reading.at('q/letters/m/a'))
    await page.getByRole('heading', { name: 'What can happen next' }).waitFor()
    expect(await page.getByRole('button', { name: /Send|Dry run|Remove/ }).count()).toBe(0)
  } finally {
    await reading.close()
  }
})
