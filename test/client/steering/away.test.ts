import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createMemoryStore, NonRetryableError, Redrive, RedriveError, type MemoryStore } from '../../../src/index.ts'
import { onRedis, until, type TestBackend } from '../../support/backends.ts'
import { CRASH_SAFE } from '../../support/redis.ts'

let backend: TestBackend
beforeAll(async () => {
  backend = await onRedis(CRASH_SAFE)
})
afterAll(() => backend.stop())

test('an operation waits while Redis is away, and each message has taken its event once', async () => {
  const queue = backend.open({ commandTimeout: 1000 }).queue('mails', { retry: { attempts: 1 } })
  let mended = false
  queue.work(() => {
    if (!mended) throw new NonRetryableError('no')
  })
  const ids = Array.from({ length: 20 }, (_, i) => `m${i}`)
  await queue.sendBulk(ids.map((id) => ({ input: id, id })))
  await until(async () => (await queue.stats()).states['dead'] === 20)
  await queue.pause()
  let crash: Promise<void> | undefined
  const operation = await queue.operate(
    { action: 'redrive', filter: { state: 'dead' }, ratePerSecond: 40 },
    { onEach: () => void (crash ??= backend.redis!.server.kill('SIGKILL')) },
  )
  await until(() => crash !== undefined)
  await crash
  await backend.redis!.server.restart()
  expect(await operation.finished).toMatchObject({ state: 'done', matching: 20, done: 20 })
  const inboxes = await Promise.all(ids.map(async (id) => (await queue.get(id))?.inbox.map(({ type }) => type)))
  expect(inboxes).toEqual(ids.map(() => ['REDRIVE']))
  // It is paused still: that is kept by the server, and not by who asked for it.
  expect(await queue.isPaused()).toBe(true)
  mended = true
  await queue.resume()
  await until(async () => (await queue.stats()).states['succeeded'] === 20)
})

test('what was done though its answer was lost is not done again', async () => {
  const store = createMemoryStore()
  let lost = 0
  const deliver: MemoryStore['deliver'] = async (...args) => {
    const answer = await store.deliver(...args)
    if (lost++ === 0) throw new RedriveError('E_REDIS_UNAVAILABLE', 'the connection broke before the answer')
    return answer
  }
  const redrive = new Redrive({ store: { ...store, deliver } })
  const queue = redrive.queue('mails')
  const ids = ['a', 'b', 'c']
  await queue.sendBulk(ids.map((id) => ({ input: id, id, delay: '1h' })))
  const operation = await queue.operate({ action: 'retry', ids })
  expect(await operation.finished).toMatchObject({ state: 'done', done: 3, failed: 0 })
  expect(lost).toBeGreaterThan(1)
  for (const id of ids) expect((await queue.get(id))?.inbox).toEqual([{ type: 'RETRY' }])
  await redrive.close()
})
