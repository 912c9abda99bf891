import { expect, test } from '@jest/globals'
import type { AnyStateMachine } from 'xstate'
import {
  approval,
  batch,
  circuitBreaker,
  dunning,
  orderSaga,
  polling,
  webhook,
} from '../../../machines/examples/index.ts'
import { hasCode, NonRetryableError, silentLogger, type Handlers } from '../../../src/index.ts'
import { createTestRedrive, CRASH_POINTS, type CrashPoint, type TestRedrive } from '../../../src/testing/index.ts'

/** One way through a workflow. Handlers note what they do before they wait for anything, so that a crash in one is seen. */
interface Story {
  readonly name: string
  readonly machine: AnyStateMachine
  readonly input: unknown
  readonly handlers: (note: (effect: string) => void) => Handlers
  /** What happens beside: signals and time. */
  readonly plot: (t: TestRedrive, signal: (event: { type: string; by?: string }) => Promise<unknown>) => Promise<void>
  readonly end: string
  /** Other queues that it talks to. */
  readonly others?: (t: TestRedrive) => Promise<void>
  readonly acts?: true
}

const ORDER = { items: [], cents: 4200, card: 'card-1', address: 'London' }
const RETRY = { retry: { backoff: { jitter: 'none' } } } as const

const shop = (note: (effect: string) => void, shipment: () => string): Handlers => ({
  reserveStock: async () => (note('reserve'), 'r-1'),
  chargeCard: async () => (note('charge'), 'p-1'),
  ship: async () => (note('ship'), shipment()),
  cancelShipment: async () => note('cancel shipment'),
  refundCard: async () => note('refund'),
  releaseStock: async () => note('release'),
})

const stories: readonly Story[] = [
  {
    name: 'an order that is fulfilled',
    machine: orderSaga,
    input: { order: ORDER, ...RETRY },
    handlers: (note) => shop(note, () => 's-1'),
    plot: (t) => t.advance('1h'),
    end: 'fulfilled',
  },
  {
    name: 'an order that is undone',
    machine: orderSaga,
    input: { order: ORDER, ...RETRY },
    handlers: (note) =>
      shop(note, () => {
        throw Object.assign(new Error('no such street'), { retryable: false })
      }),
    plot: (t) => t.advance('1h'),
    end: 'undone',
  },
  {
    name: 'a request that is approved after a reminder',
    machine: approval,
    input: { request: 'a desk', approver: 'ada', ...RETRY },
    handlers: (note) => ({
      ask: async ({ reminder }: { reminder: number }) => note(`ask ${reminder}`),
      carryOut: async () => (note('carry out'), 'bought'),
    }),
    async plot(t, signal) {
      await t.advance('1d1h')
      await signal({ type: 'APPROVE', by: 'ada' })
      await t.advance('1h')
    },
    end: 'approved',
  },
  {
    name: 'a job that is found done',
    machine: polling,
    input: { job: 7, poll: { jitter: 'none' }, ...RETRY },
    handlers: (note) => {
      const looks: string[] = []
      return {
        startJob: async () => (note('start'), 'job-7'),
        async checkJob() {
          looks.push('look')
          note('look')
          return looks.length < 3 ? { state: 'running' } : { state: 'done', output: 42 }
        },
        cancelJob: async () => note('cancel'),
      }
    },
    plot: (t) => t.advance('1h'),
    end: 'succeeded',
  },
  {
    name: 'a debt that nobody pays',
    machine: dunning,
    input: { invoice: 'i-1', schedule: [0, 86_400_000], grace: 86_400_000, ...RETRY },
    handlers: (note) => ({
      collect: async ({ round }: { round: number }) => (note(`collect ${round}`), { paid: false }),
      write: async ({ round }: { round: number }) => note(`write ${round}`),
      cancelSubscription: async () => note('cancel'),
      restoreSubscription: async () => note('restore'),
    }),
    plot: (t) => t.advance('3d'),
    end: 'lapsed',
  },
  {
    name: 'a delivery that fails once, behind a breaker that opens',
    acts: true,
    machine: webhook,
    input: {
      self: { queue: 'stories', id: 'x' },
      url: 'https://example.com/',
      body: 1,
      ...RETRY,
    },
    handlers: (note) => {
      let calls = 0
      return {
        async deliver() {
          note('deliver')
          if (calls++ === 0) throw new Error('503')
          return 204
        },
      }
    },
    async others(t) {
      const breakers = t.queue('breakers', { machine: circuitBreaker })
      breakers.work()
      await breakers.send({ failures: 1, cooldown: 1000 }, { id: 'example.com' })
    },
    plot: (t) => t.advance('1d'),
    end: 'succeeded',
  },
  {
    name: 'a batch of three, one of which fails',
    acts: true,
    machine: batch,
    input: { children: [1, 2, 3].map((n) => ({ queue: 'children', input: n })), failed: 'collect', ...RETRY },
    handlers: (note) => ({
      async combine({ results }: { results: readonly { status: string; output?: unknown }[] }) {
        note('combine')
        return results.map(({ status, output }) => output ?? status)
      },
    }),
    async others(t) {
      t.queue('children').work(async (n: number) => {
        if (n === 2) throw new NonRetryableError('no')
        return n * 10
      })
    },
    plot: (t) => t.advance('1h'),
    end: 'succeeded',
  },
]

interface Telling {
  readonly reached: boolean
  readonly effects: readonly string[]
  readonly end: string | undefined
  readonly output: unknown
}

async function tell({ machine, input, handlers, plot, others }: Story, point?: CrashPoint, nth = 1): Promise<Telling> {
  const t = createTestRedrive({ logger: silentLogger })
  const effects: string[] = []
  try {
    const queue = t.redrive.queue('stories', { machine, retention: { succeeded: 'forever', cancelled: 'forever' } })
    queue.work(handlers((effect) => effects.push(effect)))
    await others?.(t)
    if (point) t.crashAt(point, { nth })
    await queue.send(input, { id: 'x' })
    await plot(t, (event) => queue.signal('x', event))
    const message = await queue.get('x')
    return {
      reached: t.crashes.every(({ reached }) => reached),
      effects,
      end: message?.state,
      output: message?.output,
    }
  } finally {
    // It is the loop below that asks whether a crash was reached.
    await t.close().catch((error: unknown) => {
      if (!hasCode(error, 'E_EXPECTATION')) throw error
    })
  }
}

/** Most ask for no custom action; events to others are some. */
const ways = stories.flatMap((story) =>
  CRASH_POINTS.filter((point) => story.acts || !point.endsWith('-action')).map((point) => ({ ...story, story, point })),
)

test.each(ways)('$name survives a crash $point, wherever on its way', async ({ story, point }) => {
  const calm = await tell(story)
  expect(calm.end).toBe(story.end)
  let crashes = 0
  for (;;) {
    const { reached, effects, end, output } = await tell(story, point, crashes + 1)
    if (!reached) break
    crashes++
    expect({ crashes, end, output }).toEqual({ crashes, end: story.end, output: calm.output })
    // At least once each, in the same order, and only what ran at the crash is repeated.
    expect([...new Set(effects)]).toEqual([...new Set(calm.effects)])
    expect(effects.length - calm.effects.length).toBeLessThanOrEqual(1)
  }
  expect(crashes).toBeGreaterThanOrEqual(1)
})
