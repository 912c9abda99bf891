import { afterAll, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import { insideOf } from '../../src/client/inside.ts'
import type { ClaimedMessage } from '../../src/store/store.ts'
import { createLeftMessages } from '../../src/worker/left-messages.ts'
import { inMemory, until } from '../support/backends.ts'

const backend = await inMemory()
afterAll(() => backend.stop())

/** A claimed message of a version. */
const claimed = (id: string, ref: string): ClaimedMessage => ({
  id,
  revision: 1,
  state: 'a',
  fields: { m: ref },
  timers: [],
  journal: [],
  inbox: [],
  createdAt: 0,
  enteredAt: 0,
  fence: '1:t',
  dueAt: 0,
})

test('a message is left longer each time, up to some seconds, and only to a worker that is alive', async () => {
  const redrive = backend.open()
  const machine = createMachine({ id: 'm', initial: 'a', states: { a: {} } })
  const queue = redrive.queue('q', { machine })
  const { runtime } = insideOf(redrive).opened('q')!
  const left = createLeftMessages(runtime, 'me')
  const report = (name: string, seenAt: number): Promise<void> =>
    runtime.store.report('q', name, JSON.stringify({ name, seenAt, machines: ['m@1#older'] }))
  const [known, unknown] = [claimed('one', 'm@1#older'), claimed('two', 'm@1#nobodys')]
  await report('me', runtime.clock.now())
  expect(left.isForOthers(claimed('own', queue.machineRef))).toBe(false)
  // Nobody knows yet: it is asked.
  expect(left.isForOthers(known)).toBe(true)
  await until(() => !left.isForOthers(known))
  const second = createLeftMessages(runtime, 'me')
  await report('gone', runtime.clock.now() - 20_000)
  await report('alive', runtime.clock.now())
  expect(second.isForOthers(unknown)).toBe(true)
  await until(() => !second.isForOthers(unknown))
  expect(second.isForOthers(known)).toBe(true)
  expect(second.hesitation()).toBe(0)
  const waits = [1, 2, 3, 4].map(() => {
    const before = runtime.clock.now()
    return Math.round((second.leave(known).earliest! - before) / 1000)
  })
  expect(waits).toEqual([1, 2, 4, 4])
  expect(second.hesitation()).toBeGreaterThan(0)
})
