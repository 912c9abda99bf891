import { afterEach, describe, expect, test } from '@jest/globals'
import { assign, fromPromise, setup } from 'xstate'
import { silentLogger } from '../../src/index.ts'
import { CRASH_POINTS, createTestRedrive, type CrashPoint, type TestRedrive } from '../../src/testing/index.ts'

const open: TestRedrive[] = []
function kit(): TestRedrive {
  const t = createTestRedrive({ logger: silentLogger })
  open.push(t)
  return t
}
afterEach(async () => {
  for (const t of open.splice(0)) await t.close().catch(() => {})
})

/** Charge, then ship; when shipping is refused, refund. A step whose worker is lost is taken again. */
function orderMachine(done: string[]) {
  const lost = ({ event }: { event: { error?: unknown } }): boolean =>
    (event.error as { code?: string }).code === 'E_LEASE_LOST'
  return setup({
    types: { context: {} as { order: string; steps: string[] }, input: {} as { order: string } },
    actors: {
      charge: fromPromise<string, { order: string }>(async () => ''),
      ship: fromPromise<string, { order: string }>(async () => ''),
      refund: fromPromise<string, { order: string }>(async () => ''),
    },
    actions: { tell: (_, { text }: { text: string }) => void done.push(text) },
  }).createMachine({
    id: 'order',
    context: ({ input }) => ({ order: input.order, steps: [] }),
    initial: 'charging',
    states: {
      charging: {
        invoke: {
          id: 'charge',
          src: 'charge',
          input: ({ context }) => ({ order: context.order }),
          onDone: { target: 'waiting', actions: assign({ steps: ({ context }) => [...context.steps, 'charged'] }) },
          onError: [{ guard: lost, target: 'charging', reenter: true }, { target: 'refused' }],
        },
      },
      waiting: { after: { 3_600_000: 'shipping' } },
      shipping: {
        invoke: {
          id: 'ship',
          src: 'ship',
          input: ({ context }) => ({ order: context.order }),
          onDone: { target: 'shipped', actions: assign({ steps: ({ context }) => [...context.steps, 'shipped'] }) },
          onError: [{ guard: lost, target: 'shipping', reenter: true }, { target: 'refunding' }],
        },
      },
      refunding: {
        invoke: {
          id: 'refund',
          src: 'refund',
          input: ({ context }) => ({ order: context.order }),
          onDone: { target: 'refused', actions: assign({ steps: ({ context }) => [...context.steps, 'refunded'] }) },
          onError: { guard: lost, target: 'refunding', reenter: true },
        },
      },
      shipped: { type: 'final', entry: { type: 'tell', params: { text: 'shipped' } } },
      refused: { type: 'final', entry: { type: 'tell', params: { text: 'refused' } } },
    },
  })
}

interface Outcome {
  readonly steps: unknown
  readonly calls: readonly string[]
  readonly told: readonly string[]
  readonly states: readonly string[]
  readonly worker: string
}

async function play(arm: (t: TestRedrive) => unknown, refuses = false): Promise<Outcome> {
  const t = kit()
  const told: string[] = []
  const calls: string[] = []
  const orders = t.queue('orders', { machine: orderMachine(told), lease: '30s' })
  const worker = orders.work({
    charge: async ({ order }) => {
      calls.push(`charge ${order}`)
      return 'paid'
    },
    ship: async ({ order }) => {
      calls.push(`ship ${order}`)
      if (refuses) throw new Error('sold out')
      return 'on its way'
    },
    refund: async ({ order }) => {
      calls.push(`refund ${order}`)
      return 'back'
    },
  })
  await orders.send({ order: '17' }, { id: 'o' })
  arm(t)
  await t.advance('2h')
  await t.expectState(orders, 'o', refuses ? 'refused' : 'shipped')
  const message = await orders.get('o')
  const states = message!.history.map(({ to }) => to)
  await t.close()
  return { steps: message!.context['steps'], calls, told, states, worker: worker.name }
}

const unique = (list: readonly string[]): string[] => [...new Set(list)]

describe('a saga whose worker dies', () => {
  const nths = [1, 2]
  const cases = CRASH_POINTS.flatMap((point) => nths.map((nth) => ({ point, nth })))
  // This machine has custom actions in one step alone.
  const possible = cases.filter(({ point, nth }) => nth === 1 || !point.endsWith('action'))

  test.each(possible)('$point ($nth) comes to the same end', async ({ point, nth }) => {
    const { steps, calls, told, states, worker } = await play((t) => t.crashAt(point, { nth }))
    expect(steps).toEqual(['charged', 'shipped'])
    expect(unique(calls)).toEqual(['charge 17', 'ship 17'])
    expect(unique(told)).toEqual(['shipped'])
    expect(unique(states)).toEqual(['charging', 'waiting', 'shipping', 'shipped'])
    expect(worker).toBe('worker-2')
  })

  test.each<[CrashPoint, { calls: string[]; told: string[] }]>([
    ['before-claim', { calls: ['charge', 'ship'], told: ['shipped'] }],
    ['after-claim', { calls: ['charge', 'ship'], told: ['shipped'] }],
    ['before-start-commit', { calls: ['charge', 'ship'], told: ['shipped'] }],
    ['after-start-commit', { calls: ['charge', 'ship'], told: ['shipped'] }],
    ['in-handler', { calls: ['charge', 'charge', 'ship'], told: ['shipped'] }],
    ['before-commit', { calls: ['charge', 'charge', 'ship'], told: ['shipped'] }],
    ['after-commit', { calls: ['charge', 'ship'], told: ['shipped'] }],
    ['before-action', { calls: ['charge', 'ship'], told: ['shipped'] }],
    ['after-action', { calls: ['charge', 'ship'], told: ['shipped', 'shipped'] }],
  ])('%s: what is done again is what was not written', async (point, expected) => {
    const { calls, told } = await play((t) => t.crashAt(point))
    expect({ calls: calls.map((call) => call.split(' ')[0]), told }).toEqual(expected)
  })

  test('again and again, at every point in turn, and refunds once', async () => {
    const { steps, calls, told } = await play((t) => CRASH_POINTS.map((point) => t.crashAt(point)), true)
    expect(steps).toEqual(['charged', 'refunded'])
    expect(unique(calls)).toEqual(['charge 17', 'ship 17', 'refund 17'])
    expect(unique(told)).toEqual(['refused'])
  })
})

