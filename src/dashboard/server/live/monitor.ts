import type { Inside } from '../../../client/inside.ts'
import { decodeTransitions } from '../../../events/transition-text.ts'
import { toChart } from '../../../inspect/chart/chart.ts'
import type { FeedEntry } from '../../../store/store.ts'
import type { BoardQueue } from '../queue-book.ts'
import { createFindEdges } from './edges.ts'
import { readAlong } from './feed-reader.ts'
import { createHistory, type History } from './history.ts'
import { createMailbox, type LiveEvent, type Mailbox } from './mailbox.ts'
import { createPulse } from './pulse.ts'
import { activeCount, lagOf, liveCount, mergeSurveys, stateTicks } from './tick.ts'
import type { Tick, WorkerCounts } from '../../shapes/live.ts'
import { createTraffic } from './traffic.ts'

/** Watches one queue for all its viewers: one subscription and one reading of the populations a second, however many they are. */
export interface Monitor {
  /** Begins with the first viewer. The first event is a whole tick. */
  view(): Mailbox
  leave(viewer: Mailbox): void
  readonly history: History
}

/** Milliseconds. */
const TICK = 1000
const FLOW = 250
/** A page that is loaded again finds what was known before. */
const LINGER = 10_000

/** What others know better than the feed does. */
export interface Extras {
  readonly paused?: boolean
  readonly workers?: WorkerCounts
}

export function createMonitor(
  inside: Pick<Inside, 'store' | 'log' | 'clock' | 'closed'>,
  { name, partitions, known }: BoardQueue,
  extras: () => Promise<Extras> = async () => ({}),
): Monitor {
  const machine = known?.runtime.machine
  const traffic = createTraffic(createFindEdges(machine && toChart(machine.machine)))
  const history = createHistory()
  const viewers = new Set<Mailbox>()
  let last: Tick = {
    at: inside.clock.now(),
    redis: 'away',
    paused: false,
    states: {},
    edges: [],
    perSecond: { transitions: 0, succeeded: 0, dead: 0, retrying: 0 },
    lagMs: null,
    workers: { count: 0, active: 0, concurrency: 0 },
  }
  let events = 0
  let lastEvent: LiveEvent | undefined

  function tell(event: 'tick' | 'flow', facts: object): LiveEvent {
    const made = { name: event, id: ++events, data: JSON.stringify(facts) }
    for (const viewer of viewers) viewer.put(made)
    return made
  }

  function hear({ at, text }: FeedEntry): void {
    try {
      for (const transition of decodeTransitions(name, at, text)) traffic.see(transition)
    } catch (error) {
      inside.log.feedFailed(name, error)
    }
  }

  async function look(): Promise<Tick> {
    const [surveys, { paused = false, workers }] = await Promise.all([
      Promise.all(partitions.map((partition) => inside.store.survey(partition))),
      extras(),
    ])
    const survey = mergeSurveys(surveys)
    const lagMs = lagOf(survey)
    history.add({ at: survey.now, ...traffic.sinceLast(), lagMs, live: liveCount(survey, machine) })
    const active = activeCount(survey, machine)
    return {
      at: survey.now,
      redis: 'up',
      paused,
      states: stateTicks(survey, traffic),
      edges: traffic.edges(),
      perSecond: traffic.totals(),
      lagMs,
      workers: workers ?? { count: traffic.workers(survey.now), active, concurrency: 0 },
    }
  }

  const pulse = createPulse({
    tickEvery: TICK,
    flowEvery: FLOW,
    linger: LINGER,
    look,
    tick(seen) {
      // What was last known stays to be seen while Redis is away.
      last = seen ?? { ...last, at: inside.clock.now(), redis: 'away' }
      lastEvent = tell('tick', last)
    },
    flow() {
      const sample = traffic.flow.take()
      if (sample) tell('flow', sample)
    },
    listen: async () => [await readAlong(inside.store, partitions, hear)],
  })

  function end(): void {
    for (const viewer of viewers) viewer.end()
    pulse.end()
  }
  inside.closed.addEventListener('abort', end, { once: true })

  return {
    history,
    view() {
      const viewer = createMailbox()
      viewers.add(viewer)
      if (pulse.isBeating && lastEvent) viewer.put(lastEvent)
      pulse.start()
      return viewer
    },
    leave(viewer) {
      viewer.end()
      viewers.delete(viewer)
      if (viewers.size === 0) pulse.stop()
    },
  }
}
