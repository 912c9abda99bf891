import {
  createActor,
  type AnyActorLogic,
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
} from 'xstate'
import { invocationId, timerPlace, type Path } from '../../src/engine/address.ts'
import { actorLogic, kindOf } from '../../src/engine/logic.ts'
import { isSystem, membersOf, qualified } from '../../src/engine/members.ts'
import { inDocumentOrder } from '../../src/engine/transition.ts'
import type { EventData } from '../../src/message.ts'
import { endActor, inert, type Ending } from './inert.ts'
import { SteppedClock } from './stepped-clock.ts'
import { childrenOf, INLINE, nothingTold, viewOf, type TimerView, type Told, type View } from './view.ts'

/** What is known to differ, taken out of the comparison; `docs/reference/xstate-differences.md` has the reasons. */
export interface Known {
  /** Put the states in the order of the document after each step, as a stored message has them. */
  readonly order?: boolean
  /** Transitions of its regions may contend, and lead XState to where no stored message could come back to. */
  readonly contention?: boolean
  /** A timer that is set under the id of a pending one takes its place; XState forgets that one, and fires it all the same. */
  readonly timers?: boolean
  /** What is sent to a spawned actor that has ended puts a message aside; XState drops it. */
  readonly sends?: boolean
}

/** A live actor of XState: the original that a message must be like. */
export interface Original {
  readonly now: number
  readonly snapshot: AnyMachineSnapshot
  send(event: EventData): void
  /** Ends an invoked actor. The machine has heard of it once the microtasks are through. */
  end(child: string, ending: Ending): void
  /** Moves the time on. */
  pass(to: number): void
  /** Fires what is due; `false` when there is no end of it. */
  drain(): boolean
  /** When timers are due, the earliest first. */
  dues(): number[]
  /** Ids of the actors that a handler would run, at all levels. */
  running(): string[]
  view(): View
  told(): Told
}

/** Timers of no delay in a row; who sets more than these will never rest. */
const ENDLESS = 16

export function startOriginal(machine: AnyStateMachine, input: unknown, known: Known = {}): Original {
  const clock = new SteppedClock()
  const told = nothingTold()
  const actor = createActor(prepared(machine, known), {
    input,
    clock,
    logger: (...args: unknown[]) => void told.logs.push(args),
    inspect(event) {
      if (event.type !== '@xstate.action' || event.action.type.startsWith('xstate.')) return
      const { type, params } = event.action
      const ref = event.actorRef as AnyActorRef
      const { actions } = (logicOf(ref) as AnyStateMachine).implementations
      told.actions.push({ name: type in actions ? qualified(keyOf(ref), type) : INLINE, params })
    },
  })
  const members = membersOf(machine)
  const inCompany = isSystem(members)
  const keys = new Map<unknown, string>(members.map((member) => [member.machine, member.key]))
  /** The machine of an actor, as its sources and actions name it. */
  const keyOf = (each: AnyActorRef | undefined): string => (each ? (keys.get(logicOf(each)) ?? '') : '')
  const dues = watchTimers(actor, clock, known)
  actor.on('*', (event) => void told.emitted.push(event as EventData))
  // An actor that nobody listens to throws its error at the whole process.
  actor.subscribe({ error() {} })
  actor.start()

  const snapshot = (): AnyMachineSnapshot => actor.getSnapshot() as AnyMachineSnapshot
  const timers = (): TimerView[] =>
    // oxlint-disable-next-line no-underscore-dangle -- XState has no public name for them
    Object.values(actor.system.getSnapshot()._scheduledEvents)
      // What is sent to an actor that only runs is heard by nobody, and kept only where it has company.
      .filter(({ target }) => inCompany || !isRun(target))
      .map(({ source, target, id, event }) => ({
        id: timerPlace(pathOf(source), pathOf(target), id) + (id.startsWith(NAMELESS) ? '' : id),
        event,
        left: dues.get(timerKey(source, id))! - clock.now(),
      }))
  const children = (): AnyActorRef[] => runningBelow(snapshot())

  return {
    get now() {
      return clock.now()
    },
    get snapshot() {
      return snapshot()
    },
    send: (event) => actor.send(event),
    end(child, ending) {
      const found = children().find((each) => invocationId(pathOf(each)) === child)
      if (!found) throw new Error(`${machine.id} runs no ${child}`)
      endActor(found, ending)
    },
    pass: (to) => clock.set(to),
    drain() {
      for (let fired = 0; fired < ENDLESS; fired++) if (!clock.fire()) return true
      return false
    },
    dues: () =>
      timers()
        .map(({ left }) => left + clock.now())
        .toSorted((a, b) => a - b),
    running: () => children().map((child) => invocationId(pathOf(child))),
    view: () =>
      viewOf(
        snapshot(),
        timers(),
        children().map((child) => ({
          id: invocationId(pathOf(child)),
          src: qualified(keyOf(parentOf(child)), sourceOf(child)),
          input: (child.getSnapshot() as { input?: unknown }).input,
        })),
      ),
    told: () => ({ emitted: told.emitted.splice(0), logs: told.logs.splice(0), actions: told.actions.splice(0) }),
  }
}

