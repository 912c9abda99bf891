import { describe, expect, test } from '@jest/globals'
import {
  assign,
  createActor,
  createMachine,
  fromCallback,
  fromPromise,
  fromTransition,
  sendParent,
  sendTo,
  setup,
  spawnChild,
  type AnyActorRef,
  type AnyMachineSnapshot,
  type AnyStateMachine,
} from 'xstate'
import { contextAt } from '../../src/engine/acquaintance.ts'
import { parseRef } from '../../src/engine/versions.ts'
import { stage, type Stage } from './stage.ts'

// Between any two steps the message is nothing but texts: what these tests see has been stored and brought back.

/** States and contexts of all actors, by path. */
function actorsOf(it: Stage): Record<string, unknown> {
  const seen: Record<string, unknown> = {}
  const look = (path: string, snapshot: AnyMachineSnapshot): void => {
    const { status, value, context } = snapshot
    seen[path] = value === undefined ? { status, context } : status === 'active' ? value : { status, value }
    for (const [id, child] of Object.entries((snapshot.children ?? {}) as Record<string, unknown>))
      look(`${path}/${id}`, (child as { getSnapshot(): AnyMachineSnapshot }).getSnapshot())
  }
  look('', it.claim().snapshot)
  return seen
}

const timers = (it: Stage): string[] => [...it.claim().timers.keys()]
const invocations = (it: Stage): string[] => [...it.claim().invocations.values()].map(({ id, src }) => `${id}=${src}`)

const charge = fromPromise(async ({ input }: { input: { amount: number } }) => ({ receipt: `r${input.amount}` }))

const payment = setup({
  actors: { charge },
  types: { input: {} as { amount: number }, context: {} as { amount: number; tries: number } },
}).createMachine({
  id: 'payment',
  context: ({ input }) => ({ amount: input.amount, tries: 0 }),
  initial: 'charging',
  states: {
    charging: {
      entry: assign({ tries: ({ context }) => context.tries + 1 }),
      invoke: {
        id: 'charge',
        src: 'charge',
        input: ({ context }) => ({ amount: context.amount }),
        onDone: { target: 'paid', actions: sendParent({ type: 'NEWS', text: 'paid' }) },
        onError: 'waiting',
      },
      after: { 5000: 'waiting' },
    },
    waiting: { after: { 1000: 'charging' }, on: { AGAIN: 'charging' } },
    paid: { type: 'final' },
  },
  output: ({ context }) => ({ tries: context.tries, at: new Date(0) }),
})

const order = setup({ actors: { payment } }).createMachine({
  id: 'order',
  context: { news: [] as string[] },
  initial: 'paying',
  on: {
    NEWS: {
      actions: assign({ news: ({ context, event: { text } }) => [...(context.news as string[]), text as string] }),
    },
  },
  states: {
    paying: {
      invoke: {
        id: 'pay',
        src: 'payment',
        systemId: 'till',
        input: { amount: 7 },
        onDone: { target: 'done', actions: assign({ result: ({ event }) => event.output as object }) },
        onError: 'failed',
      },
      on: {
        HURRY: { actions: sendTo('pay', { type: 'AGAIN' }) },
        SOON: {
          actions: sendTo(
            ({ system }) => system.get('till') as AnyActorRef,
            { type: 'AGAIN' },
            { delay: 300, id: 'nudge' },
          ),
        },
        STOP: 'failed',
      },
    },
    done: { type: 'final' },
    failed: {},
  },
}) as AnyStateMachine

