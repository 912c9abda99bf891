import { assign, setup, type PromiseActorLogic } from 'xstate'
import type { ErrorData } from '../error-data.ts'
import { createAttempts, type AfterFailure, type StepRetry } from './attempts.ts'
import { HOUR, MINUTE } from './duration.ts'

export interface Order {
  readonly items: readonly { readonly sku: string; readonly quantity: number }[]
  readonly cents: number
  readonly card: string
  readonly address: string
}

export interface OrderSagaInput {
  readonly order: Order
  /** Of each step. Default: 5 attempts, 1 s doubled each time up to 5 minutes, fully spread; 1 minute for each. */
  readonly retry?: StepRetry
  /** Of undoing each step. Default: 10 attempts, and up to 1 hour between them; a person is asked only then. */
  readonly undo?: StepRetry
}

export type OrderStep = 'reserve' | 'charge' | 'ship'

/** What the steps returned. One that was begun and has nothing here may have had its effect nevertheless. */
export interface OrderResults {
  readonly reservation?: string
  readonly payment?: string
  readonly shipment?: string
}

export interface OrderSagaContext extends AfterFailure {
  readonly order: Order
  readonly undo?: StepRetry
  /** Steps that were begun and not undone, in their order. */
  readonly begun: readonly OrderStep[]
  readonly results: OrderResults
  /** The failure for which it is undone; absent when it was cancelled. `error` may be a later one, of undoing. */
  readonly because?: ErrorData
}

/** CANCEL gives up an order that is not shipped yet, RETRY tries now. To an order that is stuck: REDRIVE tries to undo once more; UNDONE says that a person did. */
export type OrderSagaEvent =
  | { type: 'CANCEL' }
  | { type: 'RETRY' }
  | { type: 'REDRIVE' }
  | { type: 'UNDONE'; by: string }

export type OrderSagaOutput = OrderResults & { readonly status: 'fulfilled' | 'undone' }

/** What undoes a step gets its result, where it is known. */
export interface Undo {
  readonly order: Order
  readonly results: OrderResults
}

const types = {} as {
  context: OrderSagaContext
  events: OrderSagaEvent
  input: OrderSagaInput
  output: OrderSagaOutput
  tags: 'succeeded' | 'cancelled' | 'retrying' | 'dead' | 'settled'
}

const step = createAttempts({ timeout: MINUTE })
const undoRetry = (undo?: StepRetry): StepRetry => ({
  attempts: 10,
  ...undo,
  backoff: { max: HOUR, ...undo?.backoff },
})

const orTurnBack = [
  { guard: 'mayRetry', target: '#order-saga.retrying', actions: 'recordFailure' },
  { target: '#order-saga.undoing', actions: ['recordFailure', 'keepCause', 'turnBack'] },
] as const

const orPark = [
  { guard: 'mayRetry', target: '#order-saga.undoingLater', actions: 'recordFailure' },
  { target: '#order-saga.stuck', actions: 'recordFailure' },
] as const

const orderOf = ({ context }: { context: OrderSagaContext }): Order => context.order
const undoOf = ({ context: { order, results } }: { context: OrderSagaContext }): Undo => ({ order, results })
const lastBegun = ({ begun }: OrderSagaContext): OrderStep | undefined => begun.at(-1)

/**
 * An order: reserve the stock, charge the card, ship. When a step fails for good, or the order is cancelled, what was begun is undone in
 * reverse order.
 *
 * A step that was begun is undone, whether it returned or not: one that timed out, or lost its worker, may have charged the card.
 * So what undoes a step must do nothing where there is nothing to undo. Give each handler the message's id as its idempotency key.
 */
