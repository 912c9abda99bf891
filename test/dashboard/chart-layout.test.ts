import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { fromPromise } from 'xstate'
import { manyStates } from '../inspect/chart/many-states.ts'
import { inMemory, type TestBackend } from '../support/backends.ts'
import { openStage, type Stage } from './stage.ts'

let backend: TestBackend
let stage: Stage
beforeAll(async () => {
  backend = await inMemory()
  const redrive = backend.open()
  const machine = manyStates().provide({
    guards: { mayBeSkipped: () => false },
    delays: { aVeryLongNameOfADelay: 60_000 },
    actors: { callSomebody: fromPromise(async () => {}) },
  })
  redrive.queue('many', { machine })
  stage = await openStage(redrive)
})
afterAll(async () => {
  await stage?.close()
  await backend?.stop()
})

test('the process goes on while a chart of sixty states is laid out', async () => {
  let [last, longest] = [performance.now(), 0]
  const pulse = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }, 5)
  const begun = performance.now()
  const { status, body } = await stage.get('api/v1/queues/many/chart')
  const took = performance.now() - begun
  longest = Math.max(longest, performance.now() - last)
  clearInterval(pulse)
  expect([status, body.layout.states.length > 60]).toEqual([200, true])
  // In this thread it would have stood still for nearly all of the time.
  expect(longest).toBeLessThan(took / 2)
})
