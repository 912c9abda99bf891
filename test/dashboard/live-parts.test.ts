/** What the live picture is made of, with the time in the test's hand. */
import { describe, expect, test } from '@jest/globals'
import { setup } from 'xstate'
import { createFindEdges } from '../../src/dashboard/server/live/edges.ts'
import { createFlow } from '../../src/dashboard/server/live/flow.ts'
import { createMailbox } from '../../src/dashboard/server/live/mailbox.ts'
import { createRates } from '../../src/dashboard/server/live/rates.ts'
import { createStays } from '../../src/dashboard/server/live/stays.ts'
import { createTraffic } from '../../src/dashboard/server/live/traffic.ts'
import type { Transition } from '../../src/index.ts'
import { toChart } from '../../src/inspect/chart/chart.ts'

describe('rates', () => {
  test('are of the last five whole seconds', () => {
    let now = 0
    const rates = createRates(() => now)
    rates.count('a', 10)
    expect(rates.perSecond().get('a')).toBe(10)
    now = 2500
    rates.count('a', 100)
    expect(rates.perSecond().get('a')).toBe(5)
    now = 3000
    expect(rates.perSecond().get('a')).toBeCloseTo(110 / 3, 1)
    now = 5500
    expect(rates.perSecond().get('a')).toBe(22)
    now = 6000
    expect(rates.perSecond().get('a')).toBe(20)
    now = 60_000
    expect(rates.perSecond().size).toBe(0)
  })

  test('forget nobody for a flood of names, and count no more than some thousands of them', () => {
    const rates = createRates(() => 0)
    rates.count('first')
    for (let i = 0; i < 10_000; i++) rates.count(`event ${i}`)
    rates.count('first')
    expect(rates.perSecond().get('first')).toBe(2)
    expect(rates.perSecond().size).toBe(2000)
  })
})

describe('stays', () => {
  test('are told by their quantiles, as long as they say something about now', () => {
    const stays = createStays()
    for (let i = 1; i <= 100; i++) {
      stays.enter(`m${i}`, 'busy', 0)
      stays.leave(`m${i}`, 'busy', i)
    }
    stays.leave('never seen to enter', 'busy', 1e9)
    expect(stays.of('busy', 200)).toEqual({ p50Ms: 51, p99Ms: 100, samples: 100 })
    expect(stays.of('busy', 300_050)).toEqual({ p50Ms: 76, p99Ms: 100, samples: 50 })
    expect(stays.of('busy', 400_000)).toEqual({ p50Ms: null, p99Ms: null, samples: 0 })
  })

  test('of each region are its own', () => {
    const stays = createStays()
    stays.enter('m', 'a.x', 0)
    stays.enter('m', 'b.y', 0)
    stays.leave('m', 'a.x', 10)
    stays.leave('m', 'b.y', 25)
    expect([stays.of('a.x', 30).p50Ms, stays.of('b.y', 30).p50Ms]).toEqual([10, 25])
  })

  test('of settled messages are not remembered', () => {
    const stays = createStays()
    stays.enter('m', 'done', 0)
    stays.forget('m')
    stays.leave('m', 'done', 10)
    expect(stays.of('done', 10).samples).toBe(0)
  })
})

describe('a flow', () => {
  test('is a sample of at most sixty, in order, of which it says what is left out', () => {
    const flow = createFlow()
    expect(flow.take()).toBeUndefined()
    for (let i = 0; i < 10_000; i++) flow.add({ id: `m${i}`, from: null, to: 'a', event: 'init', at: i })
    const { items, skipped } = flow.take()!
    expect([items.length, skipped]).toEqual([60, 9940])
    expect(items.map(({ at }) => at)).toEqual(items.map(({ at }) => at).toSorted((a, b) => a - b))
    // The last half is not left out for having come late.
    expect(items.filter(({ at }) => at >= 5000).length).toBeGreaterThan(5)
    expect(flow.take()).toBeUndefined()
  })
})

