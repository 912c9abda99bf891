import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from '@jest/globals'
import {
  assign,
  createActor,
  createMachine,
  fromPromise,
  fromTransition,
  raise,
  sendTo,
  spawnChild,
  waitFor,
  type AnyActorRef,
  type AnyStateMachine,
} from 'xstate'
import { checkEvent } from '../../src/engine/registry.ts'
import type { Stimulus } from '../../src/engine/stimulus.ts'
import { FAILED, QUARANTINED } from '../../src/store/store.ts'
import { activeNodes } from '../engine/sequences.ts'
import { stage, type Stage } from '../engine/stage.ts'
import { inert } from './inert.ts'
import { startOriginal, type Original } from './original.ts'

// Each of these is told in docs/reference/xstate-differences.md, with its reason.

const both = (config: object, implementations: object = {}): { redrive: Stage; xstate: Original } => {
  const machine = createMachine({ id: 'm', ...config } as never, implementations as never) as AnyStateMachine
  return { redrive: stage(machine), xstate: startOriginal(machine, undefined) }
}

const log = (text: string) =>
  assign(({ context }: { context: { log?: string } }) => ({ log: (context.log ?? '') + text }))
const logOf = ({ redrive, xstate }: { redrive: Stage; xstate: Original }): object => ({
  redrive: (redrive.claim().snapshot.context as { log?: string }).log,
  xstate: (xstate.snapshot.context as { log?: string }).log,
})
const fireAll = ({ claim, advance }: Stage): void => {
  for (let timers; (timers = [...claim().timers.values()]).length > 0;)
    advance(...timers.map(({ nonce }): Stimulus => ({ type: 'timer', nonce })))
}

