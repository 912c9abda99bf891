import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { onRedis, until } from '../support/backends.ts'

let backend: Awaited<ReturnType<typeof onRedis>>
beforeAll(async () => {
  backend = await onRedis()
})
afterAll(() => backend.stop())

test.each([
  ['a context that is no JSON', 'rd:{broken:0}:m:a', 'c', '\n{'],
  ['a machine that nobody knows', 'rd:{broken:0}:m:b', 'm', 'parcel@7#00000000'],
])('%s puts its message aside, with the reason, and the others go on', async (_what, key, field, value) => {
  const queue = backend.open().queue('broken')
  const id = key.at(-1)!
  await queue.send('x', { id, delay: 50 })
  await backend.redis.client().hset(key, field, value)
  const worker = queue.work(() => 'ok')
  await queue.send('y', { id: `${id}-next`, delay: 50 })
  await queue.result(`${id}-next`, { timeout: '60s' })
  const stored = await until(async () => {
    const members = await backend.redis.client().zrange('rd:{broken:0}:s:~quarantined', 0, '-1')
    return members.includes(id) ? backend.redis.client().hgetall(key) : undefined
  })
  expect(stored['q']).toContain('reason')
  expect((await queue.list({ state: '~quarantined' })).map((message) => message.id)).toContain(id)
  expect(stored[field]).toBe(value)
  await worker.stop()
})

test('a broken event in an inbox puts its message aside; one that no state takes is dropped', async () => {
  const queue = backend.open().queue('mail')
  await queue.send('x', { id: 'broken', delay: '1h' })
  await queue.send('x', { id: 'foreign', delay: '1h' })
  const client = backend.redis.client()
  await client.rpush('rd:{mail:0}:i:broken', '{"type":')
  await client.rpush('rd:{mail:0}:i:foreign', '{"type":"FROM_ANOTHER_VERSION"}')
  queue.work(() => 'ok')
  await queue.cancel('broken')
  await queue.cancel('foreign')
  await expect(queue.result('foreign', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_CANCELLED' })
  await until(async () => (await client.zscore('rd:{mail:0}:s:~quarantined', 'broken')) !== null)
  // Nothing is thrown away: what waited still lies there.
  expect(await client.llen('rd:{mail:0}:i:broken')).toBe(2)
})

test('events of XState itself are refused at the door, even where a machine takes everything', async () => {
  const { createMachine } = await import('xstate')
  const machine = createMachine({ id: 'open', initial: 'a', states: { a: { on: { '*': 'b' } }, b: {} } })
  const queue = backend.open().queue('open', { machine })
  await queue.send({}, { id: 'a' })
  await expect(queue.signal('a', { type: 'xstate.done.actor.x' })).rejects.toMatchObject({ code: 'E_INVALID_EVENT' })
  expect(await queue.signal('a', { type: 'ANYTHING' })).toEqual({ id: 'a', status: 'delivered' })
})