describe('a crash', () => {
  test('tells where it was, and its leases end on the simulated clock', async () => {
    const t = kit()
    const queue = t.queue('jobs', { lease: '10s' })
    const attempts: [string, number][] = []
    const start = t.now()
    queue.work((name: string) => void attempts.push([name, t.now() - start]))
    await queue.sendBulk([
      { input: 'a', id: 'a' },
      { input: 'b', id: 'b' },
    ])
    const crash = t.crashAt('in-handler', { id: 'b' })
    expect(crash.reached).toBe(false)
    await t.drain()
    expect(crash.reached).toBe(true)
    expect(await crash.happened).toEqual({ queue: 'jobs', ids: ['b'], worker: 'worker-1', at: start })
    expect(t.crashes).toEqual([crash])
    await t.advance('9999ms')
    await t.expectState(queue, 'b', 'processing')
    await t.advance('1ms')
    await t.expectState(queue, 'b', 'succeeded')
    expect(attempts.filter(([name]) => name === 'b')).toEqual([
      ['b', 0],
      ['b', 10_000],
    ])
    expect((await t.history(queue, 'b')).at(-1)!.worker).toBe('worker-2')
  })

  test('leaves a handler that still runs without any effect', async () => {
    const t = kit()
    const queue = t.queue('jobs', { lease: '10s' })
    const other = t.queue('letters')
    const gate = t.gate()
    const went: string[] = []
    let calls = 0
    queue.work(async (_, { heartbeat, progress }) => {
      if (++calls > 1) return 'second'
      await new Promise((resolve) => setImmediate(resolve))
      progress('half')
      went.push(`heartbeat ${await heartbeat()}`)
      void other.send({}, { id: 'ghost' })
      await gate.wait()
      went.push('beyond the gate')
      return 'first'
    })
    await queue.send({}, { id: 'a' })
    t.crashAt('in-handler')
    await t.drain()
    gate.open()
    await t.drain()
    expect(went).toEqual(['heartbeat false'])
    expect(await other.get('ghost')).toBeUndefined()
    expect((await queue.get('a'))!.progress).toBeUndefined()
    await t.advance('10s')
    expect(await queue.result('a')).toBe('second')
  })

  test('does not touch the other worker of a queue, which takes over', async () => {
    const t = kit()
    const queue = t.queue('jobs', { lease: '10s' })
    const by: string[] = []
    queue.work(() => void by.push('one'), { name: 'one' })
    queue.work(() => void by.push('two'), { name: 'two' })
    await queue.send({}, { id: 'a' })
    const crash = t.crashAt('after-claim')
    await t.drain()
    await t.advance('10s')
    await t.expectState(queue, 'a', 'succeeded')
    expect(crash.site!.worker).toBe('one')
  })

  test('may be met by what the machine implements itself', async () => {
    const t = kit()
    let runs = 0
    const machine = setup({ actors: { work: fromPromise(async () => ++runs) } }).createMachine({
      id: 'own',
      initial: 'working',
      states: {
        working: {
          invoke: { id: 'work', src: 'work', onDone: 'done', onError: { target: 'working', reenter: true } },
        },
        done: { type: 'final' },
      },
    })
    const queue = t.queue('own', { machine })
    queue.work()
    await queue.send(undefined, { id: 'a' })
    t.crashAt('in-handler')
    await t.advance('30s')
    await t.expectState(queue, 'a', 'done')
    expect(runs).toBe(2)
  })

  test('that never happens fails the test when it is closed', async () => {
    const t = kit()
    const queue = t.queue('jobs')
    queue.work(() => {})
    t.crashAt('before-action')
    await queue.send({})
    await t.drain()
    await expect(t.close()).rejects.toMatchObject({
      code: 'E_EXPECTATION',
      message: expect.stringContaining('never happened: before-action'),
    })
  })

  test('at a point that does not exist is refused', () => {
    const t = kit()
    expect(() => t.crashAt('before-comit' as CrashPoint)).toThrow(/Did you mean "before-commit"/)
    expect(() => t.crashAt('before-claim', { id: 'a' })).toThrow(/E_INVALID_OPTION/)
    expect(() => t.crashAt('in-handler', { nth: 0 })).toThrow(/nth/)
  })
})
