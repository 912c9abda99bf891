import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { approval, dunning, orderSaga, polling, type Order, type Reminder } from '../../../machines/examples/index.ts'
import { createMemoryStore, NonRetryableError, Redrive } from '../../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../../support/backends.ts'

const ORDER: Order = { items: [{ sku: 'book', quantity: 2 }], cents: 4200, card: 'card-1', address: 'London' }
const soon = { attempts: 3, backoff: { delay: 5, jitter: 'none' } } as const

/** Handlers of a saga that note what they do. */
function shop(done: string[], refuse: (name: string) => Error | undefined = () => undefined) {
  const act = (name: string) => async (): Promise<string> => {
    const error = refuse(name)
    if (error) throw error
    done.push(name)
    return `${name}-1`
  }
  return {
    reserveStock: act('reserve'),
    chargeCard: act('charge'),
    ship: act('ship'),
    cancelShipment: act('cancel shipment'),
    refundCard: act('refund'),
    releaseStock: act('release'),
  }
}

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('shipped workflows on %s', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  test('an order is fulfilled', async () => {
    const done: string[] = []
    const orders = backend.open().queue('orders', { machine: orderSaga })
    let failures = 0
    orders.work(shop(done, (name) => (name === 'charge' && failures++ === 0 ? new Error('busy') : undefined)))
    await orders.send({ order: ORDER, retry: soon }, { id: 'good' })
    expect(await orders.result('good', { timeout: '60s' })).toEqual({
      status: 'fulfilled',
      reservation: 'reserve-1',
      payment: 'charge-1',
      shipment: 'ship-1',
    })
    expect(done).toEqual(['reserve', 'charge', 'ship'])
    expect((await orders.history('good')).map(({ to }) => to)).toContain('retrying')
  })

  test('an order that cannot be shipped is undone in reverse order', async () => {
    const done: string[] = []
    const orders = backend.open().queue('undone', { machine: orderSaga })
    const failures = new Map([['refund', 2]])
    orders.work(
      shop(done, (name) => {
        if (name === 'ship') return new NonRetryableError('no such street')
        const left = failures.get(name) ?? 0
        failures.set(name, left - 1)
        return left > 0 ? new Error('busy') : undefined
      }),
    )
    await orders.send({ order: ORDER, retry: soon, undo: soon }, { id: 'bad' })
    await expect(orders.result('bad', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_CANCELLED' })
    expect(done).toEqual(['reserve', 'charge', 'cancel shipment', 'refund', 'release'])
    expect((await orders.get('bad'))?.context).toMatchObject({
      because: { message: 'no such street' },
      error: { message: 'busy' },
    })
  })

  test('what cannot be undone is dead until somebody mends things', async () => {
    const done: string[] = []
    let broken = true
    const orders = backend.open().queue('stuck', { machine: orderSaga })
    orders.work(shop(done, (name) => (broken && name !== 'reserve' ? new NonRetryableError(`no ${name}`) : undefined)))
    await orders.send({ order: ORDER }, { id: 'x' })
    await expect(orders.result('x', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_DEAD' })
    broken = false
    await orders.redrive('x')
    await until(async () => (await orders.get('x'))?.state === 'undone')
    expect(done).toEqual(['reserve', 'refund', 'release'])
  })

  test('somebody is asked, reminded, and says yes', async () => {
    const asked: number[] = []
    const approvals = backend.open().queue('approvals', { machine: approval })
    approvals.work({
      ask: async ({ reminder }) => void asked.push(reminder),
      carryOut: async ({ request, decision }) => ({ request, by: decision?.by }),
    })
    await approvals.send({ request: 'a desk', approver: 'ada', remindEvery: 20 }, { id: 'a' })
    await until(() => asked.length >= 3)
    await approvals.signal('a', { type: 'APPROVE', by: 'grace' })
    expect(await approvals.result('a', { timeout: '60s' })).toEqual({
      answer: 'approved',
      by: 'grace',
      result: { request: 'a desk', by: 'grace' },
    })
    expect(asked.slice(0, 3)).toEqual([0, 1, 2])
  })

  test('a job elsewhere is looked at until it is done', async () => {
    let looks = 0
    const jobs = backend.open().queue('jobs', { machine: polling })
    jobs.work({
      startJob: async ({ job }) => ({ ticket: job }),
      checkJob: async ({ remote }) => (++looks < 4 ? { state: 'running' } : { state: 'done', output: remote }),
      cancelJob: async () => {},
    })
    await jobs.send({ job: 7, poll: { delay: 5 } }, { id: 'j' })
    expect(await jobs.result('j', { timeout: '60s' })).toEqual({ ticket: 7 })
    expect((await jobs.get('j'))?.context).toMatchObject({ polls: 3 })
  })

  test('a debt that nobody pays ends the subscription; one that is paid does not', async () => {
    const letters: Pick<Reminder, 'round' | 'last'>[] = []
    const debts = backend.open().queue('debts', { machine: dunning })
    debts.work({
      collect: async () => ({ paid: false, why: 'no funds' }),
      write: async ({ round, last }) => void letters.push({ round, last }),
      cancelSubscription: async () => {},
      restoreSubscription: async () => {},
    })
    await debts.send({ invoice: 'i-1', schedule: [0, 10, 10], grace: 10 }, { id: 'late' })
    await expect(debts.result('late', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_CANCELLED' })
    expect((await debts.get('late'))?.state).toBe('lapsed')
    expect(letters).toEqual([
      { round: 1, last: false },
      { round: 2, last: false },
      { round: 3, last: true },
    ])

    await debts.send({ invoice: 'i-2', schedule: [0, 3_600_000] }, { id: 'paid' })
    await until(async () => (await debts.get('paid'))?.context['round'] === 1)
    await debts.signal('paid', { type: 'PAID', receipt: 'cash' })
    expect(await debts.result('paid', { timeout: '60s' })).toEqual({ rounds: 1, receipt: 'cash' })
  })
})

test('a worker that has no handler for a step is refused, and what is no length of time too', async () => {
  const redrive = new Redrive({ store: createMemoryStore() })
  const { ship: _, ...handlers } = shop([])
  // @ts-expect-error -- the compiler says so too
  expect(() => redrive.queue('orders', { machine: orderSaga }).work(handlers)).toThrow('"ship"')
  const debts = redrive.queue('debts', { machine: dunning })
  await expect(debts.send({ invoice: 1, schedule: [0, NaN] })).rejects.toMatchObject({ code: 'E_INVALID_OPTION' })
  const approvals = redrive.queue('approvals', { machine: approval })
  const never = { request: 1, approver: 'ada', remindEvery: 0 }
  await expect(approvals.send(never)).rejects.toMatchObject({ code: 'E_INVALID_OPTION' })
  const jobs = redrive.queue('jobs', { machine: polling })
  await expect(jobs.send({ job: 1, poll: { factor: 0 } })).rejects.toMatchObject({ code: 'E_INVALID_OPTION' })
  await redrive.close()
})