describe('edges', () => {
  const chart = toChart(
    setup({ guards: { g: () => true } }).createMachine({
      id: 'm',
      type: 'parallel',
      states: {
        a: {
          initial: 'idle',
          on: { RESET: '.idle' },
          states: {
            idle: { on: { GO: 'judge', 'order.*': 'deep' } },
            judge: { always: [{ target: 'deep.inner', guard: 'g' }, { target: 'idle' }] },
            deep: { initial: 'inner', states: { inner: { after: { 10: 'other' } }, other: {} } },
          },
        },
        b: { initial: 'off', states: { off: { on: { GO: 'on' } }, on: {} } },
      },
    }),
  )
  const find = createFindEdges(chart)
  const edges = (from: string, to: string, event: string) => find(from, to, event).map((text) => JSON.parse(text))

  test('are those of the chart, one by one through states that are left at once', () => {
    expect(edges('a.idle+b.on', 'a.deep.inner+b.on', 'GO')).toEqual([
      { from: 'a.idle', to: 'a.judge', event: 'GO' },
      { from: 'a.judge', to: 'a.deep.inner', event: 'always' },
    ])
  })

  test('begin and end at the states that the chart draws them at', () => {
    expect(edges('a.deep.other+b.on', 'a.idle+b.on', 'RESET')).toEqual([{ from: 'a', to: 'a.idle', event: 'RESET' }])
    expect(edges('a.idle+b.on', 'a.deep.inner+b.on', 'order.paid')).toEqual([
      { from: 'a.idle', to: 'a.deep', event: 'order.paid' },
    ])
    expect(edges('a.deep.inner+b.on', 'a.deep.other+b.on', 'after 10')).toEqual([
      { from: 'a.deep.inner', to: 'a.deep.other', event: 'after 10' },
    ])
  })

  test('that the chart does not have are told as they are', () => {
    expect(edges('a.idle+b.off', 'a.gone+b.off', 'migrate')).toEqual([
      { from: 'a.idle', to: 'a.gone', event: 'migrate' },
    ])
    expect(createFindEdges(undefined)('x', 'y', 'E')).toEqual(['{"from":"x","to":"y","event":"E"}'])
  })
})

test('a viewer who reads slowly finds the newest tick, and no others waiting', async () => {
  const mailbox = createMailbox()
  for (let id = 1; id <= 1000; id++) mailbox.put({ name: id % 2 ? 'tick' : 'flow', id, data: '' })
  expect([(await mailbox.next())?.id, (await mailbox.next())?.id]).toEqual([999, 1000])
  const next = mailbox.next()
  mailbox.end()
  expect(await next).toBeUndefined()
})

test('ten thousand transitions a second are counted, each of them', () => {
  let now = 0
  const traffic = createTraffic(createFindEdges(undefined), () => now)
  const base: Omit<Transition, 'id' | 'from' | 'to' | 'event' | 'tags' | 'status'> = {
    queue: 'q',
    revision: 1,
    at: 0,
    worker: 'w1',
  }
  for (let i = 0; i < 10_000; i++) {
    now = i / 10
    const id = `m${i}`
    traffic.see({ ...base, id, from: null, to: 'busy', event: 'init', tags: [], status: 'active', at: i })
    traffic.see({
      ...base,
      id,
      from: 'busy',
      to: 'done',
      event: 'done',
      tags: ['succeeded'],
      status: 'done',
      at: i + 5,
    })
  }
  now = 1000
  expect(traffic.totals()).toEqual({ transitions: 20_000, succeeded: 10_000, dead: 0, retrying: 0 })
  expect(traffic.edges()).toEqual([{ from: 'busy', to: 'done', event: 'done', perSecond: 10_000 }])
  expect(traffic.stays.of('busy', 10_000)).toMatchObject({ p50Ms: 5, p99Ms: 5 })
  expect(traffic.workers(10_000)).toBe(1)
  expect(traffic.sinceLast()).toEqual({ transitions: 20_000, succeeded: 10_000, dead: 0 })
  expect(traffic.sinceLast()).toEqual({ transitions: 0, succeeded: 0, dead: 0 })
})
