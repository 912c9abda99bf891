import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { gate, onRedis, until } from '../support/backends.ts'

const OPTIONS = { lease: 500, retry: { attempts: 3, backoff: { type: 'fixed', delay: 10, jitter: 'none' } } } as const

let backend: Awaited<ReturnType<typeof onRedis>>
beforeAll(async () => {
  backend = await onRedis()
})
afterAll(() => backend.stop())

/** Nobody else ends them when a test fails, and jest would wait for them for ever. */
const children = new Set<ChildProcess>()
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
})

/** A worker process of its own, whose handlers never end. */
async function hangingWorker(queue: string): Promise<ChildProcess> {
  const child = fork(
    new URL('hanging-worker.mjs', import.meta.url),
    [backend.redis.url, queue, JSON.stringify(OPTIONS)],
    { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] },
  )
  children.add(child)
  await once(child, 'message')
  return child
}

test('the messages of a worker that is killed finish elsewhere after the lease; the lost attempt is no failure', async () => {
  const queue = backend.open().queue('killed', OPTIONS)
  const child = await hangingWorker('killed')
  await queue.sendBulk(Array.from({ length: 20 }, (_, i) => ({ input: i, id: `m${i}` })))
  await until(async () => (await queue.stats()).states['processing'] === 10)
  child.kill('SIGKILL')
  await once(child, 'exit')
  const held = (await queue.list({ state: 'processing' })).map(({ id }) => id)
  expect(held).toHaveLength(10)

  const lost: string[] = []
  queue.on('leaseLost', ({ id }) => lost.push(id))
  const worker = queue.work(() => 'ok')
  await until(async () => (await queue.stats()).states['succeeded'] === 20)
  await until(() => held.every((id) => lost.includes(id)))
  // A second lease can be lost on a machine that has much else to do.
  for (const message of await Promise.all(held.map((id) => queue.get(id)))) {
    expect(message?.context['attempt']).toBe(1)
    expect(message?.context['leasesLost']).toBeGreaterThanOrEqual(1)
  }
  await worker.stop()
})

test('a worker that stood still past its lease finds it lost: its handler is aborted, and its late result changes nothing', async () => {
  const name = 'stopped'
  const queue = backend.open().queue(name, OPTIONS)
  const child = await hangingWorker(name)
  const reports: { started?: true; aborted?: string }[] = []
  child.on('message', (report: { started?: true; aborted?: string }) => reports.push(report))
  await queue.send('x', { id: 'a' })
  // Not just committed: a worker that finds its lease lost before the handler began does not begin it.
  await until(() => reports.some(({ started }) => started))
  child.kill('SIGSTOP')
  const second = queue.work(() => 'the second worker')
  expect(await queue.result('a', { timeout: '60s' })).toBe('the second worker')
  const { revision } = (await queue.get('a'))!
  child.kill('SIGCONT')
  await until(() => reports.some(({ aborted }) => aborted !== undefined))
  expect(reports).toEqual([{ started: true }, { aborted: 'E_LEASE_LOST' }])
  child.kill('SIGTERM')
  await once(child, 'exit')
  expect(await queue.get('a')).toMatchObject({ state: 'succeeded', output: 'the second worker', revision })
  await second.stop()
})

test('a handler that takes longer than the lease keeps it, by heartbeats', async () => {
  const queue = backend.open().queue('long', OPTIONS)
  const runs: number[] = []
  const handler = async (_input: unknown, { attempt }: { attempt: number }): Promise<void> => {
    runs.push(attempt)
    // As long as three leases: what is shown is that nothing happens meanwhile.
    await new Promise((resolve) => setTimeout(resolve, 1500))
  }
  queue.work(handler)
  backend.open().queue('long', OPTIONS).work(handler)
  await queue.send('x', { id: 'a' })
  await queue.result('a', { timeout: '60s' })
  expect(runs).toEqual([1])
})

test('a poisonous message that kills its workers is dead after its own limit', async () => {
  const options = { ...OPTIONS, retry: { ...OPTIONS.retry, maxLeasesLost: 1 } }
  const queue = backend.open().queue('poison', options)
  await queue.send('x', { id: 'a' })
  for (let i = 0; i < 2; i++) {
    const child = await hangingWorker('poison')
    await until(async () => (await queue.get('a'))?.history.filter(({ to }) => to === 'processing').length === i + 1)
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  const healthy = queue.work(() => 'never runs')
  await expect(queue.result('a', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_DEAD' })
  expect((await queue.get('a'))?.context).toMatchObject({ reason: 'poisoned', leasesLost: 2 })
  await healthy.stop()
})

test('an event reaches a running handler within a second even when the notification is lost', async () => {
  const queue = backend.open().queue('deaf', OPTIONS)
  const started = gate()
  const aborted = gate<number>()
  queue.work(async (_input, { signal }) => {
    started.open()
    await new Promise((resolve) => signal.addEventListener('abort', resolve))
    aborted.open(performance.now())
  })
  await queue.send('x', { id: 'a' })
  await started.opened
  // What a lost notification looks like: the event lies in the inbox, and nobody was told.
  const client = backend.redis.client()
  await client.rpush('rd:{deaf:0}:i:a', JSON.stringify({ type: 'CANCEL' }))
  const since = performance.now()
  // By the next heartbeat, which comes each second; the rest is for a machine that has much else to do.
  expect((await aborted.opened) - since).toBeLessThan(5000)
})

test('a heartbeat() by hand prolongs the lease, and tells when it is lost', async () => {
  const queue = backend.open().queue('by-hand', OPTIONS)
  const answers: boolean[] = []
  const client = backend.redis.client()
  queue.work(async (_input, { heartbeat }) => {
    answers.push(await heartbeat('10s'))
    const lease = await client.pttl('rd:{by-hand:0}:l:a')
    answers.push(lease > 9000)
    // A short one does not end the lease before the worker's next own.
    await heartbeat(1)
    answers.push((await client.pttl('rd:{by-hand:0}:l:a')) > 300)
    await client.set('rd:{by-hand:0}:l:a', 'f'.repeat(32))
    answers.push(await heartbeat())
    await client.del('rd:{by-hand:0}:l:a')
  })
  await queue.send('x', { id: 'a' })
  await until(() => answers.length === 4)
  expect(answers).toEqual([true, true, true, false])
})
