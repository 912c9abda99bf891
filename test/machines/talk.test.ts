import { describe, expect, test } from '@jest/globals'
import { createActor, setup, type InspectionEvent } from 'xstate'
import {
  sendToMessage,
  startChildren,
  type AllDoneEvent,
  type AnyFailedEvent,
  type JoinOptions,
} from '../../machines/index.ts'

const trip = setup({
  types: {
    context: {} as { hotel: string },
    input: {} as { hotel: string },
    events: {} as { type: 'BOOK'; nights: number } | AllDoneEvent | AnyFailedEvent,
  },
  actions: {
    tell: sendToMessage(({ context }) => ({ queue: 'hotels', id: context.hotel }), { type: 'HELLO' }),
  },
}).createMachine({
  id: 'trip',
  context: ({ input }) => ({ hotel: input.hotel }),
  initial: 'planning',
  entry: 'tell',
  states: {
    planning: { on: { BOOK: 'booking' } },
    booking: {
      entry: [
        // The event of an entry may be any of the machine.
        startChildren(
          ({ context, event }) => [
            { queue: 'rooms', input: { hotel: context.hotel, nights: event.type === 'BOOK' ? event.nights : 1 } },
            { queue: 'cars', id: 'car-1', input: 'small', delay: '1m' },
          ],
          { join: 'parts', failed: 'report' },
        ),
        sendToMessage({ queue: 'logs', id: 'log' }, ({ event }) => ({ type: 'BOOKING', because: event.type })),
      ],
      on: {
        // An event of a transition is the one that it takes.
        allDone: {
          target: 'booked',
          actions: sendToMessage({ queue: 'logs', id: 'log' }, ({ event }) => ({
            type: 'DONE',
            count: event.results.length,
          })),
        },
        anyFailed: { target: 'planning', actions: sendToMessage(({ event }) => event.child, { type: 'FORGET' }) },
      },
    },
    booked: { type: 'final' },
  },
})

test('in a plain actor they do nothing, and are visible with what they ask for', () => {
  const asked: unknown[] = []
  const inspect = (event: InspectionEvent): void => {
    if (event.type === '@xstate.action' && event.action.type.startsWith('redrive.')) asked.push(event.action)
  }
  const actor = createActor(trip, { input: { hotel: 'ritz' }, inspect }).start()
  actor.send({ type: 'BOOK', nights: 3 })
  actor.send({ type: 'allDone', join: 'parts', results: [] })
  expect(actor.getSnapshot().status).toBe('done')
  expect(asked).toMatchObject([
    { type: 'redrive.send', params: { target: { queue: 'hotels', id: 'ritz' }, event: { type: 'HELLO' } } },
    {
      type: 'redrive.start',
      params: {
        join: 'parts',
        failed: 'report',
        children: [
          { queue: 'rooms', input: { hotel: 'ritz', nights: 3 } },
          { queue: 'cars', id: 'car-1', input: 'small', delay: '1m' },
        ],
      },
    },
    { type: 'redrive.send', params: { event: { type: 'BOOKING', because: 'BOOK' } } },
    { type: 'redrive.send', params: { event: { type: 'DONE', count: 0 } } },
  ])
})

/** Never called: it compiles only if every line marked as an error is one (`npm run check` compiles the tests). */
function typesOfTalk(): void {
  // @ts-expect-error -- the policy for failed children has no default
  startChildren([], {})
  // @ts-expect-error -- there is no such policy
  startChildren([], { failed: 'ignore' })
  // @ts-expect-error -- a child has a queue
  startChildren([{ input: 1 }], { failed: 'collect' })
  // @ts-expect-error -- a message is found by its queue and its id
  sendToMessage({ id: 'x' }, { type: 'GO' })
  // @ts-expect-error -- an event has a type
  sendToMessage({ queue: 'q', id: 'x' }, { kind: 'GO' })
  setup({ types: { context: {} as { n: number } } }).createMachine({
    context: { n: 1 },
    // @ts-expect-error -- the context has no `m`
    entry: sendToMessage(({ context }) => ({ queue: 'q', id: context.m }), { type: 'GO' }),
  })
}

test('their types fit into a machine without a cast', () => {
  // What is tested is that this file compiles.
  expect(typesOfTalk).toBeInstanceOf(Function)
})

describe('what cannot be meant is refused at once', () => {
  const ref = { queue: 'q', id: 'x' }
  test.each<[string, () => unknown, string]>([
    ['a join without a policy', () => startChildren([], {} as JoinOptions), 'options.failed'],
    ['a policy that does not exist', () => startChildren([], { failed: 'ignore' as 'report' }), 'options.failed'],
    [
      'an option that does not exist',
      () => startChildren([], { failed: 'report', name: 'x' } as JoinOptions),
      'options.name',
    ],
    ['a join without a name', () => startChildren([], { failed: 'report', join: '' }), 'options.join'],
    ['a name that is too long', () => startChildren([], { failed: 'report', join: 'x'.repeat(101) }), 'options.join'],
    ['a child without a queue', () => startChildren([{} as typeof ref], { failed: 'report' }), 'children[0].queue'],
    [
      'a misspelt property',
      () => startChildren([{ ...ref, payload: 1 } as typeof ref], { failed: 'report' }),
      'children[0].payload',
    ],
    ['children that are no list', () => startChildren({} as never[], { failed: 'report' }), 'children'],
    [
      'too many children',
      () =>
        startChildren(
          Array.from({ length: 10_001 }, () => ({ queue: 'q' })),
          { failed: 'report' },
        ),
      'children',
    ],
    ['a target without an id', () => sendToMessage({ queue: 'q' } as typeof ref, { type: 'GO' }), 'target.id'],
    ['an event without a type', () => sendToMessage(ref, {} as { type: string }), 'event.type'],
    ['no event', () => sendToMessage(ref, null as never), 'event'],
    ["an event of XState's", () => sendToMessage(ref, { type: 'xstate.done.actor.x' }), 'event.type'],
    ['an event of the engine', () => sendToMessage(ref, { type: 'redrive.release' }), 'event.type'],
  ])('%s', (_, make, option) => {
    expect(make).toThrow(expect.objectContaining({ code: 'E_INVALID_OPTION', option }))
  })
})
