import { encode } from '../codec.ts'
import type { DurableMachine } from '../engine/registry.ts'
import { eventNames, type QueueEvents, type QueueRuntime } from '../engine/runtime.ts'
import { FIELD } from '../engine/snapshot.ts'
import type { Stimulus } from '../engine/stimulus.ts'
import { RedriveError } from '../errors.ts'
import type { Emitter } from '../events/emitter.ts'
import { decodeTransitions, isLarge } from '../events/transition-text.ts'
import type { Transition } from '../message.ts'
import { DEFAULTS } from '../options.ts'
import { planOf } from '../step/plan/plan.ts'
import type { Start } from '../step/recipe.ts'
import { fenceOfStart, type CommitGroup, type GroupMember, type Round } from '../store/round.ts'
import type { ClaimedMessage, CommitStatus, Partition } from '../store/store.ts'
import { HandlerRun, type RunOwner } from './handler-run.ts'
import type { Handler } from './handlers.ts'
import { QuickMessage, type Batch, type QuickOwner } from './quick-message.ts'
import { createRoundCaller } from './round-caller.ts'

export interface QuickLaneOptions {
  readonly queue: QueueRuntime
  readonly machine: DurableMachine
  readonly start: Start
  readonly worker: string
  readonly handler: Handler
  readonly concurrency: number
  readonly events: Emitter<QueueEvents>
  /** Places for handlers that are free, but for those of the lane. */
  free(): number
  /** The plain path takes a message over. */
  leave(message: ClaimedMessage, partition: Partition, rest: LeftBehind): void
  /** Hears what a round told: when the next message is due, whether others are, whether the queue is paused. */
  heard(partition: Partition, round: Round): void
  /** Places have become free. */
  freed(): void
  /** How long each message was late, and how long it was in hand. */
  claimed(late: number): void
  processed(ms: number): void
}

/** What comes with a message that leaves the lane. */
export interface LeftBehind {
  readonly stimuli: readonly Stimulus[]
  readonly leaseUntil: number
  readonly run: HandlerRun | undefined
  readonly eventsWait: boolean
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
  /** Asks for messages; resolves to whether as many came as could be taken, or to nothing where the lane asks by itself. */
  claim(partition: Partition): Promise<boolean | undefined>
  /** An event waits for a message. */
  mail(id: string): void
  /** Asks for nothing more. */
  stop(): void
  /** Has the plain path take over whatever runs. */
  leaveAll(): void
  /** Resolves when no handler runs and no commit is under way. */
  finished(): Promise<void>
  /** Gives up on what Redis does not answer. */
  close(): void
}

/** Rounds under way at a time for each partition: while one is answered, the other fills up. */
const ROUNDS = 2
/** Commits in one round, and bytes of their outputs. */
const MOST = 200
const MOST_BYTES = 256 * 1024

/** One partition: what is to be committed there, and how many rounds are under way. */
interface Lane {
  readonly partition: Partition
  /** By the fence of their start, which the messages of one round share. */
  ended: Map<string, Ended>
  count: number
  bytes: number
  busy: number
  scheduled: boolean
  /** More was due than it could take. */
  hungry: boolean
}

/** Messages of one round whose handlers are done. */
interface Ended {
  readonly members: GroupMember[]
  readonly outputs: unknown[]
}

