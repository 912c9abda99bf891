import { createMachine, type AnyStateMachine } from 'xstate'

/** Of a machine that came over the wire: what a picture of it may take of this process. */
export const BOUNDS = Object.freeze({ bytes: 256 * 1024, states: 150, transitions: 600, depth: 12, name: 200 })

type Json = Readonly<Record<string, unknown>>

/** What was counted so far. */
interface Tally {
  states: number
  transitions: number
}

/**
 * A machine of a definition that somebody sent, to be drawn and to find states in, never to be run. Of what was sent only states,
 * transitions and the names of guards and actors are taken.
 * @throws Error with a sentence, for what is no machine, or too large a one.
 */
export function givenMachine(text: string): AnyStateMachine {
  if (text.length > BOUNDS.bytes) throw tooLarge(`${BOUNDS.bytes} bytes`)
  const config = record(JSON.parse(text))
  if (!config) throw new Error('the definition is no machine.')
  const taken = nodeOf(config, 0, { states: 0, transitions: 0 })
  return createMachine({ ...taken, id: textOf(config['id']) ?? '(machine)' })
}

function nodeOf(given: Json, depth: number, tally: Tally): Json {
  if (++tally.states > BOUNDS.states) throw tooLarge(`${BOUNDS.states} states`)
  if (depth > BOUNDS.depth) throw tooLarge(`${BOUNDS.depth} levels`)
  const { type, history, initial, id, tags, invoke } = given
  const transitions = (value: unknown): Json[] => listOf(value).map((each) => transitionOf(each, tally))
  const byEvent = (value: unknown): Json => entriesOf(value, transitions)
  return {
    ...some('type', textOf(type)),
    ...some('id', depth === 0 ? undefined : textOf(id)),
    ...some('history', history === 'deep' || history === 'shallow' || history === true ? history : undefined),
    ...some('target', textOf(given['target'])),
    ...some('initial', textOf(initial) ?? textOf(record(initial)?.['target'])),
    tags: listOf(tags).flatMap((tag) => textOf(tag) ?? []),
    on: byEvent(given['on']),
    after: byEvent(given['after']),
    always: transitions(given['always']),
    ...(given['onDone'] === undefined ? {} : { onDone: transitions(given['onDone']) }),
    invoke: listOf(invoke).map((each, index) => invocationOf(each, index, transitions)),
    states: entriesOf(given['states'], (child) => nodeOf(record(child) ?? {}, depth + 1, tally)),
  }
}

function transitionOf(given: unknown, tally: Tally): Json {
  if (++tally.transitions > BOUNDS.transitions) throw tooLarge(`${BOUNDS.transitions} transitions`)
  const { target, guard } = record(given) ?? { target: given }
  const targets = listOf(target).flatMap((each) => textOf(each) ?? [])
  const name = textOf(guard) ?? textOf(record(guard)?.['type'])
  return { ...(targets.length === 0 ? {} : { target: targets }), ...some('guard', name) }
}

function invocationOf(given: unknown, index: number, transitions: (value: unknown) => Json[]): Json {
  const { id, src, onDone, onError } = record(given) ?? {}
  return {
    id: textOf(id) ?? String(index),
    src: textOf(src) ?? 'inline',
    ...(onDone === undefined ? {} : { onDone: transitions(onDone) }),
    ...(onError === undefined ? {} : { onError: transitions(onError) }),
  }
}

/** Names that would bend a prototype, here or in XState, are no names. */
function entriesOf(given: unknown, read: (value: unknown) => unknown): Json {
  const entries = Object.entries(record(given) ?? {})
  if (entries.some(([name]) => name === '__proto__')) throw new Error('a definition has nothing named __proto__.')
  if (entries.some(([name]) => name.length > BOUNDS.name)) throw tooLarge(`names of ${BOUNDS.name} characters`)
  return Object.fromEntries(entries.map(([name, value]) => [name, read(value)]))
}

const some = (name: string, value: unknown): Json => (value === undefined ? {} : { [name]: value })

const textOf = (value: unknown): string | undefined =>
  typeof value === 'string' && value !== '' ? value.slice(0, BOUNDS.name) : undefined

const listOf = (value: unknown): readonly unknown[] =>
  value === undefined || value === null ? [] : Array.isArray(value) ? value : [value]

const record = (value: unknown): Json | undefined =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Json) : undefined

const tooLarge = (bound: string): Error => new Error(`the definition is too large to be drawn: at most ${bound}.`)
