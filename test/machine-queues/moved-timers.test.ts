/** What becomes of a pending timer when the machine of its message changes. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMachine, setup, type AnyStateMachine } from 'xstate'
import type { Migrate, Queue } from '../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const DAY = 86_400_000
const delays = { patience: DAY, deadline: 2 * DAY, other: 3 * DAY }

/** Waits in the first of its states. */
const machine = (states: Record<string, object>, more: object = {}): AnyStateMachine =>
  setup({ delays }).createMachine({
    id: 'order',
    initial: Object.keys(states)[0]!,
    states: { ...states, rejected: {}, lost: {}, done: { type: 'final' } },
    ...more,
  } as never) as unknown as AnyStateMachine

const waiting = (after: object, name = 'waiting'): AnyStateMachine =>
  machine({ [name]: { after, on: { GO: 'done', TOUCH: {} } } })

const parallel = (one: number | string, other: number | string): AnyStateMachine =>
  createMachine({
    id: 'order',
    type: 'parallel',
    states: {
      left: { initial: 'a', states: { a: { after: { [one]: 'b' } }, b: {} } },
      right: { initial: 'a', states: { a: { after: { [other]: 'b' } }, b: {} } },
    },
  })

const nested = (delay: number): AnyStateMachine =>
  machine({
    open: { initial: 'first', states: { first: {} }, after: { [delay]: 'rejected' }, on: { GO: 'done' } },
  })

