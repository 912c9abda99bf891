/** Messages that no worker of a queue could run are not sent into it. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import { createMemoryStore, Redrive, type Logger, type Queue } from '../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const order = createMachine({
  id: 'order',
  initial: 'open',
  states: { open: { on: { PAY: 'paid' } }, paid: { type: 'final' } },
})
const successor = createMachine({ id: 'sale', initial: 'new', states: { new: { on: { PAY: 'paid' } }, paid: {} } })

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('a queue of another machine on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  async function ofOrders(): Promise<string> {
    const name = `orders-of-${++queues * 1111}`
    await backend.open().queue(name, { machine: order }).send({}, { id: 'first' })
    return name
  }

  test('refuses what no worker of it would run, and then takes the right one', async () => {
    const name = await ofOrders()
    const wrong = backend.open().queue(name)
    await wrong.get('first')
    await wrong.stats()
    const refused = wrong.send({}, { id: 'a' })
    await expect(refused).rejects.toMatchObject({
      code: 'E_UNKNOWN_MACHINE',
      message: expect.stringMatching(
        /are of order@0#\w+, and this one would be of message@.*\{ machine \}.*--module <file>/,
      ),
      details: { machines: [expect.stringContaining('order@0#')] },
    })
    await expect(wrong.sendBulk([{ input: {} }])).rejects.toMatchObject({ code: 'E_UNKNOWN_MACHINE' })
    await expect(wrong.send({}, { id: 'b' })).rejects.toMatchObject({ code: 'E_UNKNOWN_MACHINE' })
    expect(await wrong.get('a')).toBeUndefined()
    const right = backend.open().queue(name, { machine: order })
    expect(await right.send({}, { id: 'a' })).toEqual({ id: 'a', status: 'created' })
    expect(Object.keys((await right.population()).arrivals)).toEqual([right.machineRef])
  })

  test('tells of its machine where an event of it is sent by who does not know it', async () => {
    const name = await ofOrders()
    const wrong: Queue = backend.open().queue(name)
    await expect(wrong.signal('first', { type: 'PAY' })).rejects.toMatchObject({
      code: 'E_UNKNOWN_MACHINE',
      message: expect.stringMatching(/are of order@0#\w+, .*events of message@.*nothing was delivered.*\{ machine \}/),
    })
    const right: Queue = backend.open().queue(name, { machine: order })
    await expect(right.signal('first', { type: 'PAID' })).rejects.toMatchObject({ code: 'E_UNKNOWN_EVENT' })
    expect((await right.get('first'))?.inbox).toEqual([])
  })

  test('takes another version, one that a worker has, and one with a migration', async () => {
    const name = await ofOrders()
    const newer = createMachine({ id: 'order', version: '2', initial: 'new', states: { new: {} } })
    await backend.open().queue(name, { machine: newer }).send({})
    await backend
      .open()
      .queue(name, { machine: successor, migrate: ({ context }) => ({ state: 'new', context }) })
      .send({})
    const other = await ofOrders()
    const client = backend.open()
    await expect(client.queue(other, { machine: successor }).send({})).rejects.toMatchObject({
      code: 'E_UNKNOWN_MACHINE',
    })
    const working = backend.open().queue(other, { machine: successor })
    const worker = working.work()
    await working.send({}, { id: 'a' })
    await worker.ready()
    // It is the queue's now, and the client asks again.
    expect(await client.queue(other).send({}, { id: 'b' })).toMatchObject({ status: 'created' })
    await worker.stop()
  })

  test('a queue that was only read is nobody’s', async () => {
    const name = `read-first-${++queues}`
    const reader = backend.open().queue(name)
    await reader.stats()
    await reader.list({ state: 'dead' })
    expect(await backend.open().queue(name, { machine: order }).send({}, { id: 'a' })).toMatchObject({
      status: 'created',
    })
    await expect(reader.send({})).rejects.toMatchObject({ code: 'E_UNKNOWN_MACHINE' })
  })

  test('a migration takes the messages of another machine over', async () => {
    const name = await ofOrders()
    const queue = backend.open().queue(name, {
      machine: successor,
      migrate: ({ context }, from) => ({ state: from.id === 'order' ? 'new' : 'paid', context }),
    })
    queue.work()
    await queue.release('first')
    await until(async () => (await queue.get('first'))?.machine === queue.machineRef)
    expect(await queue.get('first')).toMatchObject({ state: 'new' })
  })
})

test('children into a queue of another machine are refused, and the parent goes on', async () => {
  const store = createMemoryStore()
  const told: string[] = []
  const note = (text: string): void => void told.push(text)
  const logger: Logger = { debug() {}, info() {}, warn: note, error: note }
  const owner = new Redrive({ store, logger })
  await owner.queue('orders', { machine: order }).send({}, { id: 'first' })
  const client = new Redrive({ store, logger })
  const orders = client.queue('orders')
  const parents = client.queue('parents')
  parents.work((_, { startChildren }) => {
    startChildren([{ queue: 'orders', id: 'child', input: {} }], { join: 'orders', failed: 'collect' })
    return 'started'
  })
  await parents.send(1, { id: 'p' })
  expect(await parents.result('p', { timeout: '60s' })).toBe('started')
  await until(() =>
    told.find((text) => text.includes('its child "child" of "orders" was not started: E_UNKNOWN_MACHINE')),
  )
  expect(await orders.get('child')).toBeUndefined()
  await Promise.all([owner.close(), client.close()])
})

test('a name that is nearly another’s is told once, until somebody works there', async () => {
  const store = createMemoryStore()
  const warnings: string[] = []
  const logger: Logger = { debug() {}, info() {}, warn: (text) => void warnings.push(text), error() {} }
  const owner = new Redrive({ store, logger })
  await owner
    .queue('emails')
    .work(() => {})
    .ready()
  const client = (): Redrive => new Redrive({ store, logger })
  const [first, second, third] = [client(), client(), client()]
  await first.queue('emials').send(1)
  await first.queue('emials').send(2)
  expect(warnings).toEqual(['"emials" is a new queue. Did you mean "emails"?'])
  await second.queue('emials').send(3)
  expect(warnings[1]).toBe('"emials" is a queue on which nobody ever worked. Did you mean "emails"?')
  await third
    .queue('emials')
    .work(() => {})
    .ready()
  await third.queue('emials').send(4)
  await client().queue('emails').send(5)
  // Short names differ in one letter because they are meant to.
  await client().queue('q1').send(6)
  await client().queue('q2').send(7)
  expect(warnings).toHaveLength(2)
  await Promise.all([owner, first, second, third].map((each) => each.close()))
})
