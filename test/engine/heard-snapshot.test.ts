import { describe, expect, test } from '@jest/globals'
import { assign, fromPromise, setup, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate'
import { decode } from '../../src/codec.ts'
import { encodeEvent } from '../../src/engine/storable.ts'
import { stage, type Stage } from './stage.ts'

/** What the actions that wait have heard, brought back from texts. */
const heardBy = (it: Stage): unknown[] =>
  [...it.claim().actions.values()].map(({ event }) => {
    const { value, context, matches } = event['snapshot'] as AnyMachineSnapshot
    return [value, context, typeof matches] as unknown[]
  })

describe('an action that hears of the snapshots of an actor', () => {
  const job = setup({ types: { context: {} as { n: number } } }).createMachine({
    id: 'job',
    context: { n: 0 },
    initial: 'first',
    states: {
      first: { after: { 1000: { target: 'second', actions: assign({ n: 1 }) } } },
      second: {},
    },
  })
  const chart = (): AnyStateMachine =>
    setup({ actors: { job }, actions: { see: () => {} } }).createMachine({
      id: 'm',
      invoke: { id: 'job', src: 'job', onSnapshot: { actions: 'see' } },
    })

  test('is told of them as they were when another worker runs it, the first one included', () => {
    const it = stage(chart())
    expect(heardBy(it)).toEqual([['first', { n: 0 }, 'function']])
    it.advance({ type: 'ran', nonces: [...it.claim().actions.keys()] })
    it.advance(it.timer())
    expect(heardBy(it)).toEqual([['second', { n: 1 }, 'function']])
    const [{ event } = { event: {} }] = it.claim().actions.values()
    expect((event as unknown as { snapshot: AnyMachineSnapshot }).snapshot.matches('second')).toBe(true)
  })
})

test('a promise whose snapshots are heard tells of its beginning, as in a live actor', () => {
  const it = stage(
    setup({ actors: { work: fromPromise(async ({ input }: { input: number }) => input) } }).createMachine({
      id: 'm',
      context: { seen: [] as unknown[] },
      initial: 'a',
      states: {
        a: {
          invoke: {
            id: 'work',
            src: 'work',
            input: 3,
            onSnapshot: {
              actions: assign({
                seen: ({ context, event }) => [...(context.seen as unknown[]), { ...(event.snapshot as object) }],
              }),
            },
            onDone: 'b',
          },
        },
        b: {},
      },
    }) as AnyStateMachine,
  )
  it.advance(it.done('work', 3))
  const { state, snapshot } = it.claim()
  expect([state, snapshot.context]).toEqual(['b', { seen: [{ status: 'active', input: 3 }] }])
})

test('an event that holds what cannot be stored keeps all else', () => {
  const event = {
    type: 'GO',
    n: 1,
    call: () => {},
    error: Object.assign(new Error('boom'), { socket: () => {} }),
    get bad(): never {
      throw new Error('to read it fails')
    },
  }
  expect(decode(encodeEvent(event, 'event'))).toEqual({ type: 'GO', n: 1, error: new Error('boom') })
})
