import { describe, expect, test } from '@jest/globals'
import { and, assign, not, or, raise, stateIn, type AnyStateMachine } from 'xstate'
import { createMessageMachine, type RetryPolicy } from '../../../machines/index.ts'
import { registerMachine } from '../../../src/engine/registry.ts'
import type { EventData } from '../../../src/message.ts'
import { planOf, type Plan } from '../../../src/step/plan/plan.ts'
import type { Context, PlannedStep } from '../../../src/step/plan/run.ts'
import { machineOf } from '../../engine/charts/chart.ts'

// The differential suite holds the plan to XState, whatever it is. Here stands what is promised of it, to be read.

const planFor = (machine: AnyStateMachine): Plan => planOf(registerMachine(machine))

function take(plan: Plan, state: string, context: Context, event: EventData | string, id = 'm1'): PlannedStep {
  const from = plan.state(state)
  if (from.refused !== undefined) throw new Error(from.refused)
  const step = plan.step(from, context, typeof event === 'string' ? { type: event } : event, id)
  if (step.refused !== undefined) throw new Error(step.refused)
  return step
}

describe('the default machine', () => {
  const policies: RetryPolicy[] = [
    {},
    { attempts: Infinity, backoff: { type: 'fixed', delay: 10, jitter: 'none' }, timeout: 5000, deadline: 60_000 },
    { nonRetryable: ['Fatal'], retryIf: () => true, maxLeasesLost: 0 },
  ]
  test.each(policies)('is wholly within the plan, with the policy %j', (policy) => {
    expect(planFor(createMessageMachine(policy)).unfit).toEqual([])
  })

  const plan = planFor(createMessageMachine({ random: () => 0.5, now: () => 1000 }))
  const payload = { to: 'ada' }
  const done = { type: 'xstate.done.actor.handler', output: 42, actorId: 'handler' }
  const failed = (error: unknown) => ({ type: 'xstate.error.actor.handler', error, actorId: 'handler' })
  const deliver = 'xstate.after.deliver.message.pending'
  const timeLimit = 'xstate.after.timeLimit.message.processing'
  const started = [
    { type: 'timer.set', id: timeLimit, event: { type: timeLimit }, delay: 2 ** 31 - 1 },
    { type: 'invoke', id: 'handler', src: 'handler', input: payload },
  ]

  test('begins', () => {
    const first = plan.start({ payload, delay: 500 })
    expect(first).toMatchObject({ status: 'active', context: { payload, delay: 500 } })
    expect(first).toMatchObject({ to: { name: 'pending' } })
    expect((first as PlannedStep).effects).toEqual([
      { type: 'timer.set', id: deliver, event: { type: deliver }, delay: 500 },
    ])
  })

  test('starts its handler, with the very payload', () => {
    const step = take(plan, 'pending', { payload }, deliver)
    expect(step.to.name).toBe('processing')
    expect(step.context).toEqual({ payload, attempt: 1 })
    expect(step.context['payload']).toBe(payload)
    expect(step.effects).toEqual([{ type: 'timer.cancel', id: deliver }, ...started])
  })

  test('succeeds', () => {
    const step = take(plan, 'processing', { payload, attempt: 1 }, done)
    expect(step).toMatchObject({ status: 'done', output: 42, to: { name: 'succeeded', tags: ['succeeded'] } })
    expect(step.effects).toEqual([
      { type: 'timer.cancel', id: timeLimit },
      { type: 'stop', id: 'handler' },
    ])
  })

  test('waits after a failure, and is delivered again', () => {
    const step = take(plan, 'processing', { payload, attempt: 1 }, failed(new RangeError('no')))
    expect(step.to.name).toBe('retrying')
    expect(step.context).toMatchObject({ payload, attempt: 1, delay: 500, error: { name: 'RangeError' } })
    const again = take(plan, 'retrying', step.context, 'xstate.after.backoff.message.retrying')
    expect(again.context).toMatchObject({ attempt: 2 })
    expect(again.effects.slice(1)).toEqual(started)
  })

  test('dies, and is redriven', () => {
    const dead = take(plan, 'processing', { payload, attempt: 5 }, failed('no'))
    expect(dead).toMatchObject({ status: 'active', to: { name: 'dead', tags: ['dead', 'settled'] } })
    expect(take(plan, 'dead', dead.context, 'REDRIVE').to.name).toBe('pending')
  })

  test('ignores what no state takes', () => {
    expect(take(plan, 'dead', {}, 'CANCEL')).toMatchObject({ changed: false, effects: [], to: { name: 'dead' } })
  })
})

