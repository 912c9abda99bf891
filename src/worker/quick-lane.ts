import type { AdvanceSettings } from '../engine/advance.ts'
import type { QueueEvents, QueueRuntime } from '../engine/runtime.ts'
import type { Stimulus } from '../engine/stimulus.ts'
import { RedriveError } from '../errors.ts'
import type { Emitter } from '../events/emitter.ts'
import { DEFAULTS } from '../options.ts'
import { startOf, type Start } from '../step/recipe.ts'
import { fenceOfStart, type Round } from '../store/round.ts'
import type { ClaimedMessage, CommitStatus, Partition } from '../store/store.ts'
import { HandlerRun, type RunOwner } from './handler-run.ts'
import { handlerOf, type Handlers } from './handlers.ts'
import { createEndOf, type QuickEnd } from './quick-end.ts'
import { createQuickRounds, ROUNDS, type QuickRounds } from './quick-rounds.ts'
import { QuickMessage, type Batch, type QuickOwner } from './quick-message.ts'
import type { LeftBehind } from './plain-path.ts'
import { createRoundCaller } from './round-caller.ts'
import { createTransitionTeller } from './transition-teller.ts'

export interface QuickLaneOptions {
  readonly queue: QueueRuntime
  readonly worker: string
  readonly handlers: Handlers
  readonly settings: AdvanceSettings
  readonly concurrency: number
  /** Whether messages are wanted beyond the places, which a round does not claim. */
  readonly isAhead: boolean
  readonly events: Emitter<QueueEvents>
  /** Places for handlers that are free, but for those of the lane. */
  free(): number
  /** The plain path takes a message over. */
  leave(message: ClaimedMessage, partition: Partition, rest: LeftBehind): void
  /** Places have become free. */
  freed(): void
  /** Something is due at this time, by the clock of the store. */
  expect(due: number): void
  paused(): void
  /** How late a message was started, and how long it was in hand, in milliseconds. */
  started(late: number): void
  ended(ms: number): void
}

/**
 * The short way of the commonest message: it is handed out started, its handler runs, and the round that commits its end brings the next one.
 * Whatever is not of this kind (an error, an event, a timer, an output of some size) leaves it for the plain path.
 */
export interface QuickLane {
  /** Messages whose handlers run, and those asked for. */
  readonly size: number
  /** Messages whose handlers run. */
  readonly running: number
  /** Messages whose leases are to be kept. */
  held(): Iterable<QuickMessage>
  /** Asks for messages: whether as many came as could be taken, and whether the plain claim is to follow. */
  claim(partition: Partition): Promise<{ readonly found: boolean; readonly plain: boolean }>
  /** An event waits for a message. */
  mail(id: string): void
  /** Asks for nothing more. */
  stop(): void
  /** Has the plain path take over whatever runs. */
  leaveAll(): void
  /** Resolves when no handler runs and no commit is under way. */
  idle(): Promise<void>
  /** Gives up on what Redis does not answer. */
  close(): void
}

/** Plain claims before a round is tried again that started nothing while others were due. */
const IN_VAIN = 8
/** A heartbeat comes at least once a second; what falls due before the next but one leaves in time. */
const SOON = 2 * DEFAULTS.maxSleep

/** The lane of a queue whose messages are such; `undefined` where what is hidden, kept of contexts or locked elsewhere is more than a round does. */
export function openQuickLane(options: QuickLaneOptions): QuickLane | undefined {
  const { queue, settings } = options
  const { redaction, contexts } = queue.settings
  if (!queue.isDefault || queue.quorum || redaction || contexts !== undefined) return undefined
  const start = startOf(queue.versions.current, settings)
  return start && createQuickLane(options, start)
}