describe('a machine that invokes a machine', () => {
  test('goes its whole way, with the timers and handlers of both', () => {
    const it = stage(order)
    expect(it.machine.sources).toEqual(['payment/charge'])
    expect(actorsOf(it)).toMatchObject({ '': 'paying', '/pay': 'charging' })
    expect(invocations(it)).toEqual(['@pay/charge=payment/charge'])
    expect(it.claim().invocations.get('@pay/charge')?.input).toEqual({ amount: 7 })
    expect(timers(it)).toHaveLength(1)

    it.advance(it.error('@pay/charge', new Error('no')))
    expect(actorsOf(it)).toMatchObject({ '/pay': 'waiting' })
    expect(invocations(it)).toEqual([])
    it.advance(it.timer())
    expect(actorsOf(it)).toMatchObject({ '/pay': 'charging' })

    const { entry } = it.advance(it.done('@pay/charge', { receipt: 'r7' }))
    expect(entry.state).toBe('done')
    expect(it.claim().snapshot).toMatchObject({
      status: 'done',
      context: { news: ['paid'], result: { tries: 2, at: new Date(0) } },
    })
    expect(timers(it)).toEqual([])
  })

  test('sends to it, at once and later, also by its systemId', () => {
    const it = stage(order)
    it.advance(it.error('@pay/charge', new Error('no')))
    it.advance('SOON')
    expect(timers(it)).toEqual(['@>pay nudge', '@pay>pay xstate.after.1000.payment.waiting'])
    it.advance(it.timer('@>pay nudge'))
    expect(actorsOf(it)).toMatchObject({ '/pay': 'charging' })
    it.advance(it.error('@pay/charge', new Error('no')))
    it.advance('HURRY')
    expect(actorsOf(it)).toMatchObject({ '/pay': 'charging' })
    expect(invocations(it)).toEqual(['@pay/charge=payment/charge'])
  })

  test('ends it when it leaves, with its timers and handlers', () => {
    const it = stage(order)
    const { stopped } = it.advance('STOP')
    expect(stopped.map(({ invocation }) => invocation.id)).toEqual(['@pay/charge'])
    expect(actorsOf(it)).toEqual({ '': 'failed' })
    expect([timers(it), invocations(it)]).toEqual([[], []])
  })

  test('a result that comes too late is heard by nobody', () => {
    const it = stage(order)
    const late = it.done('@pay/charge', { receipt: 'late' })
    it.advance(it.error('@pay/charge', new Error('no')))
    it.advance(it.timer())
    expect(it.advance(late).entry.journal).toEqual([])
    expect(actorsOf(it)).toMatchObject({ '/pay': 'charging' })
  })

  test('an event that it ignores is no step', () => {
    expect(stage(order).advance('IGNORED').entry.journal).toEqual([])
  })
})

describe('what goes wrong below', () => {
  const failing = createMachine({
    id: 'failing',
    on: {
      BREAK: {
        actions: () => {},
        guard: () => {
          throw new Error('below')
        },
      },
    },
  })
  const root = (invoke: object): AnyStateMachine =>
    setup({ actors: { failing } }).createMachine({
      id: 'root',
      initial: 'a',
      states: {
        a: { invoke: { id: 'f', src: 'failing', ...invoke }, on: { GO: { actions: sendTo('f', { type: 'BREAK' }) } } },
        caught: {},
      },
    }) as AnyStateMachine

  test('is told to the machine above', () => {
    const it = stage(root({ onError: 'caught' }))
    it.advance('GO')
    expect(actorsOf(it)).toEqual({ '': 'caught' })
  })

  test('is the end of the message when nobody there takes it', () => {
    const it = stage(root({}))
    const { entry } = it.advance('GO')
    expect(entry).toMatchObject({ state: '~failed', disposal: 'release' })
  })

  test('in the root puts the message aside', () => {
    const machine = setup({ actors: { failing } }).createMachine({
      id: 'root',
      initial: 'a',
      states: {
        a: {
          invoke: { id: 'f', src: 'failing' },
          on: {
            GO: {
              actions: assign(() => {
                throw new Error('above')
              }),
            },
          },
        },
      },
    }) as AnyStateMachine
    expect(stage(machine).advance('GO').entry).toMatchObject({ state: '~quarantined' })
  })
})

test('a transition function is an actor like any other', () => {
  const counter = fromTransition((count: number, { by }: { type: string; by: number }) => count + by, 1)
  const it = stage(
    createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: {
          invoke: { id: 'count', src: counter },
          on: { ADD: { actions: sendTo('count', { type: 'ADD', by: 4 }) } },
        },
      },
    }) as AnyStateMachine,
  )
  it.advance('ADD')
  it.advance('ADD')
  expect(actorsOf(it)).toMatchObject({ '/count': { status: 'active', context: 9 } })
})

test('actors are spawned by name within an assign, and their references come back', () => {
  const child = createMachine({ id: 'child', initial: 'on', states: { on: { on: { OFF: 'off' } }, off: {} } })
  const it = stage(
    setup({ actors: { child, charge } }).createMachine({
      id: 'm',
      context: { refs: [] as unknown[] },
      on: {
        SPAWN: {
          actions: assign({
            refs: ({ context, spawn }) => [
              ...(context.refs as unknown[]),
              spawn('child', { id: `c${(context.refs as unknown[]).length}` }),
            ],
          }),
        },
        WORK: { actions: spawnChild('charge', { id: 'job', input: { amount: 1 } }) },
        OFF: { actions: sendTo(({ context }) => (context.refs as AnyActorRef[])[1]!, { type: 'OFF' }) },
        'xstate.done.actor.job': { actions: assign({ receipt: ({ event: { output } }) => output as unknown }) },
      },
      initial: 'a',
      states: { a: {} },
    }) as AnyStateMachine,
  )
  it.advance('SPAWN')
  it.advance('SPAWN')
  it.advance('OFF')
  expect(actorsOf(it)).toEqual({ '': 'a', '/c0': 'on', '/c1': 'off' })
  it.advance('WORK')
  expect(invocations(it)).toEqual(['job=charge'])
  it.advance(it.done('job', { receipt: 'x' }))
  expect(it.claim().snapshot.context).toMatchObject({ receipt: { receipt: 'x' } })
})

