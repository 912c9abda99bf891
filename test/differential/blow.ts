import type { AnyStateMachine } from 'xstate'
import type { EventData } from '../../src/message.ts'
import { activeNodes, eventFor, nodesOf, type Move } from '../engine/sequences.ts'
import type { Ending } from './inert.ts'
import type { Original } from './original.ts'

/** What happens to a message and to its original. */
export type Blow =
  | { readonly kind: 'events'; readonly events: readonly EventData[] }
  | { readonly kind: 'pass'; readonly to: number }
  | { readonly kind: 'end'; readonly child: string; readonly ending: Ending }

/** The blow that a move stands for where the original is now. */
export function blowOf(move: Move, original: Original, alone: boolean): Blow {
  const { aim, pick, value } = move
  const [first] = original.dues()
  const children = original.running()
  if (aim === 1 && first !== undefined)
    return { kind: 'pass', to: original.now + Math.floor((first - original.now) / 2) }
  if (aim === 2 && first !== undefined) return { kind: 'pass', to: value === 9 ? original.dues().at(-1)! + 1 : first }
  if ((aim === 3 || aim === 4) && children.length > 0) {
    const child = children[pick % children.length]!
    const { output, error } = eventFor(`xstate.${aim === 3 ? 'done' : 'error'}.actor.${child}`, value)
    return { kind: 'end', child, ending: aim === 3 ? { output } : { error } }
  }
  const event = eventOf(move, original)
  const second = { ...move, pick: pick + value, value: 9 - value }
  return { kind: 'events', events: alone || pick % 10 > 0 ? [event] : [event, eventOf(second, original)] }
}

/** An event that the present state listens to; or any of the machine, or one that it has never heard of. */
function eventOf({ aim, pick, value }: Move, { snapshot }: Original): EventData {
  const heard = activeNodes(snapshot).flatMap((node) => descriptorsOf([node]))
  const descriptors =
    aim === 0 || heard.length === 0 ? ['NEVER_HEARD', ...alphabet(snapshot.machine as AnyStateMachine)] : heard
  const descriptor = descriptors[pick % descriptors.length]!
  const type = descriptor.replace(/(^|\.)\*$/, ENDINGS[value % ENDINGS.length]!) || 'SURPRISE'
  const extra = EXTRAS[(pick + value) % EXTRAS.length]
  return extra === undefined ? { type, value } : { type, value, extra }
}

/** What may stand in the place of a wildcard, which also matches nothing at all. */
const ENDINGS = ['', '.one', '.one.two']

/** What an event may bring that JSON cannot keep. */
const EXTRAS: readonly unknown[] = [
  undefined,
  'text',
  new Date(1_900_000_000_000),
  new Map<unknown, unknown>([['a', 1n]]),
  new Set<unknown>([1, undefined, 'ö']),
  NaN,
  -0,
  2n ** 70n,
  new Error('in an event'),
  { list: [1, null, { deep: undefined }], text: '\n\u2028"' },
  null,
]

type Nodes = readonly AnyStateMachine['root'][]

const descriptorsOf = (nodes: Nodes): string[] =>
  nodes.flatMap((node) => [...node.transitions.keys()]).filter((type) => !type.startsWith('xstate.'))

const alphabets = new WeakMap<AnyStateMachine, string[]>()

function alphabet(machine: AnyStateMachine): string[] {
  const known = alphabets.get(machine) ?? [...new Set(descriptorsOf([...nodesOf(machine.root)]))]
  alphabets.set(machine, known)
  return known
}
