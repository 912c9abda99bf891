import { expect, test } from '@jest/globals'
import { onRedis, until } from '../support/backends.ts'

const SMALL = { maxmemory: '24mb', 'maxmemory-policy': 'noeviction' }
const LONG = 'x'.repeat(100_000)

test('large outputs of messages that leave nothing behind do not fill a server', async () => {
  const backend = await onRedis(SMALL)
  try {
    const queue = backend.open().queue('reports', { retention: { succeeded: 0 }, feed: { bytes: 4 * 1024 * 1024 } })
    const worker = queue.work(() => LONG)
    for (let i = 0; i < 20; i++) await queue.sendBulk(Array.from({ length: 20 }, () => ({ input: i })))
    await until(() => worker.stats().processed === 400)
    expect(await queue.send('x')).toMatchObject({ status: 'created' })
    const admin = backend.redis.client()
    const sizes = ['events', 'large'].map((name) => admin.memory('USAGE', `rd:{reports:0}:${name}`, 'SAMPLES', 0))
    const [events = 0, large = 0] = (await Promise.all(sizes)).map(Number)
    expect(events + large).toBeLessThan(6 * 1024 * 1024)
  } finally {
    await backend.stop()
  }
}, 120_000)

test('a server that its feeds have filled recovers by itself', async () => {
  const backend = await onRedis({ 'maxmemory-policy': 'noeviction' })
  try {
    const admin = backend.redis.client()
    const redrive = backend.open()
    const queue = redrive.queue('reports', { feed: { bytes: 4 * 1024 * 1024 } })
    await queue.send('x', { id: 'first' })
    // As it was left behind by a version that held outputs in its feed.
    const text = JSON.stringify([
      ['old', 1, 'done handler', 'processing', 'succeeded', 'w', { s: 'done', o: `"${LONG}"` }],
    ])
    for (let i = 0; i < 300; i++) await admin.xadd('rd:{reports:0}:events', '*', 't', text)
    await admin.config('SET', 'maxmemory', '24mb')
    await expect(queue.send('y')).rejects.toMatchObject({ code: 'E_REDIS_FULL' })
    const worker = queue.work(() => 'ok')
    const sent = await until(() => queue.send('y', { id: 'later' }).catch(() => undefined))
    expect(sent).toMatchObject({ status: 'created' })
    expect(await queue.result('later', { timeout: '60s' })).toBe('ok')
    await worker.stop()
  } finally {
    await backend.stop()
  }
}, 120_000)

test('trim() makes room too, without a worker', async () => {
  const backend = await onRedis()
  try {
    const admin = backend.redis.client()
    const queue = backend.open().queue('reports', { feed: { entries: 1000, bytes: 1024 * 1024 } })
    await queue.stats()
    for (let i = 0; i < 40; i++) await admin.xadd('rd:{reports:0}:events', '*', 't', LONG)
    await queue.trim()
    expect(await admin.memory('USAGE', 'rd:{reports:0}:events', 'SAMPLES', 0)).toBeLessThanOrEqual(1024 * 1024)
  } finally {
    await backend.stop()
  }
})

test('what calls leave for their repetition is gone soon after they are answered', async () => {
  const backend = await onRedis()
  try {
    const admin = backend.redis.client()
    const queue = backend.open().queue('busy', { retention: { succeeded: 0 } })
    const worker = queue.work(() => 'ok', { concurrency: 1, prefetch: 0 })
    for (let i = 0; i < 100; i++) await queue.send(i)
    await until(() => worker.stats().processed === 100)
    for (let i = 0; i < 20; i++) await queue.send(i, { id: `last-${i}` })
    await until(async () => (await queue.stats()).states['pending'] === 0)
    expect((await admin.keys('rd:{busy:0}:t:*')).length).toBeLessThan(60)
    await worker.stop()
  } finally {
    await backend.stop()
  }
})
