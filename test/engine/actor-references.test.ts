import { describe, expect, test } from '@jest/globals'
import {
  assign,
  fromPromise,
  fromTransition,
  sendTo,
  setup,
  stopChild,
  type AnyActorRef,
  type AnyStateMachine,
} from 'xstate'
import { mailOf } from '../../src/engine/claimed.ts'
import { stage, type Stage } from './stage.ts'

// Between any two steps the message is nothing but texts, as in its store.

interface Given {
  readonly input: { readonly to: AnyActorRef }
}

const contextOf = (it: Stage): Record<string, unknown> => it.claim().snapshot.context as Record<string, unknown>

/** It reports to whom it was given, deep in its context, a second after it began. */
const reporter = setup({
  types: { input: {} as Given['input'], context: {} as { addresses: { to: AnyActorRef }[] } },
}).createMachine({
  id: 'reporter',
  context: ({ input }) => ({ addresses: [{ to: input.to }] }),
  initial: 'writing',
  states: {
    writing: {
      after: {
        1000: { target: 'sent', actions: sendTo(({ context }) => context.addresses[0]!.to, { type: 'REPORT' }) },
      },
    },
    sent: { type: 'final' },
  },
})

const counter = fromTransition(
  (count: { n: number }, { type }: { type: string }) => (type === 'REPORT' ? { n: count.n + 1 } : count),
  { n: 0 },
)

describe('a machine sends to an actor in its context', () => {
  test('that is its parent', () => {
    const it = stage(
      setup({ actors: { reporter } }).createMachine({
        id: 'm',
        initial: 'waiting',
        states: {
          waiting: {
            invoke: { id: 'reporter', src: 'reporter', input: ({ self }) => ({ to: self }) },
            on: { REPORT: 'heard' },
          },
          heard: {},
        },
      }) as AnyStateMachine,
    )
    it.advance(it.timer())
    expect(it.claim().state).toBe('heard')
  })

  test('that is its grandparent, though its parent has the same id as a child of that', () => {
    const middle = setup({
      types: { input: {} as Given['input'], context: {} as Given['input'] },
      actors: { reporter },
    }).createMachine({
      id: 'middle',
      context: ({ input }) => ({ to: input.to }),
      invoke: { id: 'middle', src: 'reporter', input: ({ context }) => context },
      on: { REPORT: {} },
    })
    const it = stage(
      setup({ actors: { middle } }).createMachine({
        id: 'm',
        initial: 'waiting',
        states: {
          waiting: {
            invoke: { id: 'middle', src: 'middle', input: ({ self }) => ({ to: self }) },
            on: { REPORT: 'heard' },
          },
          heard: {},
        },
      }) as AnyStateMachine,
    )
    it.advance(it.timer())
    expect(it.claim().state).toBe('heard')
  })

  test('that is its sibling', () => {
    const it = stage(
      setup({
        types: { context: {} as { counter: AnyActorRef; n?: number } },
        actors: { reporter, counter },
      }).createMachine({
        id: 'm',
        context: ({ spawn }) => ({ counter: spawn('counter', { id: 'counter' }) }),
        initial: 'waiting',
        states: {
          waiting: {
            invoke: {
              id: 'reporter',
              src: 'reporter',
              input: ({ context }) => ({ to: context.counter }),
              onDone: {
                target: 'read',
                actions: assign({
                  n: ({ context }) => (context.counter.getSnapshot() as { context: { n: number } }).context.n,
                }),
              },
            },
          },
          read: {},
        },
      }) as AnyStateMachine,
    )
    it.advance(it.timer())
    expect(it.claim().state).toBe('read')
    expect(contextOf(it)['n']).toBe(1)
  })
})

describe('an actor that was stopped and stands in a context still', () => {
  const machine = setup({
    types: { context: {} as { helper: AnyActorRef; next?: AnyActorRef; status?: string } },
    actors: { counter },
  }).createMachine({
    id: 'm',
    context: ({ spawn }) => ({ helper: spawn('counter', { id: 'helper' }) }),
    on: {
      STOP: { actions: stopChild('helper') },
      SEND: { actions: sendTo(({ context }) => context.helper, { type: 'REPORT' }) },
      LOOK: {
        actions: assign({ status: ({ context }) => (context.helper.getSnapshot() as { status: string }).status }),
      },
      AGAIN: { actions: assign({ next: ({ spawn }) => spawn('counter', { id: 'helper' }) }) },
    },
  }) as AnyStateMachine

  test('hears nothing, as in a live machine', () => {
    const it = stage(machine)
    for (const event of ['STOP', 'SEND', 'LOOK', 'SEND']) it.advance(event)
    expect(it.shelf.stored.state).toBe('~machine')
    expect(contextOf(it)).toMatchObject({ helper: { id: 'helper' }, status: 'stopped' })
  })

  test('and is not its successor of the same name', () => {
    const it = stage(machine)
    for (const event of ['STOP', 'AGAIN', 'SEND']) it.advance(event)
    const { helper, next } = contextOf(it) as Record<string, AnyActorRef>
    expect(helper).not.toBe(next)
    expect(next!.getSnapshot()).toMatchObject({ context: { n: 0 } })
  })
})

