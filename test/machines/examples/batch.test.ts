import { describe, expect, test } from '@jest/globals'
import { batch, type BatchInput } from '../../../machines/examples/batch.ts'
import type { FailedPolicy } from '../../../machines/index.ts'
import { registerMachine } from '../../../src/engine/registry.ts'
import { initialStep, step } from '../../../src/engine/transition.ts'
import { happened, implies, pathsOf, walkAll, type Model, type Path, type Promises, type Walk } from './paths.ts'

const BUSY = { name: 'Error', message: 'busy' }
const children = [{ queue: 'pages', id: 'p-1' }, { queue: 'pages' }]
const inputOf = (failed: FailedPolicy): BatchInput => ({
  children,
  failed,
  retry: { attempts: 2, backoff: { jitter: 'none' } },
})
const ALL_DONE = {
  type: 'allDone',
  join: 'children',
  results: [{ queue: 'pages', id: 'p-1', status: 'done', output: 1 }],
}
const ANY_FAILED = { type: 'anyFailed', join: 'children', child: { queue: 'pages', id: 'p-1' }, error: BUSY }

const modelOf = (failed: FailedPolicy): Model => ({
  machine: batch,
  input: inputOf(failed),
  outputs: { combine: [42] },
  errors: [BUSY],
  commands: [ALL_DONE, ANY_FAILED, { type: 'CANCEL' }, { type: 'REDRIVE' }],
  allows: (_, { type }) => !type.includes('timeLimit'),
})

function promises({ runs, state }: Walk, path: Path): Promises {
  return {
    'results are combined only when all children are done': implies(runs.length > 0, happened(path, 'allDone')),
    'a batch succeeds when they are combined': implies(state === 'succeeded', runs.at(-1)?.ended === 'done'),
    'one that failed has a child that did': implies(state === 'failed', happened(path, 'anyFailed')),
  }
}

describe.each([
  ['collect', false],
  ['report', false],
  ['cancel', true],
] as const)('a batch that is to %s', (failed, fails) => {
  test('keeps its promises on every simple path', async () => {
    const model = modelOf(failed)
    const paths = pathsOf(model, 'simple')
    expect(paths.length).toBeGreaterThan(15)
    const ends = await walkAll(model, paths, promises)
    expect(ends.includes('failed')).toBe(fails)
    expect(ends).toEqual(expect.arrayContaining(['cancelled', 'running', 'stuck', 'succeeded']))
  })

  test('starts its children in its first step, under this policy', () => {
    const { machine } = registerMachine(batch)
    const { snapshot, effects } = initialStep(machine, inputOf(failed))
    expect(effects).toMatchObject([{ name: 'redrive.start', params: { failed, join: 'children', children } }])
    expect(snapshot.value).toBe('running')
    const cancelled = step(machine, snapshot, { type: 'CANCEL' })
    expect(cancelled.effects).toMatchObject([
      { name: 'redrive.send', params: { target: { queue: 'pages', id: 'p-1' }, event: { type: 'CANCEL' } } },
    ])
  })
})
