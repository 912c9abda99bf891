import { inspect } from 'node:util'
import * as fc from 'fast-check'
import { assign, cancel, createMachine, emit, fromPromise, raise, type AnyStateMachine } from 'xstate'
import type { ChartEvent } from './chart.ts'

/** A state as it is drawn by lot. Targets are numbers, because the states that they mean are not known yet. */
interface Draft {
  readonly kind: 'atomic' | 'compound' | 'parallel' | 'final' | 'history'
  readonly key: string
  readonly children: readonly Draft[]
  readonly on: readonly Arrow[]
  readonly always: readonly Arrow[]
  readonly after: readonly Arrow[]
  readonly invoke: boolean
  readonly deep: boolean
  readonly tag: boolean
}

interface Arrow {
  readonly event: string
  readonly target: number
  readonly guard: number
  readonly reenter: boolean
  readonly acts: boolean
  readonly asks: number
}

interface Context {
  readonly count: number
}

const arrow: fc.Arbitrary<Arrow> = fc.record({
  event: fc.constantFrom('A', 'B', 'C', 'B.*', 'B.one', '*'),
  // 0: no target.
  target: fc.nat(40),
  guard: fc.nat(4),
  reenter: fc.boolean(),
  acts: fc.boolean(),
  asks: fc.nat(15),
})

const arrows = (most: number): fc.Arbitrary<Arrow[]> => fc.array(arrow, { maxLength: most })

const plainKey = fc.constantFrom('a', 'b', 'c', 'd', 'e')

/** States with children of different keys, at most three levels deep. */
function drafts(depth: number, key: fc.Arbitrary<string>): fc.Arbitrary<Draft> {
  const leaf = fc.constantFrom<Draft['kind']>('atomic', 'atomic', 'atomic', 'final', 'history')
  const branch = fc.constantFrom<Draft['kind']>('compound', 'parallel', 'compound', 'atomic', 'final', 'history')
  return fc.record({
    kind: depth === 0 ? leaf : branch,
    key,
    children: depth === 0 ? fc.constant([]) : siblings(depth - 1, key),
    on: arrows(3),
    always: fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: arrows(1) }),
    after: fc.oneof({ weight: 2, arbitrary: fc.constant([]) }, { weight: 1, arbitrary: arrows(2) }),
    invoke: fc.nat(5).map((lot) => lot === 5),
    deep: fc.boolean(),
    tag: fc.boolean(),
  })
}

const siblings = (depth: number, key: fc.Arbitrary<string>): fc.Arbitrary<Draft[]> =>
  fc.uniqueArray(drafts(depth, key), { minLength: 2, maxLength: 4, selector: (draft) => draft.key })

/** Machines of any shape. */
export const generatedCharts: fc.Arbitrary<AnyStateMachine> = chartsWithKeys(plainKey)

export function chartsWithKeys(key: fc.Arbitrary<string>): fc.Arbitrary<AnyStateMachine> {
  return fc
    .record({
      children: siblings(2, key),
      kind: fc.constantFrom<Draft['kind']>('compound', 'compound', 'parallel'),
      on: arrows(2),
    })
    .map(({ children, kind, on }) =>
      chart({ kind, key: 'root', children, on, always: [], after: [], invoke: false, deep: false, tag: false }),
    )
}

const never = fromPromise(() => Promise.resolve())

function chart(root: Draft): AnyStateMachine {
  const config = build(root, 'm', [...idsOf(root, 'm')])
  const machine = createMachine(
    // An endless round of transitions without an event is a fault of the machine; both must find it.
    { ...config, id: 'm', context: { count: 0 }, options: { maxIterations: 40 } } as never,
    {
      actors: { never },
      actions: {
        count: assign(({ context }) => ({ count: (context as Context).count + 1 })),
        left: () => {},
        finished: () => {},
      },
    } as never,
  ) as AnyStateMachine
  // For the report of a failure: the machine itself is endless.
  return Object.assign(machine, { [fc.toStringMethod]: () => inspect(config, { depth: 20 }) })
}

function* idsOf(draft: Draft, id: string): Generator<string> {
  yield id
  for (const [i, child] of kept(draft).entries()) yield* idsOf(child, `${id}-${i}`)
}

/** The children that can stand where they are: history and final states only where XState knows a meaning for them. */
function kept({ kind, children }: Draft): Draft[] {
  if (kind !== 'compound' && kind !== 'parallel') return []
  return children.map((child, i) => {
    const plain = child.kind === 'history' || child.kind === 'final'
    return plain && (i === 0 || kind === 'parallel') ? { ...child, kind: 'atomic' } : child
  })
}

function build(draft: Draft, id: string, ids: readonly string[]): object {
  const children = kept(draft)
  const { kind, on, always, after, invoke, deep, tag } = draft
  if (kind === 'history') return { id, type: 'history', history: deep ? 'deep' : 'shallow' }
  if (kind === 'final') return { id, type: 'final', output: { from: id } }
  return {
    id,
    ...(kind === 'parallel' ? { type: 'parallel' } : {}),
    ...(kind === 'compound' ? { initial: children[0]!.key } : {}),
    ...(children.length > 0
      ? { states: Object.fromEntries(children.map((child, i) => [child.key, build(child, `${id}-${i}`, ids)])) }
      : {}),
    ...(tag ? { tags: [`tag-${id}`], entry: 'count', exit: { type: 'left', params: { id } } } : {}),
    ...(invoke ? { invoke: invocation(id, deep) } : {}),
    on: grouped(on, ({ event }) => event, ids),
    after: grouped(after, (_, i) => String(i * 10), ids),
    always: always.map((each) => ({ ...transitionOf(each, ids), guard: guardOf(each.guard + 1) })),
    ...(kind === 'atomic' ? {} : { onDone: { actions: ['count', { type: 'finished', params: { id } }] } }),
  }
}

/** An actor whose error is heard or, without a word for it, the end of the machine. */
const invocation = (id: string, hears: boolean): object => ({
  id: `i-${id}`,
  src: 'never',
  input: ({ context }: { context: Context }) => context.count,
  onDone: { actions: 'count' },
  ...(hears ? { onError: { actions: ['count', 'left'] } } : {}),
})

function grouped(list: readonly Arrow[], key: (each: Arrow, i: number) => string, ids: readonly string[]): object {
  return Object.fromEntries(list.map((each, i) => [key(each, i), transitionOf(each, ids)]))
}

function transitionOf({ target, guard, reenter, acts, asks }: Arrow, ids: readonly string[]): object {
  return {
    ...(target === 0 ? {} : { target: `#${ids[target % ids.length]}`, reenter }),
    ...(guard === 0 ? {} : { guard: guardOf(guard) }),
    actions: [...(acts || target === 0 ? ['count'] : []), ...(ASKED[asks] ?? [])],
  }
}

/** What a transition asks for, beside where it leads: most of them nothing. */
const ASKED: readonly (readonly unknown[])[] = [
  [raise({ type: 'A' })],
  [raise(({ context }) => ({ type: 'B', value: (context as Context).count }) as ChartEvent), 'count'],
  [raise({ type: 'C' }, { delay: 15 })],
  [raise({ type: 'B.one' }, { id: 'later', delay: ({ context }) => (context as Context).count * 5 })],
  [cancel('later'), 'finished'],
  [emit(({ context }) => ({ type: 'counted', count: (context as Context).count }))],
]

const guardOf =
  (guard: number) =>
  ({ context }: { context: Context }): boolean =>
    context.count % (guard + 1) === 1
