import { eventLabel } from '../../../engine/stimulus.ts'
import type {
  InspectedEvent,
  InspectedSnapshot,
  WireMessage,
  WireSnapshot,
} from '../../../inspect/wire/wire-message.ts'
import type { SourceActor, SourceStep } from '../../shapes/inspect.ts'
import type { SourceCharts } from './source-charts.ts'

/** What became of actors that run elsewhere, put together from what they sent. */
export interface SourceBoard {
  take(messages: readonly WireMessage[]): void
  gone(source: string): void
  /** In the order in which they came. */
  actors(): SourceActor[]
}

const ACTORS = 50
const STEPS = 20
/** Characters of JSON: of what is current, and of each step. */
const LARGE = 64 * 1024
const SMALL = 4 * 1024

interface Actor {
  readonly session: string
  readonly name: string
  readonly parent: string | undefined
  readonly definition: string | undefined
  readonly machineId: string
  snapshot: InspectedSnapshot
  steps: SourceStep[]
  seq: number
  connected: boolean
}

export function createSourceBoard(charts: SourceCharts): SourceBoard {
  const actors = new Map<string, Actor>()

  function introduce(message: Extract<WireMessage, { type: '@xstate.actor' }>): void {
    const { sessionId: session, name, parentId: parent, snapshot } = message
    if (actors.has(session)) return
    const definition = message.definition === undefined ? undefined : charts.keep(message.definition)
    const machineId = (definition !== undefined && charts.machine(definition)?.id) || ''
    const facts = { session, name, parent, definition, machineId, snapshot }
    actors.set(session, { ...facts, steps: [], seq: 0, connected: true })
    if (actors.size > ACTORS) actors.delete(actors.keys().next().value ?? '')
  }

  function step({ sessionId, createdAt, event, snapshot }: WireSnapshot): void {
    const actor = actors.get(sessionId)
    if (!actor) return
    actor.snapshot = snapshot
    const { type, ...data } = event satisfies InspectedEvent
    const [state, context] = [charts.state(actor.definition, snapshot.value), upTo(SMALL, snapshot.context)]
    const shown = Object.keys(data).length === 0 ? undefined : upTo(SMALL, data)
    actor.steps.push({
      seq: ++actor.seq,
      at: Number(createdAt) || 0,
      event: type === 'xstate.init' ? 'init' : eventLabel(actor.machineId, type),
      ...(shown === undefined ? {} : { data: shown }),
      ...(state === undefined ? {} : { state }),
      ...(context === undefined ? {} : { context }),
    })
    if (actor.steps.length > STEPS) actor.steps.shift()
  }

  function view({ session, name, parent, definition, snapshot, steps, connected }: Actor): SourceActor {
    const { status, value, context, output, error } = snapshot
    const state = charts.state(definition, value)
    const large = { context, output, error }
    const shown = Object.entries(large).map(([key, each]) => [key, upTo(LARGE, each)] as const)
    return {
      session,
      name,
      status,
      steps: [...steps],
      connected,
      ...(parent === undefined ? {} : { parent }),
      ...(state === undefined ? {} : { state }),
      ...(definition === undefined || !charts.machine(definition) ? {} : { definition }),
      ...Object.fromEntries(shown.filter(([, each]) => each !== undefined)),
    }
  }

  return {
    take(messages) {
      for (const message of messages) {
        if (message.type === '@xstate.actor') introduce(message)
        else if (message.type === '@xstate.snapshot') step(message)
      }
    },
    gone(source) {
      for (const actor of actors.values()) if (actor.session.startsWith(`${source}/`)) actor.connected = false
    },
    actors: () => [...actors.values()].map(view),
  }
}

function upTo(most: number, value: unknown): unknown {
  const text = JSON.stringify(value) as string | undefined
  return text === undefined || text.length <= most ? value : `[${text.length} characters: too many to be shown here]`
}
