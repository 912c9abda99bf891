import type { AdvanceSettings } from '../engine/advance.ts'
import { revive, type Revived } from '../engine/claimed.ts'
import { stayFailed } from '../engine/failure.ts'
import { parkAgain, returnLater, returnUntouched } from '../engine/hand-back.ts'
import { quarantineEntry } from '../engine/quarantine.ts'
import { checkRevision } from '../engine/readable-message.ts'
import type { QueueEvents, QueueRuntime } from '../engine/runtime.ts'
import { restore, type LiveMessage } from '../engine/snapshot.ts'
import type { Stimulus } from '../engine/stimulus.ts'
import type { Emitter } from '../events/emitter.ts'
import type { QuorumLock } from '../lock/quorum.ts'
import { FAILED, type ClaimedMessage, type CommitEntry, type Partition } from '../store/store.ts'
import { activate, type ActivateOptions, type ActiveMessage } from './active-message.ts'
import { createClaimAhead } from './claim-ahead.ts'
import { createCommitter } from './committer.ts'
import type { Handlers } from './handlers.ts'
import type { LeaseHolder } from './heartbeater.ts'
import type { LeftMessages } from './left-messages.ts'
import type { HandlerRun } from './handler-run.ts'
import type { QuorumGate } from './quorum-gate.ts'
import { createShelf, type Held } from './shelf.ts'

export interface PlainPathOptions {
  readonly queue: QueueRuntime
  readonly worker: string
  readonly handlers: Handlers
  readonly settings: AdvanceSettings
  readonly events: Emitter<QueueEvents>
  readonly left: LeftMessages
  /** Asked each time, for it is made later. */
  gate(): QuorumGate
  /** Places for handlers, but for those that the short way has. */
  places(): number
  /** A message was let go, after so many milliseconds. */
  released(ms: number): void
}

/** What comes with a message that leaves the lane. */
export interface LeftBehind {
  readonly stimuli: readonly Stimulus[]
  readonly leaseUntil: number
  readonly run: HandlerRun | undefined
  readonly eventsWait: boolean
}

/** The way of any message through a worker: claimed, held ready until a place is free, stepped and committed until it is let go. */
export interface PlainPath {
  readonly active: ReadonlySet<ActiveMessage>
  /** Messages held ready. */
  readonly held: number
  /** Places that its messages have, or wait for. */
  readonly taken: number
  /** Messages whose leases are to be kept. */
  holders(): LeaseHolder[]
  /** How many may be held ready, of so many that are wanted. */
  ahead(wanted: number): number
  claimed(partition: Partition, messages: readonly ClaimedMessage[], now: number): void
  /** Moves what is held ready into the free places. */
  fill(): void
  /** A place has become free elsewhere. */
  moved(): void
  /** Takes over a message that leaves the short way, as it is stored by now. */
  takeOver(stored: ClaimedMessage, partition: Partition, rest: LeftBehind): void
  /** Nothing begins any more while the queue is paused; what has begun goes on. */
  putAllBack(): void
  mail(id: string): void
  /** Begins nothing more, and gives back what is held ready. */
  stop(): void
  /** Aborts the handlers of all messages, and of those to come, and gives them back. */
  interrupt(): void
  /** Resolves when no message is active. */
  idle(): Promise<void>
  /** Resolves when all that was given back is written. */
  parted(): Promise<void>
  /** Gives up on what Redis does not answer. */
  close(): void
}

