import { assign, setup } from 'xstate'
import { numberBetween } from '../invalid-option.ts'
import { sendToMessage, type MessageRef } from '../talk.ts'
import { checkInterval, MINUTE, SECOND } from './duration.ts'

export interface CircuitBreakerInput {
  /** Failures in a row at which nothing more is sent. Default 5. */
  readonly failures?: number
  /** Milliseconds without a delivery after that, before one may try. Default 30 s. */
  readonly cooldown?: number
  /** Milliseconds after which a probe of which nothing is heard counts as lost, and another may try. Default 2 minutes. */
  readonly probe?: number
}

export interface CircuitBreakerContext extends Required<CircuitBreakerInput> {
  /** Failures since the last success. */
  readonly failed: number
  /** How many were told to wait since it opened. */
  readonly waiting: number
  /** Who tries. */
  readonly probing: MessageRef | null
}

/**
 * ASK is answered by GO or WAIT; SUCCESS and FAILURE tell how it went. TRIP and RESET are for people: nothing is sent for one cooldown;
 * all may send.
 */
export type CircuitBreakerEvent =
  | { type: 'ASK'; from: MessageRef }
  | { type: 'SUCCESS'; from: MessageRef }
  | { type: 'FAILURE'; from: MessageRef }
  | { type: 'TRIP' }
  | { type: 'RESET' }

/** What one who asks is answered. */
export type BreakerAnswer = { readonly type: 'GO' } | { readonly type: 'WAIT'; readonly ms: number }

const types = {} as { context: CircuitBreakerContext; events: CircuitBreakerEvent; input: CircuitBreakerInput }

/** Milliseconds between two who wait, so that they do not come back together. */
const SPACING = 50

const checkFailures = numberBetween({ min: 1, max: Number.MAX_SAFE_INTEGER, integer: true, what: 'a whole number' })

/**
 * One for each host: a message whose id is the host. So all deliveries to it share what it knows, in whichever process they are, and it
 * outlives every crash. It never ends; a breaker at rest costs nothing.
 */
export const circuitBreaker = setup({
  types,
  guards: {
    isLastStraw: ({ context }) => context.failed + 1 >= context.failures,
    isOfProbe: ({ context: { probing }, event }) =>
      'from' in event && event.from.queue === probing?.queue && event.from.id === probing.id,
  },
  actions: {
    countFailure: assign({ failed: ({ context }) => context.failed + 1 }),
    forgive: assign({ failed: 0, waiting: 0, probing: null }),
    remember: assign(({ event }) => ('from' in event ? { probing: event.from } : {})),
    countWaiting: assign({ waiting: ({ context }) => context.waiting + 1 }),
    letGo: sendToMessage(asker, { type: 'GO' }),
    holdBack: sendToMessage(asker, ({ context: { cooldown, waiting } }) => ({
      type: 'WAIT',
      ms: cooldown + ((waiting * SPACING) % cooldown),
    })),
  },
  delays: {
    cooldown: ({ context }) => context.cooldown,
    lostProbe: ({ context }) => context.probe,
  },
}).createMachine({
  id: 'circuit-breaker',
  version: '1',
  description: 'Whether a host may be called.',
  context: ({ input }) => {
    const { failures = 5, cooldown = 30 * SECOND, probe = 2 * MINUTE } = input ?? {}
    checkFailures(failures, 'failures')
    checkInterval(cooldown, 'cooldown')
    checkInterval(probe, 'probe')
    return { failures, cooldown, probe, failed: 0, waiting: 0, probing: null }
  },
  initial: 'closed',
  on: { TRIP: '.open', RESET: '.closed' },
  states: {
    closed: {
      description: 'All may send.',
      entry: 'forgive',
      on: {
        ASK: { actions: 'letGo' },
        SUCCESS: { actions: 'forgive' },
        FAILURE: [{ guard: 'isLastStraw', target: 'open' }, { actions: 'countFailure' }],
      },
    },
    open: {
      description: 'Nobody may. What is heard of deliveries that were under way changes nothing.',
      after: { cooldown: 'halfOpen' },
      on: { ASK: { actions: ['holdBack', 'countWaiting'] } },
    },
    halfOpen: {
      description: 'The first who asks may try.',
      on: { ASK: { target: 'probing', actions: ['remember', 'letGo'] } },
    },
    probing: {
      description: 'One tries for all.',
      after: { lostProbe: 'halfOpen' },
      on: {
        // Its worker may have died before it heard the answer.
        ASK: [{ guard: 'isOfProbe', actions: 'letGo' }, { actions: ['holdBack', 'countWaiting'] }],
        SUCCESS: { guard: 'isOfProbe', target: 'closed' },
        FAILURE: { guard: 'isOfProbe', target: 'open' },
      },
    },
  },
})

function asker({ event }: { event: CircuitBreakerEvent }): MessageRef {
  if (!('from' in event)) throw new TypeError(`${event.type} is from nobody, and cannot be answered`)
  return event.from
}
