import { advance, type Advanced, type AdvanceSettings } from '../engine/advance.ts'
import type { PendingAction } from '../engine/action.ts'
import { eventNames, type QueueEvents, type QueueRuntime } from '../engine/runtime.ts'
import { handBack } from '../engine/hand-back.ts'
import { quarantine } from '../engine/quarantine.ts'
import { isReserved } from '../engine/registry.ts'
import type { LiveMessage } from '../engine/snapshot.ts'
import type { Stimulus } from '../engine/stimulus.ts'
import { mailOf } from '../engine/claimed.ts'
import { asError, type ErrorCode } from '../errors.ts'
import type { Emitter } from '../events/emitter.ts'
import { readJournal } from '../events/journal-text.ts'
import { transitionsOf } from './committed-transitions.ts'
import type { QuorumLock } from '../lock/quorum.ts'
import type { EventData } from '../message.ts'
import { QUARANTINED, type Beat, type Partition } from '../store/store.ts'
import { runActions } from './action-runner.ts'
import type { Committed, Committer } from './committer.ts'
import type { HandlerRun } from './handler-run.ts'
import type { Handlers } from './handlers.ts'
import type { LeaseHolder } from './heartbeater.ts'
import { isOutgoing } from '../engine/outgoing.ts'
import { createPostman } from './postman.ts'
import { createRunningHandlers } from './running-handlers.ts'

/** What an active message needs of its worker. */
export interface ActiveContext {
  readonly queue: QueueRuntime
  readonly handlers: Handlers
  readonly committer: Committer
  readonly settings: AdvanceSettings
  readonly events: Emitter<QueueEvents>
}

/** A message in the hands of this worker, from its first step to the commit that lets it go. */
export interface ActiveMessage extends LeaseHolder {
  readonly id: string
  readonly state: string
  /** Resolves when the message is out of this worker's hands. */
  readonly finished: Promise<void>
  /** Aborts its handlers and gives it back; the attempt does not count. */
  interrupt(): void
}

export interface ActivateOptions {
  readonly quorumLock?: QuorumLock | undefined
  /** A handler of it that runs already. */
  readonly run?: HandlerRun | undefined
  /** Whether its inbox has events that were not read yet. Default: as the message says. */
  readonly eventsWait?: boolean
}