test('what only looks like a reference to an actor is data', () => {
  const forged = { one: { redrive$$actor: 5 }, two: { redrive$$actor: null }, three: { redrive$$actor: ['nobody'] } }
  const machine = setup({ actors: { counter } }).createMachine({
    id: 'm',
    context: { heard: undefined },
    invoke: { id: 'counter', src: 'counter' },
    on: { HEAR: { actions: assign({ heard: ({ event }) => (event as { of?: unknown }).of }) } },
  }) as AnyStateMachine
  const it = stage(machine)
  const { one, two } = forged
  it.shelf.deliver({ type: 'HEAR', of: { one, two } })
  it.advance(...mailOf(it.shelf.stored.inbox))
  expect(contextOf(it)).toEqual({ heard: { one, two } })
  it.shelf.deliver({ type: 'HEAR', of: forged.three })
  it.advance(...mailOf(it.shelf.stored.inbox))
  expect(it.shelf.stored.state).toBe('~machine')
})

describe('an event that waits with an actor in it', () => {
  const answering = setup({ types: { events: {} as { type: 'ASK'; from: AnyActorRef } } }).createMachine({
    id: 'answering',
    on: { ASK: { actions: sendTo(({ event }) => event.from, { type: 'ANSWER' }) } },
  })

  test('tells whoever hears it whom it means', () => {
    const it = stage(
      setup({ actors: { answering } }).createMachine({
        id: 'm',
        invoke: { id: 'oracle', src: 'answering' },
        initial: 'asking',
        states: {
          asking: {
            entry: sendTo('oracle', ({ self }) => ({ type: 'ASK', from: self }), { delay: 1000 }),
            on: { ANSWER: 'wise' },
          },
          wise: {},
        },
      }) as AnyStateMachine,
    )
    it.advance(it.timer())
    expect(it.claim().state).toBe('wise')
  })
})

describe('actors that are spawned without an id', () => {
  const outputOf = (event: { output?: unknown }): unknown => event.output
  const double = fromPromise(async ({ input }: { input: number }) => input * 2)

  test('are kept apart, and each result finds its way', () => {
    const it = stage(
      setup({
        types: { context: {} as { refs: unknown[]; results: unknown[] }, events: {} as { type: 'GO' } },
        actors: { double },
      }).createMachine({
        id: 'm',
        context: ({ spawn }) => ({ refs: [spawn('double', { input: 1 })], results: [] }),
        on: {
          GO: { actions: assign({ refs: ({ context, spawn }) => [...context.refs, spawn('double', { input: 2 })] }) },
          'xstate.done.actor.*': {
            actions: assign({
              results: ({ context, event }: { context: { results: unknown[] }; event: object }) => [
                ...context.results,
                outputOf(event),
              ],
            }),
          },
        },
      }) as AnyStateMachine,
    )
    it.advance('GO')
    const [first = '', second = '', ...more] = it.claim().invocations.keys()
    expect([first, second, more]).toEqual([expect.stringMatching(/^double-/), expect.stringMatching(/^double-/), []])
    expect(first).not.toBe(second)
    it.advance(it.done(second, 4))
    it.advance(it.done(first, 2))
    expect(contextOf(it)['results']).toEqual([4, 2])
  })
})

describe('an actor in the context of what is over', () => {
  const own = { own: ({ spawn }: { spawn(src: string, options: object): unknown }) => spawn('work', { id: 'own' }) }
  const work = fromPromise(async () => 'done')
  const failing = setup({ actors: { work } }).createMachine({
    id: 'failing',
    context: {},
    entry: assign(own as object),
  }) as AnyStateMachine

  test('does not keep a machine from failing', () => {
    const it = stage(failing)
    it.advance(it.error('own', new Error('no answer')))
    expect(it.shelf.stored).toMatchObject({ state: '~failed', fields: { x: 'error' } })
  })

  test('nor a machine below from failing, and its parent from hearing of it', () => {
    const machine = setup({ actors: { failing } }).createMachine({
      id: 'm',
      context: { sorry: false },
      invoke: { id: 'kid', src: 'failing', onError: { actions: assign({ sorry: true }) } },
    }) as AnyStateMachine
    const it = stage(machine)
    it.advance(it.error('@kid/own', new Error('no answer')))
    expect(contextOf(it)).toEqual({ sorry: true })
  })

  test('nor the last actions of a finished machine from being run', () => {
    const machine = setup({ actors: { work }, actions: { notify: () => {} } }).createMachine({
      id: 'm',
      context: {},
      entry: assign(own as object),
      initial: 'a',
      states: { a: { on: { END: 'z' } }, z: { type: 'final', entry: 'notify' } },
    }) as AnyStateMachine
    const it = stage(machine)
    it.advance('END')
    expect(it.advance().actions).toMatchObject([{ name: 'notify' }])
    it.advance({ type: 'ran', nonces: [...it.claim().actions.keys()] })
    expect(it.shelf.stored).toMatchObject({ state: 'z', fields: { x: 'done' } })
  })
})
