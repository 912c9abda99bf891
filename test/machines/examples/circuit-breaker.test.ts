import { describe, expect, test } from '@jest/globals'
import type { AnyEventObject, AnyMachineSnapshot } from 'xstate'
import { circuitBreaker, type CircuitBreakerContext } from '../../../machines/examples/circuit-breaker.ts'
import { registerMachine } from '../../../src/engine/registry.ts'
import { initialStep, step } from '../../../src/engine/transition.ts'
import { pathsOf, type Model } from './paths.ts'

const A = { queue: 'webhooks', id: 'a' }
const B = { queue: 'webhooks', id: 'b' }
const COOLDOWN = 'xstate.after.cooldown.circuit-breaker.open'
const LOST = 'xstate.after.lostProbe.circuit-breaker.probing'
const input = { failures: 2, cooldown: 1000 }
const ask = (from: object) => ({ type: 'ASK', from })
const success = (from: object) => ({ type: 'SUCCESS', from })
const failure = (from: object) => ({ type: 'FAILURE', from })

/** The breaker as a pure function, and what it answers. */
function play(options: object = input) {
  const { machine } = registerMachine(circuitBreaker)
  let snapshot: AnyMachineSnapshot = initialStep(machine, options).snapshot
  return {
    state: () => snapshot.value as string,
    context: () => snapshot.context as CircuitBreakerContext,
    /** Takes an event, and returns the answers: `a GO`, `b WAIT 1000`. */
    take(event: AnyEventObject): string[] {
      const taken = step(machine, snapshot, event)
      snapshot = taken.snapshot
      return taken.effects.flatMap((effect) => {
        if (effect.type !== 'action') return []
        const { target, event: answer } = effect.params as { target: { id: string }; event: AnyEventObject }
        return [[target.id, answer.type, answer['ms']].filter((part) => part !== undefined).join(' ')]
      })
    },
  }
}

test('lets all go until too many in a row have failed, then nobody until the cooldown is over', () => {
  const { take, state } = play()
  expect(take(ask(A))).toEqual(['a GO'])
  take(failure(A))
  take(success(B))
  take(failure(A))
  expect(state()).toBe('closed')
  take(failure(B))
  expect(state()).toBe('open')
  // Who waits is told to wait a little longer than the one before, so that they do not all come back together.
  expect([...take(ask(A)), ...take(ask(B)), ...take(ask(A))]).toEqual(['a WAIT 1000', 'b WAIT 1050', 'a WAIT 1100'])
  take(success(A))
  expect(state()).toBe('open')
})

test('then one tries for all, and its word alone counts', () => {
  const { take, state } = play()
  take({ type: 'TRIP' })
  take({ type: COOLDOWN })
  expect(take(ask(A))).toEqual(['a GO'])
  expect(take(ask(B))).toEqual(['b WAIT 1000'])
  expect(take(ask(A))).toEqual(['a GO'])
  take(success(B))
  take(failure(B))
  expect(state()).toBe('probing')
  take(failure(A))
  expect(state()).toBe('open')
  take({ type: COOLDOWN })
  take(ask(B))
  take(success(B))
  expect(state()).toBe('closed')
  expect(take(ask(A))).toEqual(['a GO'])
})

test('a probe of which nothing is heard makes room for another', () => {
  const { take, state } = play()
  take({ type: 'TRIP' })
  take({ type: COOLDOWN })
  take(ask(A))
  take({ type: LOST })
  expect(state()).toBe('halfOpen')
  expect(take(ask(B))).toEqual(['b GO'])
  // Its late word is not taken for that of the other.
  take(success(A))
  expect(state()).toBe('probing')
})

test('a person may close it at any time', () => {
  const { take, state } = play()
  for (const events of [[], [{ type: COOLDOWN }], [{ type: COOLDOWN }, ask(A)]]) {
    take({ type: 'TRIP' })
    for (const event of events) take(event)
    take({ type: 'RESET' })
    expect(state()).toBe('closed')
    expect(take(ask(B))).toEqual(['b GO'])
  }
})

describe('on every way to every state', () => {
  const model: Model = {
    machine: circuitBreaker,
    input,
    errors: [],
    commands: [A, B].flatMap((from) => [ask(from), success(from), failure(from)]),
  }

  /** How many may be told to wait bounds the graph. */
  const upTo =
    (most: number): NonNullable<Model['allows']> =>
    (snapshot, { type }) =>
      type !== 'ASK' || (snapshot.context as CircuitBreakerContext).waiting < most

  test.each([
    ['shortest', 3, 25],
    ['simple', 1, 280],
  ] as const)('one alone calls a host that is down (%s)', (kind, most, atLeast) => {
    const paths = pathsOf({ ...model, allows: upTo(most) }, kind)
    expect(paths.length).toBeGreaterThan(atLeast)
    for (const path of paths) {
      const { take, state } = play()
      const permitted = new Set<string>()
      for (const { event } of path.steps.slice(1) as { event: AnyEventObject }[]) {
        const before = state()
        const answers = take(event)
        // Every one who asks is answered, once.
        expect(answers).toHaveLength(event.type === 'ASK' ? 1 : 0)
        if (before === 'closed' || event.type === LOST || event.type === COOLDOWN) permitted.clear()
        else for (const answer of answers) if (answer.endsWith('GO')) permitted.add(answer)
        expect(permitted.size).toBeLessThanOrEqual(1)
      }
    }
  })
})