describe('deep below', () => {
  const leaf = createMachine({
    id: 'leaf',
    initial: 'a',
    states: { a: { after: { 100: 'b' } }, b: { entry: sendParent({ type: 'UP' }), type: 'final' } },
    output: 'leaf',
  })
  const middle = createMachine({
    id: 'middle',
    context: { heard: 0 },
    on: { UP: { actions: assign({ heard: ({ context }) => context.heard + 1 }) } },
    initial: 'a',
    states: { a: { invoke: { id: 'l', src: leaf, onDone: 'b' } }, b: { type: 'final' } },
    output: ({ context }) => context.heard,
  })
  const top = createMachine({
    id: 'top',
    context: {} as { heard?: number },
    type: 'parallel',
    states: {
      one: {
        initial: 'a',
        states: {
          a: {
            invoke: {
              id: 'x',
              src: middle,
              onDone: { target: 'b', actions: assign({ heard: ({ event: { output } }) => output as number }) },
            },
          },
          b: {},
        },
      },
      two: { initial: 'a', states: { a: { invoke: { id: 'y', src: middle, onDone: 'b' } }, b: {} } },
    },
  }) as AnyStateMachine

  test('each level is restored, and two of the same do not meet', () => {
    const it = stage(top)
    expect(Object.keys(actorsOf(it))).toEqual(['', '/x', '/x/l', '/y', '/y/l'])
    it.advance(it.timer('@x/l>x/l xstate.after.100.leaf.a'))
    expect(actorsOf(it)).toMatchObject({ '': { one: 'b', two: 'a' }, '/y': 'a', '/y/l': 'a' })
    it.advance(it.timer('@y/l>y/l xstate.after.100.leaf.a'))
    expect(it.claim().snapshot).toMatchObject({ value: { one: 'b', two: 'b' }, context: { heard: 1 } })
  })
})

test('custom actions of a machine below run by its key', () => {
  const said: string[] = []
  const child = setup({ actions: { say: (_, { text }: { text: string }) => void said.push(text) } }).createMachine({
    id: 'child',
    initial: 'a',
    states: { a: { entry: [{ type: 'say', params: { text: 'hello' } }, () => void said.push('inline')] } },
  })
  const it = stage(
    setup({ actors: { child } }).createMachine({
      id: 'm',
      initial: 'a',
      states: { a: { invoke: { id: 'c', src: 'child' } } },
    }) as AnyStateMachine,
  )
  const { actions } = it.advance()
  expect(actions.map(({ name }) => name)).toEqual(['child/say', 'child/inline:child.a:entry:1'])
  for (const { exec, params } of actions) exec?.({}, params)
  expect(said).toEqual(['hello', 'inline'])
})

test('a callback deep below is refused', () => {
  const child = createMachine({ id: 'child', invoke: { id: 'cb', src: fromCallback(() => {}) } })
  const machine = createMachine({ id: 'm', initial: 'a', states: { a: { invoke: { id: 'c', src: child } } } })
  expect(() => stage(machine as AnyStateMachine)).toThrow(
    'in its "xstate.invoke.0.m.a", state "child" invokes "xstate.invoke.0.child", which is a callback or an observable',
  )
})

describe('what cannot go on is put aside, with its reason', () => {
  const reasonOf = (it: Stage): unknown => {
    const { entry } = it.advance('GO')
    expect(entry.state).toBe('~quarantined')
    return entry.changes
  }

  test('actors that answer each other for ever', () => {
    const echo = createMachine({ id: 'echo', on: { CALL: { actions: sendParent({ type: 'CALL' }) } } })
    const it = stage(
      setup({ actors: { echo } }).createMachine({
        id: 'm',
        invoke: { id: 'echo', src: 'echo' },
        on: { GO: { actions: sendTo('echo', { type: 'CALL' }) }, CALL: { actions: sendTo('echo', { type: 'CALL' }) } },
      }) as AnyStateMachine,
    )
    expect(JSON.stringify(reasonOf(it))).toContain('and there is no end of it')
  })

  test('a reference to an actor that is not of the message, which would come back as nothing', () => {
    const stranger = createActor(createMachine({ id: 'stranger' })).start()
    const child = setup({ types: { input: {} as { boss: AnyActorRef } } }).createMachine({
      id: 'child',
      context: ({ input }) => ({ order: { boss: input.boss } }),
    })
    const it = stage(
      setup({ actors: { child } }).createMachine({
        id: 'm',
        initial: 'a',
        states: {
          a: { on: { GO: 'b' } },
          b: { invoke: { id: 'c', src: 'child', input: { boss: stranger } } },
        },
      }) as AnyStateMachine,
    )
    expect(JSON.stringify(reasonOf(it))).toContain('context.order.boss refers to an actor that this message does not')
  })
})