export function activate(
  live: LiveMessage,
  partition: Partition,
  first: readonly Stimulus[],
  leaseUntil: number,
  context: ActiveContext,
  { quorumLock, run: adopted, eventsWait = live.inbox.length > 0 }: ActivateOptions = {},
): ActiveMessage {
  const { queue, committer, settings, events } = context
  const running = createRunningHandlers({
    queue,
    partition,
    handlers: context.handlers,
    ended: (stimulus) => push(stimulus),
    prolonged: (next) => (until = Math.max(until, next)),
  })
  if (adopted) running.adopt(adopted)
  const postman = createPostman(queue, {
    done: (stimulus) => push(stimulus),
    holds: () => !gone && queue.clock.now() < until,
    tired,
  })
  let message = live
  let stimuli = [...first]
  let until = leaseUntil
  let mailWaits = eventsWait
  let mailRead = false
  let offered: readonly EventData[] = []
  let gone = false
  let interrupted = false
  let notBefore: number | undefined
  let committing = false
  let notify = (): void => {}
  let cancelAlarm = (): void => {}

  /** A full server refuses what this message sends, and may go on to do so until others are worked off: so it makes room for them. */
  function tired(): void {
    if (message.invocations.size > 0 || interrupted) return
    notBefore = queue.clock.now() + PUT_OFF
    interrupted = true
    notify()
  }

  const hide = (value: unknown): unknown => queue.settings.redaction?.veil(value, message.snapshot.context) ?? value

  function push(stimulus: Stimulus): void {
    stimuli.push(stimulus)
    notify()
  }

  /** Step, commit, run; again and again until the message is let go. */
  async function run(): Promise<void> {
    do {
      if (mailWaits) await readMail()
      const advanced = next()
      if (!(await commit(advanced))) return
      const kept = advanced.entry.disposal === 'keep'
      if (!kept) return leave('E_CANCELLED', 'the message was let go')
      // Actions are begun before the handlers of the same step, as in a live actor.
      if (interrupted) break
      act(advanced.actions)
      for (const invocation of advanced.started) running.start(invocation, message)
      setAlarm()
      await news()
    } while (!gone && !interrupted)
    if (interrupted && !gone) await giveBack()
  }

  async function commit(advanced: Advanced): Promise<boolean> {
    committing = true
    const result = await committer.submit(partition, advanced.entry)
    committing = false
    if (result.status === 'fenced' || result.status === 'unknown') {
      lost()
      return false
    }
    if (gone) return false
    accept(advanced, result)
    return true
  }

  function accept(advanced: Advanced, { now, inbox }: Committed): void {
    const timers = [...advanced.message.timers].map(
      ([id, timer]) => [id, { ...timer, due: timer.due ?? now + (timer.delay ?? 0) }] as const,
    )
    message = { ...advanced.message, timers: new Map(timers) }
    until = now + queue.settings.lease
    // Mail can be announced before the commit is answered: what was heard of meanwhile still waits.
    mailWaits ||= inbox
    for (const { invocation, by } of advanced.stopped) running.abort(invocation, by)
    for (const effect of advanced.effects) {
      if (effect.type === 'log') queue.log.fromMachine(message.id, hide(effect.value), effect.label)
    }
    announce(advanced, now)
    for (const event of offered.slice(0, advanced.entry.consumed)) if (!isReserved(event.type)) running.tell(event)
  }

  function announce({ entry }: Advanced, now: number): void {
    if (entry.state === QUARANTINED) {
      const [line] = readJournal(entry.journal.map((text) => ({ ...text, at: now })))
      queue.log.quarantined(message.id, line?.error)
    }
    // Nobody listens to most workers, and what nobody hears need not be put together.
    if (!events.listens()) return
    for (const transition of transitionsOf(queue, entry, now)) {
      for (const name of eventNames(transition)) events.emit(name, transition)
    }
  }

  function act(actions: readonly PendingAction[]): void {
    if (actions.length === 0) return
    const outgoing = actions.filter(({ name }) => isOutgoing(name))
    if (outgoing.length > 0) postman.carry(message, outgoing)
    const own = actions.filter((action) => !outgoing.includes(action))
    if (own.length === 0) return
    const nonces = own.map(({ nonce }) => nonce)
    void runActions(queue, partition, message, own).then(() => {
      if (!gone) push({ type: 'ran', nonces })
    })
  }

  async function news(): Promise<void> {
    while (stimuli.length === 0 && !mailWaits && !gone && !interrupted) {
      await new Promise<void>((resolve) => {
        notify = resolve
      })
    }
  }

  /** The next timer of a message that is being worked on is its worker's to fire; never before the store's clock says so. */
  function setAlarm(): void {
    cancelAlarm()
    const next = [...message.timers.values()].toSorted((a, b) => (a.due ?? 0) - (b.due ?? 0))[0]
    if (!next) return
    const wait = (next.due ?? 0) - queue.clock.now()
    cancelAlarm = queue.clock.after(Math.max(wait, 0), () => {
      if (queue.clock.now() < (next.due ?? 0)) setAlarm()
      else push({ type: 'timer', nonce: next.nonce })
    })
  }

  async function readMail(): Promise<void> {
    mailWaits = false
    try {
      message = { ...message, inbox: await queue.store.inbox(partition, message.id) }
      stimuli = stimuli.filter(({ type }) => type !== 'event')
      mailRead = true
    } catch (error) {
      // The next heartbeat tells of it again.
      queue.log.heartbeatFailed(queue.name, error)
    }
  }

  /** All that has happened since the last step. An inbox that cannot be read puts the message aside, like a machine that throws. */
  function next(): Advanced {
    try {
      const mail = mailRead ? mailOf(message.inbox) : []
      offered = mail.flatMap((stimulus) => (stimulus.type === 'event' && !stimulus.to ? [stimulus.event] : []))
      return advance(message, [...stimuli.splice(0), ...mail], settings)
    } catch (cause) {
      return quarantine(message, { type: 'inbox' }, cause, settings)
    } finally {
      mailRead = false
    }
  }

  function leave(code: ErrorCode, why: string): void {
    cancelAlarm()
    postman.stop()
    gone = true
    running.abortAll(code, why)
    notify()
  }

  function lost(): void {
    if (gone) return
    leave('E_LEASE_LOST', 'the lease was lost; another worker may be working on it')
    queue.log.leaseLost(message.id, settings.worker)
  }

  /** A handler that ends quickly once it is told to stop is still heard: its work is done, why do it again. */
  async function giveBack(): Promise<void> {
    postman.stop()
    await running.interrupt(INTERRUPT_GRACE)
    const done = stimuli.filter(({ type }) => type === 'done' || type === 'ran')
    if (done.length > 0 && !(await commit(advance(message, done, settings)))) return
    const left = message.invocations.size + message.actions.size
    if (done.length === 0 || left > 0) await committer.submit(partition, handBack(message, notBefore))
    leave('E_INTERRUPTED', 'the worker is stopping')
  }

  const finished = run().catch((error: unknown) => {
    leave('E_LEASE_LOST', 'the commit could not be written')
    events.emit('error', asError(error))
  })

  return {
    id: live.id,
    partition,
    quorumLock,
    finished,
    get state() {
      return message.state
    },
    get leaseUntil() {
      return until
    },
    beat(): Beat | undefined {
      if (gone || committing) return undefined
      const { progress } = running
      return {
        id: message.id,
        fence: `${message.revision}:${message.token}`,
        ...(progress === undefined ? {} : { progress }),
      }
    },
    renewed(next, reported) {
      until = Math.max(until, next)
      running.sent(reported)
    },
    mail() {
      mailWaits = true
      notify()
    },
    lost,
    interrupt() {
      interrupted = true
      notify()
    },
  }
}

/** How long a message is put off whose events cannot be delivered now, in milliseconds. */
const PUT_OFF = 5000
/** How long a handler may take to end by itself after it was aborted at shutdown, in milliseconds. */
const INTERRUPT_GRACE = 500