export const orderSaga = setup({
  types,
  // Types alone: the handlers of a worker, or provide(), bring the code.
  actors: {} as {
    reserveStock: PromiseActorLogic<string, Order>
    chargeCard: PromiseActorLogic<string, Order>
    ship: PromiseActorLogic<string, Order>
    cancelShipment: PromiseActorLogic<unknown, Undo>
    refundCard: PromiseActorLogic<unknown, Undo>
    releaseStock: PromiseActorLogic<unknown, Undo>
  },
  guards: {
    mayRetry: ({ context, event }) => step.mayRetry(context.attempts, event),
    mayHaveShipped: ({ context }) => lastBegun(context) === 'ship',
    mayHaveCharged: ({ context }) => lastBegun(context) === 'charge',
    mayHaveReserved: ({ context }) => lastBegun(context) === 'reserve',
  },
  actions: {
    begin: assign(({ context: { begun, attempts } }, name: OrderStep) => ({
      begun: begun.includes(name) ? begun : [...begun, name],
      attempts: step.counted(attempts),
    })),
    keep: assign(({ context: { results, attempts } }, result: OrderResults) => ({
      results: { ...results, ...result },
      attempts: step.again(attempts),
    })),
    recordFailure: assign(({ context, event }) => step.failed(context.attempts, event)),
    keepCause: assign(({ context: { error } }) => (error ? { because: error } : {})),
    turnBack: assign(({ context }) => ({ attempts: step.none(undoRetry(context.undo)) })),
    countAttempt: assign(({ context }) => ({ attempts: step.counted(context.attempts) })),
    startAgain: assign(({ context }) => ({ attempts: step.again(context.attempts) })),
    // The last one that was begun is the first to be undone: that is what makes the order the reverse, on every path.
    strikeOut: assign(({ context: { begun, attempts } }) => ({
      begun: begun.slice(0, -1),
      attempts: step.again(attempts),
    })),
  },
  delays: {
    backoff: ({ context }) => context.attempts.delay ?? 0,
    timeLimit: ({ context }) => step.timeLimit(context.attempts),
  },
}).createMachine({
  id: 'order-saga',
  version: '1',
  description: 'Reserve, charge, ship; or undo what was begun, in reverse order.',
  // The attempts count lost workers themselves.
  meta: { redrive: { leaseLost: 'error' } },
  context: ({ input: { order, retry, undo } }) => {
    step.none(undoRetry(undo)) // refuses what cannot work when the order is sent, not when it fails
    return { order, begun: [], results: {}, attempts: step.none(retry), ...(undo && { undo }) }
  },
  initial: 'fulfilling',
  states: {
    fulfilling: {
      initial: 'reserving',
      on: { CANCEL: { target: 'undoing', actions: 'turnBack' } },
      states: {
        reserving: {
          entry: { type: 'begin', params: 'reserve' },
          invoke: {
            id: 'reserveStock',
            src: 'reserveStock',
            input: orderOf,
            onDone: {
              target: 'charging',
              actions: { type: 'keep', params: ({ event }) => ({ reservation: event.output }) },
            },
            onError: orTurnBack,
          },
          after: { timeLimit: orTurnBack },
        },
        charging: {
          entry: { type: 'begin', params: 'charge' },
          invoke: {
            id: 'chargeCard',
            src: 'chargeCard',
            input: orderOf,
            onDone: {
              target: 'shipping',
              actions: { type: 'keep', params: ({ event }) => ({ payment: event.output }) },
            },
            onError: orTurnBack,
          },
          after: { timeLimit: orTurnBack },
        },
        shipping: {
          entry: { type: 'begin', params: 'ship' },
          invoke: {
            id: 'ship',
            src: 'ship',
            input: orderOf,
            onDone: {
              target: '#order-saga.fulfilled',
              actions: { type: 'keep', params: ({ event }) => ({ shipment: event.output }) },
            },
            onError: orTurnBack,
          },
          after: { timeLimit: orTurnBack },
        },
        // One state waits for the next attempt of all steps; this leads back to the one that failed.
        last: { type: 'history' },
      },
    },
    retrying: {
      description: 'A step failed; its next attempt is due after the backoff.',
      tags: 'retrying',
      after: { backoff: 'fulfilling.last' },
      on: { RETRY: 'fulfilling.last', CANCEL: { target: 'undoing', actions: 'turnBack' } },
    },
    fulfilled: { type: 'final', tags: 'succeeded' },
    undoing: {
      initial: 'next',
      states: {
        next: {
          always: [
            { guard: 'mayHaveShipped', target: 'cancellingShipment' },
            { guard: 'mayHaveCharged', target: 'refunding' },
            { guard: 'mayHaveReserved', target: 'releasing' },
            { target: '#order-saga.undone' },
          ],
        },
        cancellingShipment: {
          entry: 'countAttempt',
          invoke: {
            id: 'cancelShipment',
            src: 'cancelShipment',
            input: undoOf,
            onDone: { target: 'next', actions: 'strikeOut' },
            onError: orPark,
          },
          after: { timeLimit: orPark },
        },
        refunding: {
          entry: 'countAttempt',
          invoke: {
            id: 'refundCard',
            src: 'refundCard',
            input: undoOf,
            onDone: { target: 'next', actions: 'strikeOut' },
            onError: orPark,
          },
          after: { timeLimit: orPark },
        },
        releasing: {
          entry: 'countAttempt',
          invoke: {
            id: 'releaseStock',
            src: 'releaseStock',
            input: undoOf,
            onDone: { target: 'next', actions: 'strikeOut' },
            onError: orPark,
          },
          after: { timeLimit: orPark },
        },
      },
    },
    undoingLater: {
      description: 'Undoing a step failed; the next attempt is due after the backoff.',
      tags: 'retrying',
      after: { backoff: 'undoing' },
      on: { RETRY: 'undoing' },
    },
    stuck: {
      description: 'A step could not be undone: a person must look.',
      tags: ['dead', 'settled'],
      on: {
        REDRIVE: { target: 'undoing', actions: 'startAgain' },
        UNDONE: { target: 'undoing', actions: 'strikeOut' },
      },
    },
    undone: { description: 'Nothing of the order is left.', type: 'final', tags: 'cancelled' },
  },
  output: ({ context: { begun, results } }) => ({
    status: begun.length === 0 ? 'undone' : 'fulfilled',
    ...results,
  }),
})
