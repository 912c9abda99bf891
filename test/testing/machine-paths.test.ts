import { describe, expect, test } from '@jest/globals'
import { assign, fromPromise, raise, setup } from 'xstate'
import { createMessageMachine } from '../../machines/index.ts'
import { createTestRedrive, machinePaths, type MachinePath } from '../../src/testing/index.ts'

/** An offer that expires: accepted, it is paid for, twice if need be; `limit` is where it can be got wrong. */
function offerMachine({ limit = 2, expiry = 60_000 }: { limit?: number; expiry?: number } = {}) {
  return setup({
    types: {
      context: {} as { price: number; tries: number; receipt?: string },
      input: {} as { price: number },
      events: {} as { type: 'ACCEPT' } | { type: 'DECLINE'; reason?: string },
      output: {} as { receipt: string | undefined },
    },
    actors: { pay: fromPromise<string, number>(async () => '') },
  }).createMachine({
    id: 'offer',
    context: ({ input }) => ({ price: input.price, tries: 0 }),
    initial: 'open',
    output: ({ context }) => ({ receipt: context.receipt }),
    states: {
      open: { after: { [expiry]: 'expired' }, on: { ACCEPT: 'paying', DECLINE: 'declined' } },
      paying: {
        entry: assign({ tries: ({ context }) => context.tries + 1 }),
        invoke: {
          id: 'payment',
          src: 'pay',
          input: ({ context }) => context.price,
          onDone: { target: 'paid', actions: assign({ receipt: ({ event }) => event.output }) },
          onError: [{ guard: ({ context }) => context.tries < limit, target: 'later' }, { target: 'declined' }],
        },
      },
      later: { after: { 3_600_000: 'paying' } },
      paid: { type: 'final' },
      declined: { type: 'final' },
      expired: { type: 'final' },
    },
  })
}

const input = { price: 5 }
const outcomes = { pay: [{ output: 'receipt-1' }, { error: new Error('no funds') }] }
const offerPaths = machinePaths(offerMachine(), { input, outcomes })

describe('paths of an offer', () => {
  test('lead to each state once, by what can happen', () => {
    expect(offerPaths.map(({ description }) => description)).toEqual([
      'comes to declined by DECLINE',
      'comes to expired by after 60000',
      'comes to paid by ACCEPT, done payment "receipt-1"',
      'comes to paid by ACCEPT, error payment "no funds", after 3600000, done payment "receipt-1"',
      'comes to declined by ACCEPT, error payment "no funds", after 3600000, error payment "no funds"',
    ])
  })

  test.each(offerPaths)('$description', async (path) => {
    await path.test()
    expect(path.steps.length).toBeGreaterThan(1)
  })

  test('may be walked in one kit, one after the other', async () => {
    const t = createTestRedrive()
    for (const path of offerPaths) await path.run(t)
    expect(t.now()).toBeGreaterThan(Date.parse('2030-01-01T02:00:00Z'))
    await t.close()
  })

  const failureOf = (path: MachinePath | undefined, machine: ReturnType<typeof offerMachine>): Promise<unknown> =>
    path!.test({ machine }).then(
      () => 'no failure',
      (error: unknown) => error,
    )

  test('fail where another machine goes another way, and say where', async () => {
    const failed = await Promise.all(offerPaths.map((path) => failureOf(path, offerMachine({ limit: 1 }))))
    expect(failed.slice(0, 3)).toEqual(['no failure', 'no failure', 'no failure'])
    expect(failed[3]).toMatchObject({
      code: 'E_EXPECTATION',
      details: { step: 2 },
      message: expect.stringMatching(
        /step 2 of 4, error payment "no funds": should lead to "later", and led to "declined"[^]*ACCEPT: open -> paying/,
      ),
    })
  })

  test('fail where a timer or a context is another one', async () => {
    const expiring = offerPaths.find(({ description }) => description.includes('after 60000'))
    expect(await failureOf(expiring, offerMachine({ expiry: 61_000 }))).toMatchObject({
      message: expect.stringContaining(
        'step 1 of 1, after 60000: cannot be taken: E_EXPECTATION: no such timer is set in "open"',
      ),
    })
    const t = createTestRedrive()
    const cheap = setup({}).createMachine({
      id: 'offer',
      context: { price: 4, tries: 0 },
      initial: 'open',
      states: { open: { on: { DECLINE: 'declined' } }, declined: { type: 'final' } },
    })
    await expect(offerPaths[0]!.run(t, cheap)).rejects.toThrow(
      'context in "open" should be {"price":5,"tries":0}, and is {"price":4,"tries":0}',
    )
    await t.close()
  })
})

