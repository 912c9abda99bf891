import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Page } from 'playwright-core'
import { assign, setup } from 'xstate'
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

const lit = (page: Page, state: string): Promise<void> =>
  page.locator(`.message-chart .is-lit[data-state="${state}"]`).waitFor()

test('time travel: each step of the journal lights up its place on the chart', async () => {
  const payments = board.redrive.queue('payments', { retry: { attempts: 3, backoff: { type: 'fixed', delay: 1 } } })
  const worker = payments.work(async (_, { attempt }) => {
    if (attempt === 1) throw new Error('bank is asleep')
    throw new NonRetryableError('card refused')
  })
  await payments.send({ cents: 4200 }, { id: 'pay-1' })
  await until(async () => (await payments.get('pay-1'))?.state === 'dead')
  const steps = await payments.history('pay-1')
  expect(steps.map(({ to }) => to)).toEqual(['pending', 'processing', 'retrying', 'processing', 'dead'])

  const page = await board.browser.open(board.at('q/payments/m/pay-1'))
  await lit(page, 'dead')
  await page.getByText('card refused').first().waitFor()
  const back = page.getByRole('button', { name: 'Step back' })
  await back.click()
  await lit(page, 'processing')
  await back.click()
  await lit(page, 'retrying')
  // A straight line has no area, and so does not count as visible.
  const taken = page.locator('.message-chart .edge.is-lit[data-from="processing"][data-to="retrying"]')
  await taken.waitFor({ state: 'attached' })
  await page.getByText('bank is asleep').first().waitFor()

  // The link holds the moment that is looked at.
  const again = await board.browser.open(page.url())
  await lit(again, 'retrying')
  await again.getByRole('slider', { name: 'Step' }).press('Home')
  await lit(again, 'pending')
  await again.getByRole('button', { name: 'Play all steps' }).click()
  await lit(again, 'dead')
  await worker.stop()
})

const review = setup({
  types: { context: {} as { approvals: string[] }, events: {} as { type: 'APPROVE'; by: string } | { type: 'SHIP' } },
  guards: { isApproved: ({ context }) => context.approvals.length > 0 },
}).createMachine({
  id: 'review',
  context: { approvals: [] },
  initial: 'waiting',
  states: {
    waiting: {
      on: {
        APPROVE: {
          target: 'approved',
          actions: assign({ approvals: ({ context, event }) => [...context.approvals, event.by] }),
        },
        SHIP: { guard: 'isApproved', target: 'shipped' },
      },
    },
    approved: { on: { SHIP: { guard: 'isApproved', target: 'shipped' } } },
    shipped: { type: 'final' },
  },
})

test('an event is rehearsed, sent, and its change of the context is seen', async () => {
  const reviews = board.redrive.queue('reviews', { machine: review })
  reviews.work({})
  await reviews.send({}, { id: 'order-1' })
  const page = await board.browser.open(board.at('q/reviews/m/order-1'))
  await lit(page, 'waiting')
  const next = page.getByRole('region', { name: 'What can happen next' })
  await next.getByText('not now: the guard isApproved says no').waitFor()
  // With other data it might say yes, so it can be tried.
  await next.getByRole('button', { name: 'SHIP' }).click()
  await next.getByRole('button', { name: 'Dry run' }).click()
  await next.getByText('It would stay in waiting: the guard isApproved says no.').waitFor()

  await next.getByRole('button', { name: 'APPROVE' }).click()
  await next.getByLabel('Its data, as JSON').fill('{ "by": "ada" }')
  await next.getByRole('button', { name: 'Dry run' }).click()
  const outcome = next.getByRole('status', { name: 'Dry run' })
  await outcome.getByText('Nothing was written').waitFor()
  await outcome.getByText('"ada"').first().waitFor()
  expect(await outcome.textContent()).toContain('waiting to approved')
  expect((await reviews.get('order-1'))?.state).toBe('waiting')

  await next.getByRole('button', { name: 'Send', exact: true }).click()
  await lit(page, 'approved')
  expect((await reviews.get('order-1'))?.context).toEqual({ approvals: ['ada'] })
  const changed = page.getByRole('region', { name: 'Context', exact: true })
  await changed.getByText('What this step changed').waitFor()
  await changed.locator('ins', { hasText: 'ada' }).waitFor()
  expect(board.browser.complaints).toEqual([])
})

test('with contexts in the journal each step shows what it changed, also to a page that has seen none', async () => {
  const queue = board.redrive.queue('kept', { machine: review, journal: { contexts: true } })
  queue.work({})
  await queue.send({}, { id: 'order-1' })
  await queue.signal('order-1', { type: 'APPROVE', by: 'ada' }, { wait: '20s' })
  await queue.signal('order-1', { type: 'SHIP' }, { wait: '20s' })
  const page = await board.browser.open(board.at('q/kept/m/order-1?step=1'))
  await lit(page, 'approved')
  const then = page.getByRole('region', { name: 'Context then' })
  await then.locator('ins', { hasText: 'ada' }).waitFor()
  await page.getByRole('button', { name: 'Step back' }).click()
  await lit(page, 'waiting')
  await then.locator('ins', { hasText: '[]' }).waitFor()
  expect(await then.textContent()).not.toContain('ada')
  // Without them the page says how to get them.
  const older = await board.browser.open(board.at('q/reviews/m/order-1?step=0'))
  await older.getByText('journal: { contexts: true }').waitFor()
})

test('an event whose data is no object is not sent, and the page says why', async () => {
  await board.redrive.queue('reviews').send({}, { id: 'order-2' })
  const page = await board.browser.open(board.at('q/reviews/m/order-2'))
  await page.getByLabel('Event', { exact: true }).fill('APPROVE')
  await page.getByLabel('Its data, as JSON').fill('[1]')
  await page.getByText('The data of an event is an object').waitFor()
  expect(await page.getByRole('button', { name: 'Send', exact: true }).isDisabled()).toBe(true)
})

test('a timer counts down, and a message is found by the beginning of its id', async () => {
  await board.redrive.queue('letters').send({}, { id: 'letter-far-away', delay: '2h' })
  const page = await board.browser.open(board.at('q/letters'))
  await page.getByLabel('Find a message by id').fill('letter-far')
  await page.keyboard.press('Enter')
  await page.getByRole('link', { name: 'letter-far-away' }).click()
  const timer = page.getByText(/^in 1 h 59 min/).first()
  await timer.waitFor()
  expect(Date.parse((await timer.getAttribute('datetime')) ?? '')).toBeGreaterThan(Date.now() + 3_600_000)
})

test('the payload that was sent is shown below the one that it was given since', async () => {
  const bills = board.redrive.queue('bills')
  bills.work(async () => {
    throw new NonRetryableError('no such account')
  })
  await bills.send({ to: 'ada' }, { id: 'bill-1' })
  await until(async () => (await bills.get('bill-1'))?.state === 'dead')
  await bills.edit('bill-1', { to: 'bob' }, { wait: '20s' })
  const page = await board.browser.open(board.at('q/bills/m/bill-1'))
  const payload = page.getByRole('region', { name: 'Payload' })
  await payload.getByText('As it was sent').waitFor()
  expect(await payload.textContent()).toMatch(/bob.*As it was sent.*ada/s)
})

test('a message that is not there is told so', async () => {
  const page = await board.browser.open(board.at('q/letters/m/nobody'))
  await page.getByText('There is no message “nobody”: it was removed').waitFor()
  expect(await page.getByRole('button', { name: /Send|Remove/ }).count()).toBe(0)
})
