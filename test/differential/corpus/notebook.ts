import { assign, emit, setup } from 'xstate'
import { logged, typed } from '../../engine/charts/chart.ts'
import { inert } from '../inert.ts'

export interface CorpusEvent {
  readonly type: string
  readonly value?: number
  /** What JSON may not be able to keep. */
  readonly extra?: unknown
  /** Of an actor that has ended. */
  readonly output?: unknown
  readonly error?: unknown
}

/** What the input of an actor and the output of a machine are computed from; XState does not infer it there. */
export interface In<Context> {
  readonly context: Context
  readonly event: CorpusEvent
}

export interface Notes {
  readonly log: string[]
  readonly count: number
  readonly kept: unknown
}

interface Emitted {
  readonly type: string
  readonly [property: string]: unknown
}

/** What the machines about the rules of statecharts have in common: they write down what happens, in its order. */
export const notebook = setup({
  types: typed<{ context: Notes; events: CorpusEvent; emitted: Emitted; output: unknown }>(),
  actors: { work: inert, check: inert },
  actions: {
    note: assign({ log: ({ context }, entry: string) => logged(context.log, entry) }),
    noteEvent: assign({ log: ({ context, event }) => logged(context.log, event.type) }),
    count: assign({ count: ({ context }) => context.count + 1 }),
    add: assign({ count: ({ context, event }) => context.count + (event.value ?? 0) }),
    reset: assign({ count: 0 }),
    keep: assign({ kept: ({ event }) => event.extra }),
    keepResult: assign({ kept: ({ event }) => event.output ?? event.error }),
    tell: emit(({ context, event }) => ({ type: 'told', count: context.count, by: event.type, extra: event.extra })),
    act: (_situation, _params: { readonly what: string }) => {},
  },
  guards: {
    isEven: ({ context }) => context.count % 2 === 0,
    isMany: ({ context }) => context.count >= 5,
    isBig: ({ event }) => (event.value ?? 0) > 4,
    isOver: ({ context }, limit: number) => context.count > limit,
  },
  delays: {
    short: 10,
    growing: ({ context }) => (context.count % 10) * 100,
    byValue: ({ event }) => (event.value ?? 1) * 50,
    none: () => '5' as unknown as number,
  },
})

export const blank: Notes = { log: [], count: 0, kept: undefined }

export const note = <Entry extends string>(params: Entry) => ({ type: 'note', params }) as const