describe('a plan', () => {
  test('gives code what XState gives it', () => {
    const seen: unknown[] = []
    const note = (args: object, params?: unknown): void => void seen.push(Object.keys(args), params)
    const machine = machineOf(
      {
        on: {
          GO: {
            guard: (args: object, params: unknown) => (note(args, params), true),
            target: 'b',
            actions: [{ type: 'keep', params: { n: 1 } }, raise({ type: 'X' }, { delay: (args) => (note(args), 5) })],
          },
        },
        invoke: { id: 'i', src: 'i', input: (args: object) => (note(args), 1) },
      },
      { actions: { keep: assign((args: object, params: unknown) => (note(args, params), {})) } },
    )
    take(planFor(machine), 'a', {}, 'GO')
    expect(seen).toEqual([
      ['context', 'event'],
      undefined,
      ['context', 'event', 'spawn', 'self', 'system'],
      { n: 1 },
      ['context', 'event', 'self', 'system'],
      undefined,
    ])
  })

  test('calls a message by its id', () => {
    const own = ({ self }: { self: { id: string } }): string => self.id
    const machine = machineOf(
      { on: { GO: { target: 'b', actions: assign({ me: own as never }) } } },
      {},
      {
        states: {
          a: { on: { GO: { target: 'b', actions: assign({ me: own as never }) } } },
          b: { invoke: { id: 'i', src: 'i', input: own } },
        },
      },
    )
    const step = take(planFor(machine), 'a', {}, 'GO', 'order-7')
    expect(step.context).toEqual({ me: 'order-7' })
    expect(step.effects).toEqual([{ type: 'invoke', id: 'i', src: 'i', input: 'order-7' }])
  })

  test('takes guards of guards, and of the state', () => {
    const isBig = ({ context }: { context: { n?: number } }): boolean => (context.n ?? 0) > 3
    const isOver = ({ context }: { context: { n?: number } }, limit: number): boolean => (context.n ?? 0) > limit
    const plan = planFor(
      machineOf(
        {
          on: {
            GO: [
              {
                guard: and(['isBig', not({ type: 'isOver', params: 10 } as never), stateIn('a')]) as never,
                target: 'b',
              },
              {
                guard: or([
                  stateIn('b'),
                  { type: 'isOver', params: ({ event }: { event: EventData }) => event['limit'] } as never,
                ]) as never,
                actions: assign({ n: 0 }),
              },
            ],
          },
        },
        { guards: { isBig, isOver } },
      ),
    )
    expect(plan.unfit).toEqual([])
    expect(take(plan, 'a', { n: 5 }, 'GO').to.name).toBe('b')
    expect(take(plan, 'a', { n: 11 }, { type: 'GO', limit: 10 }).context).toEqual({ n: 0 })
    expect(take(plan, 'a', { n: 1 }, { type: 'GO', limit: 10 }).changed).toBe(false)
  })

  test('goes on within a step: by itself, by what it raises, and when an inner state is final', () => {
    const count = assign({ n: ({ context }) => ((context as { n?: number }).n ?? 0) + 1 })
    const plan = planFor(
      machineOf({
        initial: 'x',
        states: {
          x: { on: { GO: { target: 'y', actions: raise({ type: 'NEXT' }) } } },
          y: { on: { NEXT: 'z' } },
          z: {
            always: { guard: ({ context }: { context: { n?: number } }) => (context.n ?? 0) < 2, actions: count },
            on: { END: 'end' },
          },
          end: { type: 'final', output: ({ context }: { context: unknown }) => context },
        },
        onDone: { target: 'b', actions: assign({ out: ({ event }) => (event as EventData)['output'] }) },
      }),
    )
    expect(plan.unfit).toEqual([])
    const rested = take(plan, 'a.x', {}, 'GO')
    expect(rested).toMatchObject({ to: { name: 'a.z' }, context: { n: 2 } })
    expect(take(plan, 'a.z', rested.context, 'END')).toMatchObject({
      to: { name: 'b' },
      context: { n: 2, out: { n: 2 } },
    })
  })

  test('ends in an error that no state has a word for', () => {
    const plan = planFor(machineOf({ invoke: { id: 'i', src: 'i' } }))
    const error = new Error('gone')
    const step = take(plan, 'a', {}, { type: 'xstate.error.actor.i', error, actorId: 'i' })
    expect(step).toMatchObject({ status: 'error', error, effects: [{ type: 'stop', id: 'i' }] })
  })

  test('is one for a machine, and remembers no more types of a wildcard than it must', () => {
    const durable = registerMachine(
      machineOf({ on: { 'a.*': { actions: 'noted' }, '*': 'b' } }, { actions: { noted: () => {} } }),
    )
    const plan = planOf(durable)
    expect(planOf(durable)).toBe(plan)
    for (let i = 0; i < 1000; i++) {
      expect(take(plan, 'a', {}, `a.${i}`).to.name).toBe('a')
      expect(take(plan, 'a', {}, `b.${i}`).to.name).toBe('b')
    }
  })
})
