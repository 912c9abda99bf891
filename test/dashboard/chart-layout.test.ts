import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createMachine, fromPromise } from 'xstate'
import { manyStates } from '../inspect/chart/many-states.ts'
import { inMemory, type TestBackend } from '../support/backends.ts'
import { openStage, type Stage } from './stage.ts'

const QUEUES = ['one', 'two', 'three']

let backend: TestBackend
let stage: Stage
beforeAll(async () => {
  backend = await inMemory()
  const redrive = backend.open()
  const { config } = manyStates()
  for (const queue of QUEUES) {
    // Charts that differ, or the second would be the first from the cache.
    const machine = createMachine({ ...config, states: { ...config.states, [`only-${queue}`]: {} } }).provide({
      guards: { mayBeSkipped: () => false },
      delays: { aVeryLongNameOfADelay: 60_000 },
      actors: { callSomebody: fromPromise(async () => {}) },
    })
    redrive.queue(queue, { machine })
  }
  stage = await openStage(redrive)
})
afterAll(async () => {
  await stage?.close()
  await backend?.stop()
})

/** The longest time for which the process stood still, as a part of the time that the chart took. */
async function standstill(queue: string): Promise<number> {
  let [last, longest] = [performance.now(), 0]
  const pulse = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }, 5)
  const begun = performance.now()
  const { status, body } = await stage.get(`api/v1/queues/${queue}/chart`)
  const took = performance.now() - begun
  longest = Math.max(longest, performance.now() - last)
  clearInterval(pulse)
  expect([status, body.layout.states.length > 60]).toEqual([200, true])
  return longest / took
}

test('the process goes on while a chart of sixty states is laid out', async () => {
  const parts: number[] = []
  for (const queue of QUEUES) parts.push(await standstill(queue))
  // In this thread it would have stood still for nearly all of the time, each time; for once, a machine with other work stops it too.
  expect(Math.min(...parts)).toBeLessThan(0.5)
})
