import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { initialTransition, transition, type AnyMachineSnapshot, type AnyStateMachine } from 'xstate'
import { toEffect, type Effect, type ExecutableAction } from '../../src/engine/effects.ts'
import { initialStep, step } from '../../src/engine/transition.ts'
import type { EventData } from '../../src/message.ts'
import { generatedCharts } from './charts/generated.ts'
import { charts } from './charts/index.ts'
import { activeNodes, eventOf, moves, nodesOf, runs, type Move } from './sequences.ts'

// XState has pure functions of its own. They are slower, and they are the reference: our step must do the same in every respect,
// for whatever machine and whatever events come.

interface Taken {
  readonly snapshot: AnyMachineSnapshot
  readonly effects: readonly Effect[]
}

const effectsOf = (actions: readonly ExecutableAction[]): Effect[] =>
  actions.map(toEffect).filter((effect) => effect !== undefined)

function official(machine: AnyStateMachine, snapshot: AnyMachineSnapshot, event: EventData): Taken {
  const [next, actions] = transition(machine, snapshot, event)
  return { snapshot: next, effects: effectsOf(actions) }
}

function officialStart(machine: AnyStateMachine, input: unknown): Taken {
  const [snapshot, actions] = initialTransition(machine, input)
  if (snapshot.status === 'error') throw snapshot.error
  return { snapshot, effects: effectsOf(actions) }
}

/** Everything of a snapshot that is not the machine itself, and what it asks for. */
function view({ snapshot, effects }: Taken): object {
  const history = Object.entries(snapshot.historyValue).map(([id, nodes]) => [id, nodes.map((node) => node.id)])
  return {
    // As text, because the order of the regions counts.
    value: JSON.stringify(snapshot.value),
    context: snapshot.context as unknown,
    status: snapshot.status,
    output: snapshot.output as unknown,
    error: snapshot.error,
    history,
    tags: [...snapshot.tags],
    nodes: activeNodes(snapshot).map(({ id }) => id),
    children: Object.entries(snapshot.children as Record<string, { src: unknown }>).map(([id, { src }]) => [id, src]),
    effects,
  }
}

function attempt(take: () => Taken): { taken?: Taken; seen: unknown } {
  try {
    const taken = take()
    return { taken, seen: view(taken) }
  } catch (error) {
    return { seen: `throws ${String(error)}` }
  }
}

/** What the sequences came upon, so that a test cannot pass by never going anywhere. */
interface Coverage {
  steps: number
  thrown: number
  readonly states: Set<string>
  readonly effects: Set<string>
  readonly statuses: Set<string>
}

const coverage = (): Coverage => ({ steps: 0, thrown: 0, states: new Set(), effects: new Set(), statuses: new Set() })
const total = coverage()

function compare(machine: AnyStateMachine, input: unknown, sequence: readonly Move[], seen: Coverage): void {
  const start = (): { ours: Taken; theirs: Taken } | undefined =>
    both(
      () => initialStep(machine, input),
      () => officialStart(machine, input),
      'init',
      seen,
    )
  let pair = start()
  for (const move of sequence) {
    if (!pair) return
    const { ours, theirs } = pair
    const event = eventOf(move, theirs.snapshot)
    const next = both(
      () => step(machine, ours.snapshot, event),
      () => official(machine, theirs.snapshot, event),
      event,
      seen,
    )
    // A step that threw changed nothing; a machine that has ended begins anew.
    pair = next?.theirs.snapshot.status === 'active' ? next : next ? start() : pair
  }
}

function both(
  ours: () => Taken,
  theirs: () => Taken,
  event: EventData | 'init',
  seen: Coverage,
): { ours: Taken; theirs: Taken } | undefined {
  const [our, their] = [attempt(ours), attempt(theirs)]
  seen.steps++
  // Jest's own comparison is thorough and slow: it explains a difference that a quick one has found.
  if (!isDeepStrictEqual(our.seen, their.seen))
    expect({ event, after: our.seen }).toStrictEqual({ event, after: their.seen })
  if (!our.taken || !their.taken) {
    seen.thrown++
    return undefined
  }
  for (const node of activeNodes(our.taken.snapshot)) seen.states.add(node.id)
  for (const { type } of our.taken.effects) seen.effects.add(type)
  seen.statuses.add(our.taken.snapshot.status)
  return { ours: our.taken, theirs: their.taken }
}

function add(seen: Coverage): void {
  total.steps += seen.steps
  total.thrown += seen.thrown
  for (const key of ['states', 'effects', 'statuses'] as const) for (const each of seen[key]) total[key].add(each)
}

describe('a step is the very step of XState', () => {
  test.each(charts)('in $name', ({ machine, input, transient = [] }) => {
    const seen = coverage()
    fc.assert(
      fc.property(moves(80), (sequence) => compare(machine, input, sequence, seen)),
      runs(40),
    )
    add(seen)
    const resting = [...nodesOf(machine.root)].filter(({ type, id }) => type !== 'history' && !transient.includes(id))
    expect([...seen.states].toSorted()).toEqual(resting.map(({ id }) => id).toSorted())
    expect(seen.steps).toBeGreaterThan(1600)
  })

  test('in machines that nobody thought of', () => {
    const seen = coverage()
    fc.assert(
      fc.property(generatedCharts, moves(40), (machine, sequence) => compare(machine, undefined, sequence, seen)),
      runs(200),
    )
    add(seen)
    expect(seen.steps).toBeGreaterThan(4000)
    expect(seen.states.size).toBeGreaterThan(30)
  })
})

test('the sequences went everywhere', () => {
  expect(total.steps).toBeGreaterThanOrEqual(20_000)
  expect([...total.statuses].toSorted()).toEqual(['active', 'done', 'error'])
  const everyEffect = ['action', 'emit', 'invoke', 'log', 'send', 'stop', 'timer.cancel', 'timer.set']
  expect([...total.effects].toSorted()).toEqual(everyEffect)
})