const invoking = (delay: number | string): AnyStateMachine => {
  const payment = setup({ delays }).createMachine({
    id: 'payment',
    initial: 'waiting',
    states: { waiting: { after: { [delay]: 'late' } as never }, late: { type: 'final' } },
  })
  return setup({ actors: { payment } }).createMachine({
    id: 'order',
    initial: 'paying',
    states: { paying: { invoke: { id: 'pay', src: 'payment', onDone: 'done' } }, done: {} },
  })
}

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('timers of a message that is moved on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  /** A message that waits in one version, and what a worker of the next makes of it. */
  async function deploy(before: AnyStateMachine, after: AnyStateMachine, migrate?: Migrate) {
    const name = `timers-${++queues}`
    const old = backend.open().queue(name, { machine: before })
    await old.send({}, { id: 'a' })
    const { timers } = (await old.get('a'))!
    const queue: Queue = backend.open().queue(name, { machine: after, ...(migrate ? { migrate } : {}) })
    const { groups } = await queue.population()
    queue.work()
    await queue.release('a')
    const moved = await until(async () => {
      const found = await queue.get('a')
      return found?.machine === queue.machineRef || found?.quarantine ? found : undefined
    })
    const dues = (list: readonly { id: string; due: number }[]): Record<string, number> =>
      Object.fromEntries(list.map(({ id, due }) => [id.replace('xstate.after.', ''), due]))
    return { moved, queue, before: dues(timers), after: dues(moved.timers), group: groups[0]! }
  }

  test('another number of the only delay keeps the due time', async () => {
    const { before, after, group, queue } = await deploy(waiting({ [DAY]: 'rejected' }), waiting({ 5000: 'rejected' }))
    expect(after).toEqual({ '5000.order.waiting': before['86400000.order.waiting'] })
    expect(group).toMatchObject({
      fate: 'moves',
      keeps: { 'xstate.after.86400000.order.waiting as xstate.after.5000.order.waiting': 1 },
      begins: {},
      ends: {},
    })
    await queue.signal('a', { type: 'GO' }, { wait: '60s' })
    expect(await queue.get('a')).toMatchObject({ state: 'done' })
  })

  test.each<[string, AnyStateMachine, AnyStateMachine, Record<string, string>]>([
    [
      'one of several numbers, beside those that are as before',
      waiting({ [DAY]: 'rejected', 90_000_000: 'lost' }),
      waiting({ [DAY]: 'rejected', 95_000_000: 'lost' }),
      { '86400000.order.waiting': '86400000.order.waiting', '95000000.order.waiting': '90000000.order.waiting' },
    ],
    [
      'a number that got a name',
      waiting({ [DAY]: 'rejected' }),
      waiting({ patience: 'rejected' }),
      { 'patience.order.waiting': '86400000.order.waiting' },
    ],
    [
      'a name that became a number',
      waiting({ patience: 'rejected' }),
      waiting({ 7000: 'rejected' }),
      { '7000.order.waiting': 'patience.order.waiting' },
    ],
    [
      'a number beside a name',
      waiting({ [DAY]: 'rejected', deadline: 'lost' }),
      waiting({ 7000: 'rejected', deadline: 'lost' }),
      { '7000.order.waiting': '86400000.order.waiting', 'deadline.order.waiting': 'deadline.order.waiting' },
    ],
    ['a state around another', nested(DAY), nested(7000), { '7000.order.open': '86400000.order.open' }],
    [
      'each of two regions',
      parallel(DAY, DAY),
      parallel(7000, 8000),
      { '7000.order.left.a': '86400000.order.left.a', '8000.order.right.a': '86400000.order.right.a' },
    ],
  ])('as it is: %s', async (_name, one, other, expected) => {
    const { before, after } = await deploy(one, other)
    expect(after).toEqual(Object.fromEntries(Object.entries(expected).map(([now, was]) => [now, before[was]])))
    expect(Object.values(after)).not.toContain(undefined)
  })

  test('of a machine that is invoked', async () => {
    const { before, after, moved } = await deploy(invoking(DAY), invoking(7000))
    expect(moved.quarantine).toBeUndefined()
    expect(after).toEqual({ '@pay>pay 7000.payment.waiting': before['@pay>pay 86400000.payment.waiting'] })
  })

  test('one that was moved fires when it was due before', async () => {
    const { queue } = await deploy(waiting({ 300: 'rejected' }), waiting({ [DAY]: 'rejected' }))
    await until(async () => (await queue.get('a'))?.state === 'rejected')
    expect((await queue.history('a')).at(-1)).toMatchObject({ event: `after ${DAY}` })
  })

  test('a machine that gets an id keeps the due time', async () => {
    const states = (after: object) => ({ waiting: { after, on: { GO: 'done' } }, rejected: {}, done: {} })
    const name = 'timers-with-an-id'
    const old = backend.open().queue(name, {
      machine: createMachine({ initial: 'waiting', states: states({ [DAY]: 'rejected' }) as never }),
    })
    await old.send({}, { id: 'a' })
    const [timer] = (await old.get('a'))!.timers
    const queue = backend.open().queue(name, {
      machine: createMachine({ id: name, initial: 'waiting', states: states({ [DAY]: 'rejected' }) as never }),
    })
    queue.work()
    await queue.release('a')
    await until(async () => (await queue.get('a'))?.machine === queue.machineRef)
    expect((await queue.get('a'))!.timers).toEqual([{ id: `xstate.after.86400000.${name}.waiting`, due: timer!.due }])
  })

  test.each<[string, AnyStateMachine, AnyStateMachine, RegExp]>([
    [
      'two numbers changed',
      waiting({ [DAY]: 'rejected', 90_000_000: 'lost' }),
      waiting({ 5000: 'rejected', 6000: 'lost' }),
      /after\.86400000\.order\.waiting": .* may have it as 5000 or 6000; give each delay a name, by setup\(\{ delays \}\)/,
    ],
    [
      'the state lost its delay',
      waiting({ [DAY]: 'rejected' }),
      waiting({}),
      /no state of order@0#\w+ waits for its timer.*has no delay in its place; say in migrate/,
    ],
  ])('where it is not clear, the reason names the fix: %s', async (_name, one, other, reason) => {
    const { moved, group } = await deploy(one, other)
    expect(moved.quarantine?.reason).toMatch(reason)
    expect(group).toMatchObject({ fate: 'orphaned', reasons: [{ reason: moved.quarantine!.reason }] })
  })

  test('a renamed state keeps the due time of a timer of the same name', async () => {
    const migrate: Migrate = ({ context }) => ({ state: 'held', context })
    for (const delay of ['patience', String(DAY)]) {
      const { before, after } = await deploy(
        waiting({ [delay]: 'lost' }),
        waiting({ [delay]: 'lost' }, 'held'),
        migrate,
      )
      expect(after).toEqual({ [`${delay}.order.held`]: before[`${delay}.order.waiting`] })
    }
  })

  test('migrate says what becomes of timers: kept, restarted, renamed, due at another time, ended', async () => {
    const one = waiting({ patience: 'rejected', deadline: 'lost' })
    const other = machine({ held: { after: { patience: 'rejected', other: 'lost' }, on: { GO: 'done' } } })
    const due = Date.now() + 3 * DAY
    const to =
      (timers?: object): Migrate =>
      ({ context }) =>
        ({ state: 'held', context, ...(timers ? { timers } : {}) }) as never
    const plain = await deploy(one, other, to())
    expect(plain.after).toMatchObject({ 'patience.order.held': plain.before['patience.order.waiting'] })
    expect(plain.group).toMatchObject({
      begins: { 'xstate.after.other.order.held': 1 },
      ends: { 'xstate.after.deadline.order.waiting': 1 },
      keeps: { 'xstate.after.patience.order.waiting as xstate.after.patience.order.held': 1 },
    })
    const renamed = await deploy(one, other, to({ patience: 'keep', deadline: 'other' }))
    expect(renamed.after).toEqual({
      'patience.order.held': renamed.before['patience.order.waiting'],
      'other.order.held': renamed.before['deadline.order.waiting'],
    })
    const later = await deploy(one, other, to({ patience: new Date(due), deadline: { as: 'other', due: due + 1 } }))
    expect(later.after).toEqual({ 'patience.order.held': due, 'other.order.held': due + 1 })
    const restarted = await deploy(one, other, to({ patience: 'restart' }))
    expect(restarted.group).toMatchObject({
      begins: { 'xstate.after.patience.order.held': 1 },
      ends: { 'xstate.after.patience.order.waiting': 1 },
    })
    const same = await deploy(
      waiting({ patience: 'lost' }),
      machine({ waiting: { after: { patience: 'lost' } } }),
      (from) => ({
        ...from,
        timers: { patience: from.timers['patience']! + 1000 },
      }),
    )
    expect(same.after).toEqual({ 'patience.order.waiting': same.before['patience.order.waiting']! + 1000 })
    const spread = await deploy(one, other, (from) => ({ ...from, state: 'held' }))
    expect(spread.after).toMatchObject({ 'patience.order.held': spread.before['patience.order.waiting'] })
  })

  test.each<[object, RegExp]>([
    [{ timers: { patiense: 'keep' } }, /migrate names the timer "patiense".*Did you mean "patience"\?/],
    [{ timers: { patience: 'oter' } }, /has no timer "oter"\. Did you mean "other"\?/],
    [{ timers: { deadline: 'keep' } }, /has no timer "deadline"\. It has: patience, other/],
    [{ timers: { patience: { at: 5 } } }, /returned an object for the timer "patience": return 'keep', 'restart'/],
    [{ timers: { patience: 900 } }, /returned 900 as the due time of "patience": return a Date/],
    [{ timers: ['patience'] }, /returned the timers an array of 1: return them by name/],
    [{ timer: { patience: 'keep' } }, /returned "timer"\. Did you mean "timers"\?/],
  ])('a mistake is told: %j', async (returned, reason) => {
    const other = machine({ held: { after: { patience: 'rejected', other: 'lost' } } })
    const { moved } = await deploy(waiting({ patience: 'rejected', deadline: 'lost' }), other, ({ context }) => ({
      state: 'held',
      context,
      ...returned,
    }))
    expect(moved.quarantine?.reason).toMatch(reason)
  })
})
