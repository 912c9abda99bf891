import * as fc from 'fast-check'
import type { AnyMachineSnapshot, AnyStateMachine } from 'xstate'
import type { EventData } from '../../src/message.ts'

type Node = AnyStateMachine['root']

/** One move of a sequence, as numbers, so that it can be shrunk; what it means depends on the state in which it is made. */
export interface Move {
  /** 0: any event of the machine, and some that it has never heard of. Otherwise one that its present state listens to. */
  readonly aim: number
  readonly pick: number
  readonly value: number
}

/** Without a bias towards small numbers: the first events of each state would be sent over and over. */
const move = fc.noBias(fc.record({ aim: fc.nat(7), pick: fc.nat(999), value: fc.nat(9) }))

export const moves = (length: number): fc.Arbitrary<Move[]> =>
  fc.array(move, { minLength: length / 2, maxLength: length, size: 'max' })

/** Any part of a sequence, to look for the shortest one that fails. */
export const shorterMoves = (length: number): fc.Arbitrary<Move[]> =>
  fc.array(move, { minLength: 1, maxLength: length, size: 'max' })

/** Runs of a property: always the same ones, unless DIFFERENTIAL_RUNS asks for so many times more, or DIFFERENTIAL_SEED for others. */
export function runs(count: number): { numRuns: number; seed: number } {
  const { DIFFERENTIAL_RUNS = '1', DIFFERENTIAL_SEED = '20261101' } = process.env
  return { numRuns: Math.ceil(count * Number(DIFFERENTIAL_RUNS)), seed: Number(DIFFERENTIAL_SEED) }
}

/** The event that a move stands for. */
export function eventOf({ aim, pick, value }: Move, snapshot: AnyMachineSnapshot): EventData {
  const heard = activeNodes(snapshot).flatMap(({ transitions }) => [...transitions.keys()])
  const types = aim === 0 || heard.length === 0 ? alphabet(snapshot.machine as AnyStateMachine) : heard
  const descriptor = types[pick % types.length]!
  return eventFor(descriptor.replace(/(^|\.)\*$/, ENDINGS[value % ENDINGS.length]!) || 'SURPRISE', value)
}

/** What may stand in the place of a wildcard, which also matches nothing at all. */
const ENDINGS = ['', '.one', '.one.two']

export function eventFor(type: string, value: number): EventData {
  const actorId = type.replace(/^xstate\.(done|error)\.actor\./, '')
  if (type.startsWith('xstate.error.actor.')) return { type, actorId, error: ERRORS[value]! }
  if (type.startsWith('xstate.done.')) return { type, actorId, output: OUTPUTS[value]! }
  return type.startsWith('xstate.') ? { type } : { type, value }
}

const OUTPUTS = [undefined, null, 0, 'text', { total: 3, list: [1, 2] }, [], true, 1.5, { output: {} }, '']

/** With everything that the default machine tells apart. */
const ERRORS: readonly unknown[] = [
  new Error('it failed'),
  new TypeError('a mistake', { cause: new Error('of somebody') }),
  Object.assign(new Error('gone'), { code: 'E_LEASE_LOST' }),
  Object.assign(new Error('stop'), { code: 'E_INTERRUPTED' }),
  Object.assign(new Error('not now'), { snooze: 2500 }),
  Object.assign(new Error('never'), { retryable: false }),
  Object.assign(new Error('later'), { retryAfter: 3000 }),
  Object.assign(new Error('listed'), { code: 'E_FATAL' }),
  { name: 'Plain', message: 'no instance of Error' },
  'just text',
]

const alphabets = new WeakMap<AnyStateMachine, string[]>()

function alphabet(machine: AnyStateMachine): string[] {
  const known = alphabets.get(machine)
  if (known) return known
  const types = new Set(['NEVER_HEARD', 'xstate.done.actor.gone', 'xstate.after.1.gone'])
  for (const node of nodesOf(machine.root)) {
    for (const type of node.transitions.keys()) types.add(type)
    for (const { id } of node.invoke) types.add(`xstate.done.actor.${id}`).add(`xstate.error.actor.${id}`)
  }
  alphabets.set(machine, [...types])
  return [...types]
}

export function* nodesOf(node: Node): Generator<Node> {
  yield node
  for (const child of Object.values(node.states as Record<string, Node>)) yield* nodesOf(child)
}

/** The states in which a snapshot is, outer ones too, in the order that XState keeps. */
// oxlint-disable-next-line no-underscore-dangle -- there is no public name for them
export const activeNodes = (snapshot: AnyMachineSnapshot): Node[] => snapshot._nodes