function createQuickLane(options: QuickLaneOptions, start: Start): QuickLane {
  const { queue, worker, concurrency, events } = options
  const { ending, recipe } = start
  const machine = queue.versions.current
  const handler = handlerOf(machine, options.handlers, start.invocation.src)
  const endOf = createEndOf(machine, start)
  const running = new Map<string, QuickMessage>()
  /** Events can be announced before the round is answered that starts their message. */
  const announced = new Set<string>()
  const caller = createRoundCaller(queue, { worker, recipe })
  const tellBegun = createTransitionTeller(queue, events, recipe.transition)
  const tellDone = createTransitionTeller(queue, events, ending.transition)
  const counts = { attempt: Number(start.context['attempt'] ?? 1), leasesLost: 0 }
  const timeLimit = Math.min(Infinity, ...recipe.timers.map(({ delay }) => delay))
  /** By partition; `plain` claims come first where a round has told that others are due than it can start. */
  const lanes = queue.partitions.map((partition) => ({ plain: 0, rounds: roundsOf(partition) }))
  let asked = 0
  let stopped = false
  let idle = (): void => {}

  /** Half of the places at a time, so that two rounds can be under way; never more than are free, for each message has begun its attempt. */
  function limit(): number {
    if (stopped) return 0
    const free = options.free() - running.size - asked
    return Math.max(0, Math.min(free, Math.ceil(concurrency / ROUNDS), DEFAULTS.batch))
  }

  function roundsOf(partition: Partition): QuickRounds {
    return createQuickRounds({
      partition,
      ending,
      caller,
      limit,
      freed: options.freed,
      rested: rest,
      asked: (change) => void (asked += change),
      answered(round, ends) {
        ends.forEach((end, i) => settled(end, round.statuses[i]!, round.now))
        beginAll(partition, round)
        if (asked === 0) announced.clear()
        heard(partition, round)
      },
    })
  }

  function heard({ index }: Partition, { next, others, paused, started }: Round): void {
    if (paused) options.paused()
    if (others) lanes[index]!.plain = started.length > 0 ? 1 : IN_VAIN
    if (others || next !== undefined) options.expect(others ? 0 : next!)
  }

  function rest(): void {
    if (running.size === 0 && lanes.every(({ rounds }) => rounds.isIdle)) idle()
  }

  function beginAll(partition: Partition, { started, now, token }: Round & { readonly token: string }): void {
    if (started.length === 0) return
    const batch: Batch = {
      partition,
      token,
      fence: fenceOfStart(token),
      state: recipe.to,
      startedAt: now,
      due: now + timeLimit,
      leaseUntil: now + queue.settings.lease,
      since: performance.now(),
    }
    for (const each of started) begin(new QuickMessage(each, batch, owner))
  }

  function begin(message: QuickMessage): void {
    const { started, batch } = message
    options.started(batch.startedAt - started.createdAt)
    tellBegun(message.id, batch.startedAt)
    running.set(message.id, message)
    try {
      message.open(start.context)
    } catch {
      // What cannot be read is for the plain path to put into quarantine.
      return leave(message)
    }
    const invocation = { ...start.invocation, input: message.context['payload'] }
    message.run = new HandlerRun(queue, message, invocation, handler, counts, owner)
    if (announced.has(message.id)) leave(message, [], true)
    else if (timeLimit <= SOON) leave(message)
  }

  /** What falls due soon is for the plain path, which has an alarm for each message. Of all others the oldest is looked at with each heartbeat. */
  function leaveDue(): void {
    const soon = queue.clock.now() + SOON
    for (const message of running.values()) {
      if (message.batch.due > soon) return
      leave(message)
    }
  }

  const owner: RunOwner & QuickOwner = {
    ended({ message }, stimulus) {
      const quick = message as QuickMessage
      const end = endOf(quick, stimulus)
      if (end) finish(quick, end)
      else leave(quick, [stimulus])
    },
    prolonged: ({ message }, until) => (message as QuickMessage).renewed(until),
    interrupted: (message) => leave(message, [], true),
    lost(message) {
      if (!running.delete(message.id)) return
      const why = `${message.id}: the lease was lost; another worker may be working on it.`
      message.run?.controller.abort(new RedriveError('E_LEASE_LOST', why))
      queue.log.leaseLost(message.id, worker)
      options.freed()
      rest()
    },
  }

  function finish({ id, batch }: QuickMessage, end: QuickEnd): void {
    if (!running.delete(id)) return
    options.ended(performance.now() - batch.since)
    lanes[batch.partition.index]!.rounds.add(batch.fence, end)
  }

  function settled({ member: { id }, output }: QuickEnd, status: CommitStatus, at: number): void {
    if (status === 'fenced' || status === 'unknown') queue.log.leaseLost(id, worker)
    else tellDone(id, at, output)
  }

  function leave(message: QuickMessage, stimuli: readonly Stimulus[] = [], eventsWait = false): void {
    if (!running.delete(message.id)) return
    const { started, batch, partition, leaseUntil } = message
    const run = stimuli.length === 0 ? message.run : undefined
    const stored = start.stored(started, batch.token, batch.startedAt)
    options.leave(stored, partition, { stimuli, leaseUntil, run, eventsWait })
    rest()
  }

  return {
    get size() {
      return running.size + asked
    },
    get running() {
      return running.size
    },
    held() {
      leaveDue()
      return running.values()
    },
    async claim(partition) {
      const lane = lanes[partition.index]!
      const found = lane.plain > 0 ? false : await lane.rounds.ask()
      const plain = lane.plain > 0 || (options.isAhead && found === undefined)
      lane.plain = Math.max(0, lane.plain - 1)
      return { found: found === true, plain }
    },
    mail(id) {
      const message = running.get(id)
      if (message) message.mail()
      else if (asked > 0) announced.add(id)
    },
    stop() {
      stopped = true
      for (const { rounds } of lanes) rounds.stop()
    },
    leaveAll() {
      for (const message of running.values()) leave(message)
    },
    idle: () =>
      new Promise((resolve) => {
        idle = resolve
        rest()
      }),
    close() {
      caller.close()
      for (const { rounds } of lanes) rounds.close()
      rest()
    },
  }
}
