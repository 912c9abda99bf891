import { randomBytes } from 'node:crypto'
import type { QueueRuntime } from '../engine/runtime.ts'
import { DEFAULTS } from '../options.ts'
import type { ClaimedMessage, Partition } from '../store/store.ts'
import { createLag, type Lag } from './lag.ts'

export interface TimerServiceOptions {
  readonly worker: string
  /** How many more messages can be taken now. */
  capacity(): number
  /** Fewest messages worth a claim while others are at hand; claims of one message cost twice as much as those of many. */
  threshold(): number
  /** Milliseconds by which this worker stands back after an alarm, so that others come first. */
  hesitation(): number
  /**
   * Claims by the short way, where there is one, before the plain claim: whether as much was found as could be taken, and whether the plain
   * claim is to follow.
   */
  shortWay?(partition: Partition): Promise<{ readonly found: boolean; readonly plain: boolean }>
  onClaim(partition: Partition, messages: readonly ClaimedMessage[], now: number): void
  /** Nothing is given to anybody: the queue is paused. */
  onPaused(): void
}

/** Sleeps until the next attention or a wake-up, whichever is first, then claims what is due. */
export interface TimerService {
  start(): Promise<void>
  /** Looks again: a message was announced, or there is room for more. */
  wake(): void
  /** Is told when something is due, by the clock of the store. */
  expect(due: number): void
  /** Ends the loop; resolves when no claim is under way. */
  stop(): Promise<void>
  readonly lag: Lag
}

export function createTimerService(queue: QueueRuntime, options: TimerServiceOptions): TimerService {
  const lag = createLag()
  let running = false
  let loop = Promise.resolve()
  let unsubscribes: (() => Promise<void>)[] = []
  let awake = false
  let rouse = (): void => {}
  /** Earliest attention that is known, by the clock of the store. */
  let next = 0
  /** What it was told of since. */
  let expected = Infinity
  let failures = 0

  function wake(): void {
    awake = true
    rouse()
  }

  function sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = queue.clock.after(ms, resolve)
      rouse = () => {
        cancel()
        resolve()
      }
      if (awake) rouse()
    })
  }

  async function run(): Promise<void> {
    while (running) {
      awake = false
      if (options.capacity() < options.threshold()) await sleep(DEFAULTS.maxSleep)
      else if (!(await claimRound())) await sleep(pause() + options.hesitation())
      // Among messages that it leaves to others, it would find the next of them before they do.
      else if (options.hesitation() > 0) await sleep(options.hesitation())
    }
  }

  /** A second at most, because a notification can be lost; longer and longer while Redis is away. */
  function pause(): number {
    if (failures > 0) return Math.min(DEFAULTS.maxSleep, 50 * 2 ** failures)
    return Math.min(Math.max(next - queue.clock.now(), 0), DEFAULTS.maxSleep)
  }

  /** Claims once from each partition, each time from another first. Returns whether anything was found. */
  async function claimRound(): Promise<boolean> {
    let found = false
    next = expected
    expected = Infinity
    const first = Math.floor(queue.clock.random() * queue.partitions.length)
    for (let i = 0; i < queue.partitions.length && running; i++) {
      const partition = queue.partitions[(first + i) % queue.partitions.length]!
      const short = await options.shortWay?.(partition)
      if (short?.found) found = true
      const limit = Math.min(options.capacity(), DEFAULTS.batch)
      if (limit > 0 && (short?.plain ?? true) && (await claim(partition, limit))) found = true
    }
    return found
  }

  async function claim(partition: Partition, limit: number): Promise<boolean> {
    const request = {
      token: randomBytes(16).toString('hex'),
      worker: options.worker,
      limit,
      lease: queue.settings.lease,
    }
    try {
      const { now, messages, next: due, paused } = await queue.store.claim(partition, request)
      failures = 0
      queue.store.answered(partition, request.token).catch(() => {})
      queue.clock.sync?.(now)
      if (paused) options.onPaused()
      if (due !== undefined) next = Math.min(next, due)
      for (const { dueAt } of messages) lag.record(now - dueAt)
      if (messages.length > 0) options.onClaim(partition, messages, now)
      return messages.length > 0
    } catch (error) {
      failures++
      queue.log.claimFailed(queue.name, error)
      return false
    }
  }

  /** A message that is due later only brings the alarm forward. */
  function hear(due: number): void {
    if (due < next) next = due
    wake()
  }

  async function unsubscribeAll(): Promise<void> {
    await Promise.all(unsubscribes.map((unsubscribe) => unsubscribe().catch(() => {})))
    unsubscribes = []
  }

  return {
    lag,
    wake,
    expect(due) {
      expected = Math.min(expected, due)
      if (due >= next) return
      next = due
      wake()
    },
    async start() {
      running = true
      try {
        for (const partition of queue.partitions)
          unsubscribes.push(await queue.store.subscribe(partition, { wake: hear }))
      } catch (error) {
        running = false
        await unsubscribeAll()
        throw error
      }
      loop = run()
    },
    async stop() {
      running = false
      wake()
      await loop
      await unsubscribeAll()
    },
  }
}
