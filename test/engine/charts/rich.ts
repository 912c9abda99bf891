import { assign, fromPromise, raise, setup } from 'xstate'
import { typed, type ChartEvent } from './chart.ts'

export interface RichInput {
  readonly payload: { readonly to: string; readonly nested: { readonly deep: readonly unknown[] } }
  readonly items: readonly { readonly price: bigint }[]
}

interface RichContext {
  input: RichInput
  /** The very object of the input, so that it is stored once. */
  payload: RichInput['payload']
  items: RichInput['items']
  /** Objects from deeper within the input, under a name that is none of its keys. */
  first: unknown
  deep: unknown
  blank: undefined | string
  when: Date
  seen: Map<unknown, unknown>
  names: Set<unknown>
  big: bigint
  ratio: number
  failure: Error | undefined
  pattern: RegExp
  holes: unknown[]
}

interface Situation {
  context: RichContext
}

/** A context that JSON cannot keep, with objects that it shares with the input. */
export const rich = setup({
  types: typed<{ context: RichContext; events: ChartEvent; input: RichInput; output: unknown }>(),
  actors: { work: fromPromise<unknown, unknown>(() => Promise.resolve()) },
  actions: {
    touch: assign(({ context, event }) => ({
      when: new Date(context.when.getTime() + (event.value ?? 0) * 1000),
      seen: new Map(
        [...context.seen, [event.value ?? 'none', { at: context.when, nan: NaN }]].slice(-5) as [unknown, unknown][],
      ),
      names: new Set([...context.names].slice(-3)).add(event.type).add(BigInt(event.value ?? 0)),
      big: context.big * 3n - BigInt(event.value ?? 0),
      ratio: [NaN, Infinity, -Infinity, -0, 0.5][(event.value ?? 0) % 5]!,
    })),
    copy: assign(({ context }) => ({ payload: { ...context.payload, to: `${context.payload.to.slice(-8)}!` } })),
    share: assign(({ context }) => ({
      payload: context.input.payload,
      items: context.input.items,
      deep: context.input.payload.nested,
    })),
    pick: assign(({ context, event }) => ({ first: context.items[event.value ?? 0] })),
    clear: assign({ blank: undefined, failure: undefined, deep: undefined, holes: () => Array<unknown>(3) }),
    fill: assign({
      blank: 'text',
      failure: ({ event }) => (event as { error?: Error }).error,
      holes: ({ context }) => Object.assign(Array<unknown>(3), { 1: context.blank }),
      pattern: ({ event }) => new RegExp(`^${event.value ?? 'x'}$`, 'giu'),
    }),
  },
}).createMachine({
  id: 'rich',
  // A tool, and the official transition(), start it without input.
  context: ({ input = { payload: { to: '', nested: { deep: [] } }, items: [] } }: { input?: RichInput }) => ({
    input,
    payload: input.payload,
    items: input.items,
    first: input.items[0],
    deep: input.payload.nested.deep,
    blank: undefined,
    when: new Date(86_400_000),
    seen: new Map<unknown, unknown>([[input.payload, new Map([[NaN, -0]])]]),
    names: new Set<unknown>([undefined, null, 'ö\u2028']),
    big: 2n ** 70n,
    ratio: NaN,
    failure: undefined,
    pattern: /a+/g,
    holes: [],
  }),
  initial: 'a',
  output: ({ context }: Situation) => ({ big: context.big, when: context.when, shared: context.payload }),
  on: { TOUCH: { actions: 'touch' }, COPY: { actions: 'copy' }, SHARE: { actions: 'share' }, END: '.end' },
  states: {
    a: {
      on: { PICK: { target: 'b', actions: 'pick' }, CLEAR: { actions: 'clear' } },
      after: { 100: { target: 'a', reenter: true, actions: 'touch' } },
    },
    b: {
      invoke: [
        {
          id: 'whole',
          src: 'work',
          input: ({ context }: Situation) => context.input,
          onDone: 'a',
          onError: { target: 'c', actions: 'fill' },
        },
        {
          id: 'part',
          src: 'work',
          input: ({ context }: Situation) => context.payload,
          onDone: { actions: 'share' },
          onError: 'a',
        },
        {
          id: 'own',
          src: 'work',
          input: ({ context }: Situation) => ({ first: context.first, seen: context.seen }),
          onDone: { actions: 'touch' },
          onError: 'c',
        },
        { id: 'none', src: 'work', onError: 'a' },
      ],
      on: { PICK: { target: 'b', reenter: true, actions: ['pick', 'copy'] } },
    },
    c: {
      entry: raise(({ context }) => ({ type: 'WAKE', value: 3, when: context.when, big: context.big }), {
        id: 'wake',
        delay: 10,
      }),
      on: { WAKE: { target: 'a', actions: ['touch', 'fill'] }, CLEAR: { actions: ['clear', 'share'] }, PICK: 'b' },
    },
    end: { type: 'final' },
  },
})