export function createPlainPath(options: PlainPathOptions): PlainPath {
  const { queue, worker, settings, left } = options
  const committer = createCommitter(queue, worker)
  const context = { queue, handlers: options.handlers, committer, settings, events: options.events }
  const active = new Set<ActiveMessage>()
  const entering = new Set<Held>()
  const parting = new Set<Promise<unknown>>()
  const shelf = createShelf(queue, (held) => void entering.delete(held))
  const claimAhead = createClaimAhead(queue, shelf, (partition, entry) => putBack(partition, entry))
  let isStopped = false
  let isInterrupted = false

  function fill(): void {
    while (active.size + entering.size < options.places() && !isStopped) {
      const next = shelf.take()
      if (!next) break
      if (queue.quorum) void enter(next)
      else begin(next, undefined)
    }
  }

  /** With the lock of a quorum before its first step; without it the message goes back, to be looked at again in a second. */
  async function enter(one: Held): Promise<void> {
    entering.add(one)
    const { message, partition } = one
    const lock = await options
      .gate()
      .enter(partition, message.id)
      .catch((error: unknown) => {
        queue.log.claimFailed(queue.name, error)
        return 'refused' as const
      })
    const lost = !entering.delete(one)
    if (lost || lock === 'refused' || isStopped) {
      if (lock !== 'refused') void lock?.release()
      if (!lost)
        putBack(partition, isStopped ? returnUntouched(message) : returnLater(message, queue.clock.now() + LEFT_FOR))
      return fill()
    }
    begin(one, lock)
  }

  function begin({ message, partition, leaseUntil, now }: Held, lock: QuorumLock | undefined): void {
    let revived: Revived
    try {
      revived = revive(queue.versions, message, Math.max(now, queue.clock.now()))
      if (typeof revived === 'object') checkRevision(message)
    } catch (cause) {
      if (left.isForOthers(message)) return putBack(partition, left.leave(message), lock)
      // One that failed is still stored as that: it stays so, and can be redriven again.
      if (message.state === FAILED) return putBack(partition, stayFailed(message, cause, settings), lock)
      queue.log.quarantined(message.id, cause)
      return putBack(partition, quarantineEntry(message, { type: 'restore' }, cause, worker), lock)
    }
    if (revived === 'parked') return putBack(partition, parkAgain(message), lock)
    if (revived === 'left') return putBack(partition, left.leave(message), lock)
    // Mail that came while it was held ready is read by the heartbeat or the commit.
    launch(partition, revived, leaseUntil, { quorumLock: lock })
  }

  function launch(
    partition: Partition,
    { message, stimuli }: Beginning,
    leaseUntil: number,
    given: ActivateOptions,
  ): void {
    const activated = activate(message, partition, stimuli, leaseUntil, context, given)
    const startedAt = performance.now()
    active.add(activated)
    if (isInterrupted) activated.interrupt()
    void activated.finished.then(() => {
      void given.quorumLock?.release()
      active.delete(activated)
      claimAhead.moved()
      fill()
      options.released(performance.now() - startedAt)
    })
  }

  /** Lets a message go on which this worker takes no step. */
  function putBack(partition: Partition, entry: CommitEntry, lock?: QuorumLock): void {
    const letGo = committer
      .submit(partition, entry)
      .catch((error: unknown) => queue.log.commitFailed(queue.name, error))
      .finally(() => {
        parting.delete(letGo)
        void lock?.release()
      })
    parting.add(letGo)
  }

  function putAllBack(): void {
    for (const { message, partition } of shelf.takeAll()) putBack(partition, returnUntouched(message))
  }

  return {
    active,
    fill,
    putAllBack,
    get held() {
      return shelf.size
    },
    get taken() {
      return active.size + entering.size + shelf.size
    },
    holders: () => [...active, ...entering, ...shelf],
    ahead: claimAhead.most,
    moved: claimAhead.moved,
    claimed(partition, messages, now) {
      shelf.add(partition, messages, now)
      fill()
      claimAhead.watch()
    },
    takeOver(stored, partition, { stimuli, leaseUntil, run, eventsWait }) {
      try {
        const message = restore(queue.versions.current, stored)
        launch(partition, { message, stimuli }, leaseUntil, { run, eventsWait })
      } catch (cause) {
        queue.log.quarantined(stored.id, cause)
        putBack(partition, quarantineEntry(stored, { type: 'restore' }, cause, worker))
      }
    },
    mail(id) {
      for (const message of active) if (message.id === id) message.mail()
    },
    stop() {
      isStopped = true
      claimAhead.stop()
      putAllBack()
    },
    interrupt() {
      isInterrupted = true
      for (const message of active) message.interrupt()
    },
    async idle() {
      while (active.size > 0) await Promise.all([...active].map(({ finished }) => finished))
    },
    async parted() {
      await Promise.all(parting)
    },
    close: committer.close,
  }
}

/** A message, and what it is to hear of first. */
interface Beginning {
  readonly message: LiveMessage
  readonly stimuli: readonly Stimulus[]
}

/** How long a message without the lock of a quorum is left alone, in milliseconds. */
const LEFT_FOR = 1000