export function createQuickLane(options: QuickLaneOptions): QuickLane {
  const { queue, machine, start, worker, handler, concurrency, events } = options
  const { ending, recipe } = start
  const plan = planOf(machine)
  const running = new Map<string, QuickMessage>()
  /** Events can be announced before the round is answered that starts their message. */
  const announced = new Set<string>()
  const lanes = queue.partitions.map(emptyLane)
  const caller = createRoundCaller(queue, { worker, recipe })
  const begun = toldBy(recipe.transition)
  const done = toldBy(ending.transition)
  const counts = { attempt: Number(start.context['attempt'] ?? 1), leasesLost: 0 }
  const timeLimit = Math.min(Infinity, ...recipe.timers.map(({ delay }) => delay))
  let asked = 0
  let stopped = false
  let idle = (): void => {}

  /** Half of the places at a time, so that two rounds can be under way; never more than are free, for each message has begun its attempt. */
  function limit(): number {
    if (stopped) return 0
    const free = options.free() - running.size - asked
    return Math.max(0, Math.min(free, Math.ceil(concurrency / ROUNDS), DEFAULTS.batch))
  }

  function schedule(lane: Lane): void {
    if (lane.scheduled) return
    lane.scheduled = true
    // After the callbacks of this turn: the handlers of one round that end in it are committed together.
    setImmediate(() => {
      lane.scheduled = false
      options.freed()
      drain(lane)
    })
  }

  function drain(lane: Lane): void {
    while (lane.busy < ROUNDS && (lane.count > 0 || (lane.hungry && limit() > 0))) void round(lane)
  }

  /** Commits what has ended and asks for more. Resolves to whether as much came as could be taken. */
  async function round(lane: Lane): Promise<boolean> {
    const places = limit()
    const sent = lane.ended
    lane.ended = new Map()
    lane.count = lane.bytes = 0
    lane.busy++
    asked += places
    const groups = [...sent].map(([fence, { members }]): CommitGroup => ({ ...ending, fence, members }))
    const answer = await caller.call(lane.partition, { limit: places, groups })
    lane.busy--
    asked -= places
    if (answer) {
      settleAll(sent, answer)
      beginAll(lane.partition, answer)
      if (asked === 0) announced.clear()
      if (places > 0) lane.hungry = answer.started.length === places
      options.heard(lane.partition, answer)
      if (lane.count > 0 || lane.hungry) schedule(lane)
    }
    rest()
    return lane.hungry
  }

  function rest(): void {
    if (running.size === 0 && lanes.every(({ count, busy }) => count === 0 && busy === 0)) idle()
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
    options.claimed(batch.startedAt - started.createdAt)
    if (events.listens()) tell(begun, { ...begun.transition, id: message.id, at: batch.startedAt })
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
      const text = stimulus.type === 'done' && stimulus.output !== undefined ? encode(stimulus.output, 'output') : ''
      if (stimulus.type === 'done' && !isLarge(text) && isPlainEnd(quick, stimulus)) end(quick, stimulus.output, text)
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

  function end(message: QuickMessage, output: unknown, text: string): void {
    if (!running.delete(message.id)) return
    const { fence, since, partition } = message.batch
    options.processed(performance.now() - since)
    const lane = lanes[partition.index]!
    let ended = lane.ended.get(fence)
    if (!ended) lane.ended.set(fence, (ended = { members: [], outputs: [] }))
    ended.members.push(memberOf(message.id, text))
    ended.outputs.push(output)
    lane.count++
    lane.bytes += text.length
    if (lane.count >= MOST || lane.bytes >= MOST_BYTES) drain(lane)
    schedule(lane)
  }

  /** Whether the machine itself ends here just as the example did. */
  function isPlainEnd(
    { id, context }: QuickMessage,
    { output, outgoing = [] }: Extract<Stimulus, { type: 'done' }>,
  ): boolean {
    const from = plan.state(recipe.to)
    if (from.refused !== undefined || outgoing.length > 0) return false
    const event = { type: `xstate.done.actor.${start.invocation.id}`, output, actorId: start.invocation.id }
    const step = plan.step(from, context, event, id)
    return (
      step.refused === undefined &&
      step.status === 'done' &&
      step.to.name === ending.to &&
      step.context === context &&
      step.output === output &&
      step.effects.every(({ type }) => type === 'stop' || type === 'timer.cancel')
    )
  }

  function memberOf(id: string, text: string): GroupMember {
    if (text === '') return { id }
    return {
      id,
      fields: { [FIELD.output]: text },
      transition: `${ending.transition.slice(0, -1)},"o":${JSON.stringify(text)}}`,
    }
  }

  function settleAll(sent: ReadonlyMap<string, Ended>, { statuses, now }: Round): void {
    let at = 0
    for (const { members, outputs } of sent.values())
      for (let i = 0; i < members.length; i++) settled(members[i]!.id, outputs[i], statuses[at++]!, now)
  }

  function settled(id: string, output: unknown, status: CommitStatus, at: number): void {
    if (status === 'fenced' || status === 'unknown') queue.log.leaseLost(id, worker)
    else if (events.listens())
      tell(done, output === undefined ? { ...done.transition, id, at } : { ...done.transition, id, at, output })
  }

  /** A transition but for its message, and the names of the events that tell of it. */
  function toldBy(rest: string): Told {
    const [transition] = decodeTransitions(queue.name, 0, `[["",${rest}]]`)
    return { transition: transition!, names: eventNames(transition!) }
  }

  function tell({ names }: Told, transition: Transition): void {
    for (const name of names) events.emit(name, transition)
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
      if (lane.busy < ROUNDS) return limit() > 0 ? round(lane) : undefined
      lane.hungry = true
      return undefined
    },
    mail(id) {
      const message = running.get(id)
      if (message) message.mail()
      else if (asked > 0) announced.add(id)
    },
    stop() {
      stopped = true
    },
    leaveAll() {
      for (const message of running.values()) leave(message)
    },
    finished: () =>
      new Promise((resolve) => {
        idle = resolve
        rest()
      }),
    close: () => caller.close(),
  }
}

const emptyLane = (partition: Partition): Lane => ({
  partition,
  ended: new Map(),
  count: 0,
  bytes: 0,
  busy: 0,
  scheduled: false,
  hungry: false,
})

interface Told {
  readonly transition: Transition
  readonly names: readonly (keyof QueueEvents)[]
}

/** A heartbeat comes at least once a second; what falls due before the next but one leaves in time. */
const SOON = 2 * DEFAULTS.maxSleep