describe('a machine that ends in its first step', () => {
  test('is found in the order of its document, whatever order its regions ended in', () => {
    const regions = { a: { type: 'final' }, b: { type: 'final' } } as const
    const it = stage(createMachine({ id: 'm', type: 'parallel', states: regions }) as AnyStateMachine)
    expect(it.claim()).toMatchObject({ state: 'a+b', snapshot: { status: 'done' } })
  })

  test('may have had actors, which are no more, and still runs what it asked for', () => {
    const child = createMachine({ id: 'child', on: { NEXT: { actions: sendParent({ type: 'NEXT' }) } } })
    const it = stage(
      setup({ actors: { child }, actions: { tell: () => {} } }).createMachine({
        id: 'm',
        initial: 'one',
        invoke: { id: 'c', src: 'child' },
        states: {
          one: { entry: sendTo('c', { type: 'NEXT' }), on: { NEXT: 'two' } },
          two: { entry: 'tell', type: 'final' },
        },
      }) as AnyStateMachine,
    )
    const { entry, actions } = it.advance()
    expect(entry.state).toBe('two')
    expect(actions.map(({ name }) => name)).toEqual(['tell'])
  })
})

test('code in the actions of an initial transition is found by its place', () => {
  const said: string[] = []
  const it = stage(
    createMachine({
      id: 'm',
      initial: { target: 'a', actions: () => void said.push('first') },
      states: { a: {} },
    }) as AnyStateMachine,
  )
  for (const { exec, params } of it.advance().actions) exec?.({}, params)
  expect(said).toEqual(['first'])
})

test('machines may have any ids, as an editor names them', () => {
  const checking = createMachine({
    id: 'Check: credit/score',
    initial: 'x y',
    states: {
      'x y': { after: { 1000: { target: 'z', actions: sendParent({ type: 'NEWS' }) } } },
      z: { type: 'final' },
    },
  })
  const it = stage(
    createMachine({
      id: 'My order (2nd draft)',
      initial: 'a b',
      states: {
        'a b': { after: { 1000: 'checking' } },
        checking: { invoke: { id: 'c', src: checking, onDone: 'done' } },
        done: {},
      },
    }) as AnyStateMachine,
  )
  expect(parseRef(it.machine.ref)).toMatchObject({ id: 'My order (2nd draft)', version: '0' })
  it.advance(it.timer())
  it.advance(it.timer())
  expect(it.claim().state).toBe('done')
})

describe('self.id is the id of the message, in every step', () => {
  interface Ids {
    readonly ids: readonly string[]
  }
  const types = { context: {} as Ids }
  const note = ({ context, self }: { context: Ids; self: AnyActorRef }): Ids => ({ ids: [...context.ids, self.id] })

  test('in a machine alone', () => {
    const it = stage(
      setup({ types, actions: { note: assign(note) } }).createMachine({
        id: 'alone',
        context: ({ self }) => ({ ids: [self.id] }),
        entry: 'note',
        on: { GO: { actions: 'note' } },
      }),
    )
    it.advance('GO')
    expect(it.claim().snapshot.context).toEqual({ ids: ['m1', 'm1', 'm1'] })
  })

  test('and in one that invokes others, which find it as the id of their parent', () => {
    const child = setup({ types: { input: {} as { parent: AnyActorRef } } }).createMachine({
      id: 'child',
      context: ({ input, self }) => ({ mine: self.id, of: input.parent.id }),
    })
    const it = stage(
      setup({ types, actions: { note: assign(note) }, actors: { child } }).createMachine({
        id: 'parent',
        context: ({ self }) => ({ ids: [self.id] }),
        invoke: { id: 'kid', src: 'child', input: ({ self }) => ({ parent: self }) },
        entry: 'note',
        on: { GO: { actions: 'note' } },
      }),
    )
    it.advance('GO')
    const { snapshot } = it.claim()
    expect(snapshot.context).toEqual({ ids: ['m1', 'm1', 'm1'] })
    expect(contextAt(snapshot, ['kid'])).toEqual({ mine: 'kid', of: 'm1' })
  })
})

test('a callback that code spawns is refused with what takes its place', () => {
  const watching = setup({ actors: { watch: fromCallback(() => {}) } }).createMachine({
    id: 'watching',
    context: ({ spawn }) => ({ watch: spawn('watch', { id: 'watch' }) }),
  })
  expect(() => stage(watching)).toThrow('queue.signal() for what comes from outside')
})