describe('differences from XState', () => {
  test('regions-in-the-order-of-the-document', () => {
    interface Situation {
      readonly context: { readonly ready?: boolean; readonly log?: string }
    }
    const wake = (name: string): object => ({
      initial: 'off',
      states: {
        off: { on: { [name]: 'on' } },
        on: {
          always: {
            guard: ({ context }: Situation) => context.ready === true && !context.log?.includes(name),
            actions: log(name),
          },
        },
      },
    })
    const pair = both({
      context: {},
      type: 'parallel',
      on: { GO: { actions: assign({ ready: true }) } },
      states: { A: wake('A'), B: wake('B') },
    })
    for (const type of ['B', 'A', 'GO']) {
      pair.redrive.advance(type)
      pair.xstate.send({ type })
    }
    expect(logOf(pair)).toEqual({ redrive: 'AB', xstate: 'BA' })
  })

  test('a-timer-takes-the-place-of-its-namesake', () => {
    const pair = both({
      context: {},
      on: { ASK: { actions: raise({ type: 'RING' }, { id: 'ring', delay: 10 }) }, RING: { actions: log('!') } },
      initial: 'a',
      states: { a: {} },
    })
    for (const type of ['ASK', 'ASK']) {
      pair.redrive.advance(type)
      pair.xstate.send({ type })
    }
    fireAll(pair.redrive)
    pair.xstate.pass(10)
    pair.xstate.drain()
    expect(logOf(pair)).toEqual({ redrive: '!', xstate: '!!' })
  })

  test('what-a-machine-sends-itself-is-a-timer-of-no-delay', () => {
    const pair = both({
      context: {},
      on: {
        GO: { actions: [raise({ type: 'TIMER' }, { delay: 0 }), sendTo(({ self }) => self, { type: 'LETTER' })] },
        TIMER: { actions: log('timer ') },
        LETTER: { actions: log('letter ') },
      },
      initial: 'a',
      states: { a: {} },
    })
    pair.redrive.advance('GO')
    fireAll(pair.redrive)
    pair.xstate.send({ type: 'GO' })
    pair.xstate.drain()
    expect(logOf(pair)).toEqual({ redrive: 'timer letter ', xstate: 'letter timer ' })
  })

  test('a-send-to-a-spawned-actor-that-has-ended', async () => {
    const { redrive, xstate } = both(
      {
        initial: 'a',
        states: {
          a: { entry: spawnChild('work', { id: 'work' }), on: { GO: { actions: sendTo('work', { type: 'HI' }) } } },
        },
      },
      { actors: { work: inert } },
    )
    redrive.advance(redrive.done('work', 1))
    redrive.advance('GO')
    xstate.end('work', { output: 1 })
    await new Promise(setImmediate)
    xstate.send({ type: 'GO' })
    expect([redrive.shelf.stored.state, xstate.snapshot.status]).toEqual([QUARANTINED, 'active'])
    // What is sent to an invoked one is dropped by both.
    const invoked = both(
      {
        initial: 'a',
        states: { a: { invoke: { id: 'work', src: 'work' }, on: { GO: { actions: sendTo('work', { type: 'HI' }) } } } },
      },
      { actors: { work: inert } },
    )
    invoked.redrive.advance(invoked.redrive.done('work', 1))
    expect(invoked.redrive.advance('GO').entry.state).toBe('a')
  })

  test('an-actor-takes-the-place-of-its-namesake', async () => {
    const region = {
      initial: 'on',
      states: { on: { invoke: { id: 'work', src: 'work' }, on: { LEAVE: 'off' } }, off: {} },
    }
    let started = 0
    const work = fromPromise(async () => ++started)
    const machine = createMachine(
      { id: 'm', type: 'parallel', states: { a: region, b: region } } as never,
      {
        actors: { work },
      } as never,
    ) as AnyStateMachine
    createActor(machine).start()
    expect([stage(machine).advance().started.length, started]).toEqual([1, 2])
  })

  test('a-delayed-send-outlives-its-target', () => {
    const sum = fromTransition((total: number) => total + 1, 0)
    const { redrive, xstate } = both(
      {
        initial: 'a',
        states: {
          a: {
            invoke: { id: 'sum', src: 'sum' },
            on: {
              GO: { actions: sendTo('sum', { type: 'ADD' }, { delay: 10 }) },
              AGAIN: { target: 'a', reenter: true },
            },
          },
        },
      },
      { actors: { sum } },
    )
    for (const type of ['GO', 'AGAIN']) {
      redrive.advance(type)
      xstate.send({ type })
    }
    fireAll(redrive)
    xstate.pass(10)
    xstate.drain()
    const totals = [redrive.claim().snapshot, xstate.snapshot].map(
      ({ children }) => (children as Record<string, AnyActorRef>)['sum']!.getSnapshot() as { context: number },
    )
    expect(totals.map(({ context }) => context)).toEqual([1, 0])
  })

  test('a-machine-that-throws-is-put-aside', () => {
    const fail = (): never => {
      throw new Error('it broke')
    }
    const { redrive, xstate } = both({
      initial: 'a',
      states: { a: { on: { GO: { guard: fail, target: 'b' } } }, b: {} },
    })
    redrive.advance('GO')
    xstate.send({ type: 'GO' })
    expect([redrive.shelf.stored.state, xstate.snapshot.status]).toEqual([QUARANTINED, 'error'])
    // In the first step there is no message yet: the sender hears of it.
    expect(() => both({ context: fail, initial: 'a', states: { a: {} } })).toThrow('it broke')
  })

  test('a-machine-that-ended-in-an-error-is-nowhere', async () => {
    const { redrive, xstate } = both(
      { initial: 'a', states: { a: { invoke: { id: 'work', src: 'work' } } } },
      { actors: { work: inert } },
    )
    redrive.advance(redrive.error('work', new Error('gone')))
    xstate.end('work', { error: new Error('gone') })
    await new Promise(setImmediate)
    expect([redrive.shelf.stored.state, xstate.snapshot.value]).toEqual([FAILED, 'a'])
  })

  test('custom-actions-run-after-the-commit', () => {
    let runs = 0
    const { redrive, xstate } = both({ initial: 'a', states: { a: { on: { GO: { actions: () => runs++ } } } } })
    const { actions } = redrive.advance('GO')
    expect([actions.length, runs]).toEqual([1, 0])
    xstate.send({ type: 'GO' })
    expect(runs).toBe(1)
  })

  test('delays-are-whole-milliseconds', () => {
    const { redrive } = both({ initial: 'a', states: { a: { after: { 1.6: 'b' } }, b: {} } })
    const [timer] = redrive.shelf.stored.timers
    expect(timer!.due - redrive.shelf.now).toBe(2)
  })

  test('an-event-that-no-state-takes-is-refused', () => {
    const always = { guard: ({ event }: { event: { type: string } }) => event.type === 'GO', target: 'b' }
    const { redrive, xstate } = both({ initial: 'a', states: { a: { always }, b: {} } })
    expect(() => checkEvent(redrive.machine, { type: 'GO' })).toThrow('E_UNKNOWN_EVENT')
    redrive.advance('GO')
    xstate.send({ type: 'GO' })
    expect([redrive.shelf.stored.state, xstate.snapshot.value]).toEqual(['a', 'b'])
  })

  test('a-delay-that-is-no-number-puts-the-message-aside', () => {
    const { redrive, xstate } = both(
      { initial: 'a', states: { a: { on: { GO: 'b' } }, b: { after: { odd: 'c' } }, c: {} } },
      { delays: { odd: () => NaN } },
    )
    redrive.advance('GO')
    xstate.send({ type: 'GO' })
    expect([redrive.shelf.stored.state, xstate.snapshot.value]).toEqual([QUARANTINED, 'b'])
  })

  test('values-come-back-as-values', () => {
    class Late extends Error {}
    const error = new Late('later')
    const shared = { n: 1 }
    const pair = both({ context: { error, one: shared, two: shared }, initial: 'a', states: { a: {} } })
    const stored = pair.redrive.claim().snapshot.context as { error: Error; one: object; two: object }
    expect(stored.error).toEqual(new Error('later'))
    expect(stored.error).not.toBeInstanceOf(Late)
    const plain = both({ context: { one: shared, two: shared }, initial: 'a', states: { a: {} } })
    const again = plain.redrive.claim().snapshot.context as { one: object; two: object }
    expect(again.one).toEqual(again.two)
    expect(again.one).not.toBe(again.two)
  })

  test('a-promise-is-an-actor-of-its-own', async () => {
    const knows = fromPromise(async ({ system }) => (system.get('log') as unknown) !== undefined)
    const actors = { log: fromTransition((state: object) => state, {}), knows }
    const invoke = [
      { id: 'log', src: 'log', systemId: 'log' },
      { id: 'knows', src: 'knows', onDone: { actions: assign({ knew: ({ event }) => event.output as boolean }) } },
    ]
    const machine = createMachine({ id: 'm', context: {}, invoke } as never, { actors } as never) as AnyStateMachine
    const live = await waitFor(createActor(machine).start(), ({ context }) => 'knew' in (context as object))
    expect(live.context).toEqual({ knew: true })
    const { signal } = new AbortController()
    expect(await stage(machine).machine.ownActor('knows')!({ id: 'knows', input: undefined, signal })).toBe(false)
  })

  test('states-that-exclude-each-other', () => {
    const { redrive, xstate } = both({
      initial: 'a',
      on: { GO: { target: ['.a', '.b'] } },
      states: { a: {}, b: {} },
    })
    redrive.advance('GO')
    xstate.send({ type: 'GO' })
    expect([redrive.shelf.stored.state, xstate.snapshot.status]).toEqual([QUARANTINED, 'active'])
    expect(activeNodes(xstate.snapshot).map(({ key }) => key)).toEqual(['m', 'a', 'b'])
  })
})

test('every difference that is told has its test here', () => {
  const read = (path: string): string => readFileSync(join(import.meta.dirname, path), 'utf8')
  const told = [...read('../../docs/reference/xstate-differences.md').matchAll(/^### (.+)$/gm)]
  const names = told.map(([, heading = '']) => heading.toLowerCase().replaceAll(' ', '-'))
  const tested = [...read('differences.test.ts').matchAll(/^ {2}test\('(.+?)'/gm)].map(([, name]) => name)
  expect(new Set(names)).toEqual(new Set(tested))
})
