// oxlint-disable no-underscore-dangle -- the actors of a system know each other by fields that XState gives no public name
import { randomBytes } from 'node:crypto'
import type { AnyActorLogic, AnyActorRef, AnyStateMachine } from 'xstate'
import { RedriveError } from '../errors.ts'
import type { EventData } from '../message.ts'
import { withPaths } from './actor-references.ts'
import { invocationId, pathOf, timerPlace } from './address.ts'
import { toEffect, type ActionEffect, type Effect, type ExecutableAction } from './effects.ts'
import { DURABLE_INSTEAD, kindOf, type LogicKind } from './logic.ts'
import type { StartParams } from '../../machines/talk.ts'
import type { StartAt } from './join.ts'
import { qualified, type Member } from './members.ts'
import { isOutgoing, OUTGOING } from './outgoing.ts'

/** An actor as XState makes it. */
export interface LiveActor extends AnyActorRef {
  logic: AnyActorLogic
  _snapshot: unknown
  readonly _parent?: LiveActor
  readonly _processingStatus: number
  readonly options: { readonly id?: string }
  readonly system: AnyActorRef['system'] & { scheduler: unknown; _relay: (...event: readonly unknown[]) => void }
  readonly _actorScope: { actionExecutor: (action: ExecutableAction) => void; emit: (event: EventData) => void }
}

/**
 * Takes down what the actors of one step ask of the world, in its order: timers by a scheduler that only records, custom actions by an
 * executor that does, and promises by actors that stand in for those that workers run.
 */
export interface Recorder {
  /** The root's own logic, so that an error that it throws is told from one that an actor below ends with. */
  root(machine: AnyStateMachine): AnyStateMachine
  /** To be called with each actor as it is made, before it takes its first snapshot. */
  adopt(actor: LiveActor): void
  /** Forgets what was taken down so far. */
  begin(): void
  /** What was taken down. @throws what the root threw. */
  taken(): Effect[]
}

/** Events within one step between the actors of a message. Honest machines come nowhere near it. */
const MOST_TALKS = 10_000

/** Events by which the actor that stands in for a promise ends. */
export const DONE = 'redrive.actor.done'
export const ERROR = 'redrive.actor.error'

export function createRecorder(members: readonly Member[]): Recorder {
  const keys = new Map<unknown, string>(
    members.flatMap(
      ({ machine, run, key }) =>
        [
          [machine, key],
          [run, key],
        ] as const,
    ),
  )
  const runs = new Map<unknown, AnyStateMachine>(members.map(({ machine, run }) => [machine, run]))
  let effects: Effect[] = []
  let thrown: { readonly error: unknown } | undefined
  const note = (effect: Effect): void => void effects.push(effect)
  const standIn = createStandIn((actor, input) => {
    const src = qualified(keys.get(actor._parent?.logic) ?? '', actor.src as string)
    note({ type: 'invoke', id: invocationId(pathOf(actor)), src, input })
  })

  const scheduler = {
    schedule(source: LiveActor, target: LiveActor, event: EventData, delay: number, id?: string) {
      const at = timerPlace(pathOf(source), pathOf(target), id)
      note({ type: 'timer.set', at, id, event: withPaths(event), delay })
    },
    cancel: (source: LiveActor, id: string) => note({ type: 'timer.cancel', at: pathOf(source), id }),
    /** XState calls it for each actor that ends, however it does. */
    cancelAll(actor: LiveActor) {
      const path = pathOf(actor)
      note({ type: 'timer.cancel', at: path, id: undefined })
      if (actor.logic === standIn) note({ type: 'stop', id: invocationId(path) })
    },
  }

  function record(actor: LiveActor, action: ExecutableAction): void {
    const effect = toEffect(action)
    if (effect?.type === 'action' && isOutgoing(effect.name)) note(outgoing(actor, effect))
    else if (effect?.type === 'action') {
      const name = qualified(keys.get(actor.logic) ?? '', effect.name)
      note(actor._parent ? { ...effect, name, at: pathOf(actor) } : { ...effect, name })
    } else if (effect?.type === 'log') note(effect)
  }

  function observe(actor: LiveActor): void {
    const scope = actor._actorScope
    const execute = scope.actionExecutor
    // XState's own actions are done, and end in the scheduler or with another actor; all others are only taken down, in their turn.
    scope.actionExecutor = (action) =>
      execute(isOwn(action.type) ? action : { ...action, exec: () => record(actor, action) })
    scope.emit = actor._parent ? () => {} : (event) => note({ type: 'emit', event })
  }

  /** In whichever actor it comes up: XState would make it the end of that actor, and its parent's to handle. */
  function check(actor: LiveActor): void {
    const error = faultOf(actor, actor.logic === standIn ? 'promise' : kindOf(actor.logic))
    if (!error) return
    thrown ??= { error }
    throw error
  }

  /** Two actors that answer each other for ever would hold a worker, and after its lease the next one. */
  function bounded(relay: LiveActor['system']['_relay']): LiveActor['system']['_relay'] {
    let talks = 0
    return (...event) => {
      if (++talks <= MOST_TALKS) return relay(...event)
      const error = failure(`its actors sent ${MOST_TALKS} events to each other in one step, and there is no end of it`)
      thrown ??= { error }
      throw error
    }
  }

  return {
    root(machine) {
      const transition: AnyStateMachine['transition'] = (...step) => {
        try {
          return machine.transition(...step)
        } catch (error) {
          thrown ??= { error }
          throw error
        }
      }
      const root = Object.create(machine, { transition: { value: transition } }) as AnyStateMachine
      keys.set(root, '')
      return root
    },
    adopt(actor) {
      if (!actor._parent) {
        actor.system.scheduler = scheduler
        actor.system._relay = bounded(actor.system._relay)
      } else if (kindOf(actor.logic) === 'promise') actor.logic = standIn
      else actor.logic = runs.get(actor.logic) ?? actor.logic
      if (actor._parent) {
        name(actor)
        check(actor)
      }
      observe(actor)
    },
    begin() {
      effects = []
    },
    taken() {
      if (thrown) throw thrown.error
      return effects
    },
  }
}