describe('what can happen', () => {
  test('a timer never fires before another one that is due earlier', async () => {
    const race = setup({}).createMachine({
      id: 'race',
      type: 'parallel',
      states: {
        slow: { initial: 'a', states: { a: { after: { 200: 'b' } }, b: {} } },
        quick: { initial: 'a', states: { a: { after: { 100: 'b' } }, b: {} } },
      },
    })
    const paths = machinePaths(race)
    expect(paths.map(({ description }) => description)).toEqual(['comes to slow.b+quick.b by after 100, after 200'])
    for (const path of paths) await path.test()
  })

  test('what is due at once is taken with the step before it', async () => {
    const hasty = setup({ types: { events: {} as { type: 'GO' } | { type: 'STOP' } } }).createMachine({
      id: 'hasty',
      initial: 'a',
      states: { a: { on: { GO: 'b' } }, b: { after: { 0: 'c' }, on: { STOP: 'a' } }, c: { on: { STOP: 'a' } } },
    })
    const paths = machinePaths(hasty, { paths: 'simple' })
    expect(paths.map(({ description }) => description)).toEqual(['comes to c by GO, after 0'])
    for (const path of paths) await path.test()
  })

  test('a delayed raise is a timer, with an id or without', async () => {
    const types = { events: {} as { type: 'TICK' } | { type: 'TOCK' } }
    const clock = setup({ types }).createMachine({
      id: 'clock',
      initial: 'a',
      states: {
        a: { entry: raise({ type: 'TICK' }, { delay: 50, id: 'tick' }), on: { TICK: 'b' } },
        b: { entry: raise({ type: 'TOCK' }, { delay: 70 }), on: { TOCK: 'c' } },
        c: { type: 'final' },
      },
    })
    const [path, ...others] = machinePaths(clock)
    expect(others).toEqual([])
    expect(path!.steps.map(({ timer }) => timer)).toEqual([undefined, 'tick', ''])
    const t = createTestRedrive()
    const start = t.now()
    await path!.run(t)
    expect(t.now() - start).toBe(120)
    await t.close()
  })

  test('every way of the machine that comes with it, with its delays', async () => {
    const machine = createMessageMachine({ attempts: 2, timeout: 900, backoff: { jitter: 'none' }, now: () => 0 })
    const paths = machinePaths(machine, {
      input: { payload: { to: 'ada' }, delay: 250 },
      events: ['RETRY', 'CANCEL', 'REDRIVE'],
      outcomes: { handler: [{ output: { sent: true } }, { error: new Error('refused') }] },
      stopWhen: ({ context }) => (context as { redrives?: number }).redrives !== undefined,
      limit: 5000,
    })
    expect(paths.length).toBeGreaterThan(8)
    const ends = new Set(paths.map(({ steps }) => steps.at(-1)!.state))
    expect([...ends]).toEqual(expect.arrayContaining(['succeeded', 'cancelled']))
    for (const path of paths) await path.test()
  })

  test('states without an end are refused, and how to bound them is said', () => {
    const counter = setup({ types: { context: {} as { n: number } } }).createMachine({
      id: 'counter',
      context: { n: 0 },
      initial: 'counting',
      states: { counting: {} },
      on: { UP: { actions: assign({ n: ({ context }) => context.n + 1 }) } },
    })
    expect(() => machinePaths(counter, { limit: 50 })).toThrow(/counter has more than 50 states[^]*serializeState/)
    expect(
      machinePaths(counter, { serializeState: ({ context }) => String((context as { n: number }).n % 3) }),
    ).toHaveLength(1)
    expect(() => machinePaths(counter, { events: ['UPP'] })).toThrow(/E_UNKNOWN_EVENT[^]*UP/)
  })
})
