import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { assign, createMachine, fromTransition, raise, setup, type AnyActorRef, type AnyStateMachine } from 'xstate'
import { stage } from '../engine/stage.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

// Custom actions run when their step is committed, and the actors that they know by `self` and `system` are in Redis by then.

/** A step that an action of its own takes on, as actions do that wait for something outside. */
const hurry = createMachine({
  id: 'hurry',
  initial: 'waiting',
  states: {
    waiting: {
      entry: ({ self }) => self.send({ type: 'GO_ON', from: (self.getSnapshot() as { value: unknown }).value }),
      on: { GO_ON: { guard: ({ event }) => event['from'] === 'waiting', target: 'done' } },
    },
    done: { type: 'final' },
  },
})

const counter = fromTransition(
  (count: { n: number }, { type }: { type: string }) => (type === 'COUNT' ? { n: count.n + 1 } : count),
  { n: 0 },
)

const find = (system: unknown, id: string): AnyActorRef | undefined =>
  (system as { get(id: string): AnyActorRef | undefined }).get(id)

const counting = (seen: unknown[]): AnyStateMachine =>
  setup({ actors: { counter } }).createMachine({
    id: 'counting',
    invoke: { id: 'c', src: 'counter', systemId: 'counter' },
    on: {
      GO: { actions: ({ system }) => find(system, 'counter')?.send({ type: 'COUNT' }) },
      LOOK: {
        actions: ({ system }) => {
          const { context } = find(system, 'counter')!.getSnapshot() as { context: unknown }
          seen.push(context, find(system, 'nobody'))
        },
      },
    },
  })

/** Its actions send to the actor that they find in their context, their event and their parameters. */
const calling = setup({
  types: {
    context: {} as { counter: AnyActorRef; n: number },
    events: {} as { type: 'GO' } | { type: 'LOOK' } | { type: 'TOLD'; to: AnyActorRef },
  },
  actors: { counter },
  actions: { call: (_, { to }: { to: AnyActorRef }) => to.send({ type: 'COUNT' }) },
}).createMachine({
  id: 'calling',
  context: ({ spawn }) => ({ n: 0, counter: spawn('counter', { id: 'c' }) }),
  entry: [({ context }) => context.counter.send({ type: 'COUNT' }), raise(({ context }) => told(context.counter))],
  on: {
    TOLD: { actions: ({ event }) => event.to.send({ type: 'COUNT' }) },
    LOOK: { actions: assign({ n: ({ context }) => countOf(context.counter) }) },
    GO: { actions: { type: 'call', params: ({ context }) => ({ to: context.counter }) } },
  },
}) as AnyStateMachine

const countOf = (actor: AnyActorRef): number => (actor.getSnapshot() as { context: { n: number } }).context.n
const told = (to: AnyActorRef): { type: 'TOLD'; to: AnyActorRef } => ({ type: 'TOLD', to })

test('an action of an actor within a message is brought back with the actor whose it is', () => {
  const it = stage(
    setup({ actors: { hurry } }).createMachine({ id: 'm', invoke: { id: 'kid', src: 'hurry' } }) as AnyStateMachine,
  )
  expect([...it.claim().actions.values()].map(({ at }) => at)).toEqual([['kid']])
})

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('an action on %s', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  test('sends to its own machine', async () => {
    const queue = backend.open().queue('own', { machine: hurry })
    queue.work()
    await queue.send({}, { id: 'a' })
    expect(await until(async () => (await queue.get('a'))?.state === 'done')).toBe(true)
  })

  test('of an actor within a message sends to that, and not to the message', async () => {
    const machine = setup({ actors: { hurry } }).createMachine({
      id: 'outer',
      initial: 'a',
      states: { a: { invoke: { id: 'kid', src: 'hurry', onDone: 'b' }, on: { GO_ON: 'wrong' } }, b: {}, wrong: {} },
    })
    const queue = backend.open().queue('below', { machine })
    queue.work()
    await queue.send({}, { id: 'a' })
    expect(await until(async () => (await queue.get('a'))?.state === 'b')).toBe(true)
  })

  test('sends to an actor that it was given, and is heard by the one in the message', async () => {
    const queue = backend.open().queue('calling', { machine: calling })
    queue.work()
    await queue.send({}, { id: 'a' })
    await queue.signal('a', { type: 'GO' })
    const counted = async (): Promise<boolean> => {
      await queue.signal('a', { type: 'LOOK' }, { wait: '5s' })
      return ((await queue.get('a'))?.context as { n: number } | undefined)?.n === 3
    }
    expect(await until(counted)).toBe(true)
  })

  test('finds an actor by its systemId, sends to it, and sees what became of it', async () => {
    const seen: unknown[] = []
    const queue = backend.open().queue('system', { machine: counting(seen) })
    queue.work()
    await queue.send({}, { id: 'a' })
    await queue.signal('a', { type: 'GO' })
    await queue.signal('a', { type: 'GO' })
    await until(async () => {
      seen.length = 0
      await queue.signal('a', { type: 'LOOK' }, { wait: '5s' })
      await until(() => seen.length > 0)
      return (seen[0] as { n: number }).n === 2
    })
    expect(seen[1]).toBeUndefined()
  })
})