const isOwn = (type: string): boolean => type.startsWith('xstate.') && type !== 'xstate.log'

/** What an actor asks of other messages is Redrive's to do, whoever asks; of children it hears itself. */
function outgoing(actor: LiveActor, effect: ActionEffect): ActionEffect {
  const at = pathOf(actor)
  if (effect.name !== OUTGOING.start || at.length === 0) return effect
  const params: StartAt = { ...(effect.params as StartParams), at }
  return { ...effect, params }
}

/**
 * One that is spawned without an id is called by XState after a count of this process, where another worker may have given the same
 * name. Nobody but its own machine knows it, by the reference in the context: so any name will do that comes only once.
 */
function name(actor: LiveActor): void {
  if (actor.options.id !== undefined || typeof actor.src !== 'string') return
  Object.assign(actor, { id: `${actor.src}-${randomBytes(6).toString('base64url')}` })
}

/** An enqueued spawnChild() without an id puts its actor where none can be found by its name, not even by XState. */
export function checkName(actor: AnyActorRef | undefined, id: string): void {
  if (actor && actor.id !== id)
    throw failure('an actor is spawned by spawnChild() without an id. Spawn it with one: { id: "…" }')
}

/** Why no other worker could bring an actor to life again. */
function faultOf({ id, src }: LiveActor, kind: LogicKind): RedriveError | undefined {
  if (typeof src !== 'string')
    return failure(
      `the actor "${id}" is spawned from code that has no name. Add it to setup({ actors }) and spawn it by its name`,
    )
  if (kind !== 'live') return undefined
  return failure(
    `the actor "${id}" is a callback or an observable: what it sends would be lost with its process. ${DURABLE_INSTEAD}`,
  )
}

const failure = (message: string): RedriveError => new RedriveError('E_STEP_FAILED', `${message}.`)

interface Standing {
  readonly status: string
  readonly output?: unknown
  readonly error?: unknown
  readonly input?: unknown
}

/** Logic in the place of a promise that a worker runs: it asks for it when it begins, and ends when it is told how that ended. */
function createStandIn(begun: (actor: LiveActor, input: unknown) => void): AnyActorLogic {
  /** What began in this step; one that was restored has been asked for before. Not by a mark, which `onSnapshot` would show. */
  const fresh = new WeakSet<Standing>()
  return {
    getInitialSnapshot(_: unknown, input: unknown): Standing {
      const snapshot: Standing = { status: 'active', output: undefined, error: undefined, input }
      fresh.add(snapshot)
      return snapshot
    },
    start(snapshot: Standing, { self }: { self: unknown }) {
      if (fresh.has(snapshot)) begun(self as LiveActor, snapshot.input)
    },
    transition(snapshot: Standing, event: EventData): Standing {
      if (event.type === DONE) return { status: 'done', output: event['output'] }
      if (event.type === ERROR) return { status: 'error', error: event['error'] }
      return event.type === 'xstate.stop' ? { status: 'stopped' } : snapshot
    },
    getPersistedSnapshot: ({ status, output, error }: Standing): Standing => ({
      status,
      ...(output === undefined ? {} : { output }),
      ...(error === undefined ? {} : { error }),
    }),
    restoreSnapshot: (snapshot: Standing) => snapshot,
  } as unknown as AnyActorLogic
}
