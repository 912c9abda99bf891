import { describe, expect, test } from '@jest/globals'
import { approval, dunning, orderSaga, polling } from '../../../machines/examples/index.ts'
import { hasCode, silentLogger, type Handlers } from '../../../src/index.ts'
import { createTestRedrive, CRASH_POINTS, type CrashPoint, type TestRedrive } from '../../../src/testing/index.ts'

/** One way through a workflow. Handlers note what they do before they wait for anything, so that a crash in one is seen. */
interface Story {
  readonly name: string
  readonly machine: typeof orderSaga | typeof approval | typeof polling | typeof dunning
  readonly input: unknown
  readonly handlers: (note: (effect: string) => void) => Handlers
  /** What happens beside: signals and time. */
  readonly plot: (t: TestRedrive, signal: (event: { type: string; by?: string }) => Promise<unknown>) => Promise<void>
  readonly end: string
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
]

interface Telling {
  readonly reached: boolean
  readonly effects: readonly string[]
  readonly end: string | undefined
  readonly output: unknown
}

async function tell({ machine, input, handlers, plot }: Story, point?: CrashPoint, nth = 1): Promise<Telling> {
  const t = createTestRedrive({ logger: silentLogger })
  const effects: string[] = []
  try {
    const queue = t.redrive.queue('stories', { machine, retention: { succeeded: 'forever', cancelled: 'forever' } })
    queue.work(handlers((effect) => effects.push(effect)))
    if (point) t.crashAt(point, { nth })
    await queue.send(input as never, { id: 'x' })
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

/** No custom action is asked for by these. */
const points = CRASH_POINTS.filter((point) => !point.endsWith('-action'))

describe.each(stories)('$name', (story) => {
  test.each(points)('survives a crash %s, wherever on its way', async (point) => {
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
})
