/** A machine whose config has no id: XState names it `(machine)`, and each queue by itself. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { assign, createMachine, fromPromise, setup, type AnyStateMachine } from 'xstate'
import { registerMachine } from '../../src/engine/registry.ts'
import { journalEvent } from '../../src/inspect/wire/journal-event.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const payment = setup({ actors: { charge: fromPromise(async () => 'charged') } }).createMachine({
  initial: 'pausing',
  states: {
    pausing: { after: { 1: 'charging' } },
    charging: { invoke: { src: 'charge', onDone: 'paid' } },
    paid: { type: 'final' },
  },
  output: () => 'paid',
})

/** One of each kind of id that XState makes of that of the machine: timers, invocations, regions that are done, a machine below. */
const order: AnyStateMachine = setup({
  types: { context: {} as { heard: string[] } },
  actors: { payment, ship: fromPromise(async () => {}) },
  delays: { soon: 1 },
}).createMachine({
  context: { heard: [] },
  initial: 'packing',
  states: {
    packing: {
      initial: 'first',
      states: { first: { after: { soon: 'second' } }, second: { after: { 1: 'packed' } }, packed: { type: 'final' } },
      onDone: 'paying',
    },
    paying: { invoke: { src: 'payment', onDone: 'waiting' } },
    waiting: { on: { SHIP: 'shipping' }, after: { 3_600_000: 'lost' } },
    shipping: {
      invoke: { src: 'ship', onDone: { target: 'done', actions: assign({ heard: ({ event }) => [event.type] }) } },
    },
    lost: {},
    done: { type: 'final' },
  },
  output: ({ context }) => context.heard,
})

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('a machine without an id on %s', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  test('runs unmodified, and its messages go by the name of the queue', async () => {
    const queue = backend.open().queue('shop', { machine: order })
    expect(queue.machineRef).toMatch(/^shop@0#[0-9a-f]{8}$/)
    queue.work({ ship: () => 'shipped' })
    await queue.send({}, { id: 'a' })
    await until(async () => (await queue.get('a'))?.state === 'waiting')
    expect(await queue.get('a')).toMatchObject({
      machine: queue.machineRef,
      timers: [{ id: 'xstate.after.3600000.(machine).waiting' }],
    })
    await queue.signal('a', { type: 'SHIP' })
    expect(await queue.result('a', { timeout: '60s' })).toEqual(['xstate.done.actor.0.(machine).shipping'])
    const history = await queue.history('a')
    expect(history.map(({ event }) => event)).toEqual([
      'init',
      'after soon',
      'after 1',
      'after 1',
      'done @0.(machine).paying/0.(machine).charging',
      'SHIP',
      'done 0.(machine).shipping',
    ])
    const durable = registerMachine(order, 'shop')
    const types = history.map((entry) => journalEvent(durable, entry, { input: {} }, (value) => value).type)
    expect(types[1]).toBe('xstate.after.soon.(machine).packing.first')
  })

  test('two queues share one, also as an older version and for a migration', async () => {
    const v1 = createMachine({
      initial: 'waiting',
      states: { waiting: { on: { GO: 'gone' } }, gone: { type: 'final' } },
    })
    const v2 = createMachine({ initial: 'held', states: { held: { on: { GO: 'gone' } }, gone: { type: 'final' } } })
    const before = backend.open()
    for (const name of ['left', 'right']) await before.queue(name, { machine: v1 }).send({}, { id: 'a' })
    expect(before.queue('left').machineRef).not.toBe(before.queue('right').machineRef)
    const after = backend.open()
    const left = after.queue('left', { machine: v2, versions: [v1] })
    const right = after.queue('right', { machine: v2, migrate: ({ context }) => ({ state: 'held', context }) })
    for (const queue of [left, right]) {
      queue.work()
      await queue.signal('a', { type: 'GO' })
      await queue.result('a', { timeout: '60s' })
      expect((await queue.history('a')).at(-1)).toMatchObject({ event: 'GO', to: 'gone' })
    }
    expect((await left.get('a'))?.machine).toBe(before.queue('left').machineRef)
    expect((await right.get('a'))?.machine).toBe(right.machineRef)
  })

  test.each([
    ['eu@shop', 'eu%40shop@0#'],
    ['message', '%message@0#'],
  ])('the queue "%s" gives it an id that a reference can hold', async (name, begins) => {
    const machine = createMachine({ initial: 'a', states: { a: { on: { GO: 'b' } }, b: { type: 'final' } } })
    const queue = backend.open().queue(name, { machine })
    expect(queue.machineRef.startsWith(begins)).toBe(true)
    queue.work()
    await queue.send({ payload: 'as it was sent' }, { id: 'a' })
    expect(await queue.get('a')).toMatchObject({ input: { payload: 'as it was sent' }, machine: queue.machineRef })
    await queue.signal('a', { type: 'GO' }, { wait: '60s' })
    expect(await queue.get('a')).toMatchObject({ state: 'b' })
    const { groups } = await queue.population()
    expect(groups).toMatchObject([{ fate: 'finished', machine: queue.machineRef }])
  })

  test('a bulk operation knows its messages', async () => {
    const machine = createMachine({
      initial: 'dead',
      states: { dead: { tags: 'dead', on: { REDRIVE: 'again' } }, again: {} },
    })
    const queue = backend.open().queue('bulk', { machine })
    queue.work()
    await queue.send({}, { id: 'a' })
    const operation = await queue.operate({ action: 'redrive', ids: ['a'] })
    expect(await operation.finished).toMatchObject({ done: 1 })
    await until(async () => (await queue.get('a'))?.state === 'again')
  })
})
