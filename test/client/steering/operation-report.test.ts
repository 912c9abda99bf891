import { expect, test } from '@jest/globals'
import { readOperations, reportOperation } from '../../../src/client/steering/operation-report.ts'
import { createMemoryStore } from '../../../src/index.ts'

const FACTS = { queue: 'mails', action: 'redrive', actor: 'ada' }
const RUNNING = { matching: 2, done: 1, skipped: 0, failed: 0, state: 'running' } as const

/** A clock that never calls, ten seconds behind that of the store. */
const clock = { now: () => 90_000, after: () => () => {}, random: () => 0 }

test('an operation whose process is gone has ended with it', async () => {
  const store = createMemoryStore()
  await reportOperation({ store, clock }, { id: 'op-1', ...FACTS }, { matching: 2, now: 100_000 })
  expect(await readOperations(store, 109_000)).toMatchObject([{ state: 'running', endedAt: null }])
  const [gone] = await readOperations(store, 110_000)
  expect(gone).toMatchObject({ state: 'stopped', endedAt: 100_000 })
  expect(gone!.error!.message).toContain('its process is gone')
})

test('its last word is by the clock of the store, and the last hundred are kept', async () => {
  const store = createMemoryStore()
  for (let i = 0; i < 103; i++) {
    const started = { matching: 2, now: 100_000 + i }
    const { end } = await reportOperation({ store, clock }, { id: `op-${i}`, ...FACTS }, started)
    await end({ ...RUNNING, state: 'failed', error: new Error('no such luck') })
  }
  const all = await readOperations(store, 200_000)
  expect([all.length, all[0]!.id, all.at(-1)!.id]).toEqual([100, 'op-102', 'op-3'])
  expect(all[0]).toMatchObject({ state: 'failed', endedAt: 100_102, error: { message: 'no such luck' } })
})

test('what another program wrote in the place of a report hides no other', async () => {
  const store = createMemoryStore()
  await reportOperation({ store, clock }, { id: 'op-1', ...FACTS }, { matching: 2, now: 100_000 })
  for (const [i, junk] of ['{"startedAt', 'null', '[]', '7'].entries()) await store.tellOperation(`junk-${i}`, junk)
  expect(await readOperations(store, 100_000)).toMatchObject([{ id: 'op-1' }])
})