/** An actor as XState makes it. */
interface Made {
  readonly logic: AnyActorLogic
  readonly _parent?: AnyActorRef
}

// oxlint-disable-next-line no-underscore-dangle -- XState has no public name for it
const parentOf = (actor: AnyActorRef): AnyActorRef | undefined => (actor as unknown as Made)._parent
const logicOf = (actor: AnyActorRef): AnyActorLogic => (actor as unknown as Made).logic
const isRun = (actor: AnyActorRef): boolean => kindOf(logicOf(actor)) === 'promise'
const isActive = (actor: AnyActorRef): boolean => (actor.getSnapshot() as { status: string }).status === 'active'

/** The ids from the root's child down to an actor. */
function pathOf(actor: AnyActorRef): Path {
  const parent = parentOf(actor)
  return parent ? [...pathOf(parent), actor.id] : []
}

/** The actors that run once, at all levels. */
const runningBelow = (snapshot: AnyMachineSnapshot): AnyActorRef[] =>
  childrenOf(snapshot)
    .filter(isActive)
    .flatMap((child) => (isRun(child) ? [child] : runningBelow(child.getSnapshot() as AnyMachineSnapshot)))

const sourceOf = ({ src }: AnyActorRef): string => (typeof src === 'string' ? src : '(inline)')

/** What a handler would run, whether the machine implements it or not. */
const isInert = (logic: AnyActorLogic | undefined): boolean => !logic || kindOf(logic) === 'promise'

const preparedOnes = new WeakMap<AnyStateMachine, AnyStateMachine>()

/** The machine with actors that do nothing by themselves. */
function prepared(machine: AnyStateMachine, known: Known): AnyStateMachine {
  const once = preparedOnes.get(machine) ?? prepare(machine, known)
  preparedOnes.set(machine, once)
  return once
}

function prepare(machine: AnyStateMachine, { order = false }: Known): AnyStateMachine {
  const [root] = membersOf(machine)
  const named = root!.sources.filter((src) => !src.startsWith('xstate.invoke.') && isInert(actorLogic(machine, src)))
  const provided = machine.provide({ actors: Object.fromEntries(named.map((src) => [src, inert])) }) as AnyStateMachine
  if (!order) return provided
  const transition = provided.transition.bind(provided)
  const getInitialSnapshot = provided.getInitialSnapshot.bind(provided)
  return Object.assign(provided, {
    transition: (...args: Parameters<typeof transition>) => inDocumentOrder(transition(...args) as AnyMachineSnapshot),
    getInitialSnapshot: (...args: Parameters<typeof getInitialSnapshot>) =>
      inDocumentOrder(getInitialSnapshot(...args) as AnyMachineSnapshot),
  })
}

const NAMELESS = 'nameless timer '
const timerKey = ({ sessionId }: AnyActorRef, id: string): string => `${sessionId} ${id}`

/** Learns when each timer is due, by its id; one without an id gets one that can be told. */
function watchTimers(
  { system }: Pick<AnyActorRef, 'system'>,
  clock: SteppedClock,
  known: Known,
): ReadonlyMap<string, number> {
  const dues = new Map<string, number>()
  const { scheduler } = system
  const schedule = scheduler.schedule
  scheduler.schedule = (source, target, event, delay, id = `${NAMELESS}${dues.size}`) => {
    if (known.timers) scheduler.cancel(source, id)
    dues.set(timerKey(source, id), clock.now() + Math.max(0, Math.round(delay)))
    schedule(source, target, event, delay, id)
  }
  return dues
}
