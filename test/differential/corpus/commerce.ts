import { and, assign, setup } from 'xstate'
import { typed } from '../../engine/charts/chart.ts'
import { inert } from '../inert.ts'
import type { CorpusEvent, In } from './notebook.ts'

interface Order {
  readonly lines: ReadonlyMap<number, number>
  readonly placed: Date | undefined
  readonly paid: bigint
  readonly trace: readonly string[]
  readonly tries: number
}

/** An order: lines, payment, stock and parcel, and compensation when one of them fails. */
export const provisioning = setup({
  types: typed<{ context: Order; events: CorpusEvent; output: unknown }>(),
  actors: { charge: inert, reserve: inert, ship: inert, refund: inert },
  delays: { patience: ({ context }) => 1000 * (context.tries + 1) },
  guards: { hasLines: ({ context }) => context.lines.size > 0, isTired: ({ context }) => context.tries > 2 },
  actions: {
    put: assign({
      lines: ({ context, event }) => new Map([...context.lines, [(event.value ?? 0) % 4, event.value ?? 1]]),
    }),
    take: assign({
      lines: ({ context, event }) => new Map([...context.lines].filter(([line]) => line !== (event.value ?? 0) % 4)),
    }),
    place: assign({ placed: ({ event }) => new Date(1_900_000_000_000 + (event.value ?? 0)) }),
    pay: assign({
      paid: ({ context }) => [...context.lines.values()].reduce((sum, n) => sum + BigInt(n) * 10n ** 17n, 0n),
    }),
    tried: assign({ tries: ({ context }) => context.tries + 1 }),
    trace: assign({ trace: ({ context, event }) => [...context.trace.slice(-6), event.type] }),
  },
}).createMachine({
  id: 'provisioning',
  context: { lines: new Map(), placed: undefined, paid: 0n, trace: [], tries: 0 },
  initial: 'cart',
  output: ({ context }: In<Order>) => ({ paid: context.paid, trace: context.trace }),
  on: { '*': { actions: 'trace' } },
  states: {
    cart: {
      on: {
        PUT: { actions: 'put' },
        TAKE: { actions: 'take' },
        PLACE: { guard: 'hasLines', target: 'payment', actions: 'place' },
      },
    },
    payment: {
      entry: 'tried',
      invoke: {
        id: 'charge',
        src: 'charge',
        input: ({ context }: In<Order>) => context.lines,
        onDone: { target: 'fulfilment', actions: 'pay' },
        onError: [
          { guard: 'isTired', target: 'cancelled' },
          { target: 'cart', actions: 'trace' },
        ],
      },
      after: { patience: { target: 'payment', reenter: true } },
      on: { CANCEL: 'cancelled' },
    },
    fulfilment: {
      type: 'parallel',
      onDone: 'delivered',
      on: { CANCEL: 'refunding' },
      states: {
        stock: {
          initial: 'asked',
          states: {
            asked: { invoke: { id: 'reserve', src: 'reserve', onDone: 'held', onError: '#provisioning.refunding' } },
            held: { type: 'final' },
          },
        },
        parcel: {
          initial: 'waiting',
          states: {
            waiting: { on: { PACK: 'sent' }, after: { 5000: 'sent' } },
            sent: { invoke: { id: 'ship', src: 'ship', onDone: 'there', onError: 'waiting' } },
            there: { type: 'final' },
          },
        },
      },
    },
    refunding: {
      invoke: {
        id: 'refund',
        src: 'refund',
        input: ({ context }: In<Order>) => ({ paid: context.paid }),
        onDone: { target: 'cancelled', actions: assign({ paid: 0n }) },
        onError: { target: 'refunding', reenter: true, actions: 'tried' },
      },
    },
    delivered: { type: 'final', tags: 'succeeded' },
    cancelled: { on: { PLACE: { target: 'cart', actions: assign({ tries: 0 }) } }, tags: ['settled', 'cancelled'] },
  },
})

interface Applicant {
  readonly scores: Readonly<Record<string, number | null>>
  readonly reasons: ReadonlySet<string>
}

/** Three bureaus are asked at once; the middle of their answers decides. */
export const creditCheck = setup({
  types: typed<{ context: Applicant; events: CorpusEvent }>(),
  actors: { bureau: inert, decide: inert },
  actions: {
    score: assign({
      scores: ({ context, event }, bureau: string) => ({
        ...context.scores,
        [bureau]: typeof event.output === 'number' ? event.output : null,
      }),
    }),
    blame: assign({ reasons: ({ context }, reason: string) => new Set([...context.reasons, reason]) }),
    forget: assign({ scores: {}, reasons: new Set<string>() }),
  },
  guards: {
    isGood: ({ context }) => Object.values(context.scores).filter((score) => score !== null).length > 1,
    isBlamed: ({ context }) => context.reasons.size > 1,
  },
}).createMachine({
  id: 'creditCheck',
  context: { scores: {}, reasons: new Set<string>() },
  initial: 'form',
  states: {
    form: { entry: 'forget', on: { SUBMIT: 'asking' } },
    asking: {
      type: 'parallel',
      after: { 10000: { target: 'manual', actions: { type: 'blame', params: 'slow' } } },
      onDone: [
        { guard: and(['isGood', ({ context }) => context.reasons.size === 0]), target: 'granted' },
        { guard: 'isBlamed', target: 'refused' },
        { target: 'manual' },
      ],
      states: {
        north: {
          initial: 'ask',
          states: {
            ask: {
              invoke: {
                id: 'north',
                src: 'bureau',
                input: 'north',
                onDone: { target: 'told', actions: { type: 'score', params: 'north' } },
                onError: { target: 'told', actions: { type: 'blame', params: 'north' } },
              },
            },
            told: { type: 'final' },
          },
        },
        south: {
          initial: 'ask',
          states: {
            ask: {
              invoke: {
                id: 'south',
                src: 'bureau',
                input: 'south',
                onDone: { target: 'told', actions: { type: 'score', params: 'south' } },
                onError: { target: 'told', actions: { type: 'blame', params: 'south' } },
              },
              after: { 800: 'told' },
            },
            told: { type: 'final' },
          },
        },
        file: {
          initial: 'closed',
          states: { closed: { on: { SUBMIT: 'told', VETO: '#creditCheck.refused' } }, told: { type: 'final' } },
        },
      },
    },
    manual: { invoke: { id: 'decide', src: 'decide', onDone: 'granted', onError: 'refused' }, on: { VETO: 'refused' } },
    granted: { on: { VETO: { target: 'refused', actions: { type: 'blame', params: 'veto' } }, SUBMIT: 'form' } },
    refused: { on: { APPEAL: 'manual', SUBMIT: 'form' } },
  },
})
