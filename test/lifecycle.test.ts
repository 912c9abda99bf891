/**
 * The life of a message, as a specification. The first test to read: each line is a promise of docs/lifecycle.md, shown on a real
 * Redis and in memory alike.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { NonRetryableError, RetryableError, SnoozeError, type Queue, type Redrive } from '../src/index.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from './support/backends.ts'

const QUICK = { retry: { attempts: 3, backoff: { type: 'fixed', delay: 10, jitter: 'none' } } } as const

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('the life of a message on %s', (_, openBackend) => {
  let backend: TestBackend
  let redrive: Redrive
  let queues = 0

  beforeAll(async () => {
    backend = await openBackend()
    redrive = backend.open()
  })
  afterAll(() => backend.stop())

  const fresh = (options: Parameters<Redrive['queue']>[1] = QUICK): Queue =>
    redrive.queue(`letters-${++queues}`, options)
  const steps = async (queue: Queue, id: string): Promise<string[]> =>
    (await queue.history(id)).map(({ event, from, to }) => `${from ?? ''} -${event}-> ${to}`)

  test('it is sent once, however often it is sent', async () => {
    const queue = fresh()
    expect(await queue.send({ to: 'ada' }, { id: 'a' })).toEqual({ id: 'a', status: 'created' })
    expect(await queue.send({ to: 'bob' }, { id: 'a' })).toEqual({ id: 'a', status: 'duplicate' })
    expect(await queue.get('a')).toMatchObject({ state: 'pending', input: { to: 'ada' } })
  })

  test('it is delivered, and its result is kept', async () => {
    const queue = fresh()
    queue.work(async (letter: { to: string }) => `to ${letter.to}`)
    await queue.send({ to: 'ada' }, { id: 'a' })
    expect(await queue.result('a', { timeout: '60s' })).toBe('to ada')
    expect(await steps(queue, 'a')).toEqual([
      ' -init-> pending',
      'pending -after deliver-> processing',
      'processing -done handler-> succeeded',
    ])
  })

  test('what fails is tried again, until it succeeds', async () => {
    const queue = fresh()
    const attempts: number[] = []
    queue.work((_letter, { attempt }) => {
      attempts.push(attempt)
      if (attempt < 3) throw new Error(`failure ${attempt}`)
      return 'at last'
    })
    await queue.send({}, { id: 'a' })
    expect(await queue.result('a', { timeout: '60s' })).toBe('at last')
    expect(attempts).toEqual([1, 2, 3])
    expect((await steps(queue, 'a')).slice(1)).toEqual([
      'pending -after deliver-> processing',
      'processing -error handler-> retrying',
      'retrying -after backoff-> processing',
      'processing -error handler-> retrying',
      'retrying -after backoff-> processing',
      'processing -done handler-> succeeded',
    ])
  })

  test('or until its attempts are used up: then it is dead, and waits for somebody', async () => {
    const queue = fresh()
    let works = false
    queue.work(() => {
      if (!works) throw new Error('no such street')
      return 'found'
    })
    await queue.send({}, { id: 'a' })
    await expect(queue.result('a', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_DEAD' })
    expect(await queue.get('a')).toMatchObject({
      state: 'dead',
      attentionAt: null,
      context: { attempt: 3, reason: 'exhausted', error: { message: 'no such street' } },
    })

    works = true
    await queue.redrive('a')
    await until(async () => (await queue.get('a'))?.state === 'succeeded')
    expect((await queue.get('a'))?.context).toMatchObject({ attempt: 1, redrives: 1 })
  })

  test('an error that no retry mends ends it at once', async () => {
    const queue = fresh()
    queue.work(() => {
      throw new NonRetryableError('no stamp')
    })
    await queue.send({}, { id: 'a' })
    await expect(queue.result('a', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_DEAD' })
    expect((await queue.get('a'))?.context).toMatchObject({ attempt: 1, reason: 'fatal' })
  })

  test('the receiver may ask for time, and a snooze does not count as an attempt', async () => {
    const queue = fresh()
    const seen: number[] = []
    queue.work((_letter, { attempt }) => {
      seen.push(attempt)
      if (seen.length === 1) throw new SnoozeError(20)
      if (seen.length === 2) throw new RetryableError('busy', { retryAfter: 120 })
      return 'ok'
    })
    await queue.send({}, { id: 'a' })
    await queue.result('a', { timeout: '60s' })
    expect(seen).toEqual([1, 1, 2])
    const [, first, , second, , third] = (await queue.history('a'))
      .filter(({ to }) => to !== 'pending')
      .map(({ at }) => at)
    expect(second! - first!).toBeGreaterThanOrEqual(20)
    expect(third! - second!).toBeGreaterThanOrEqual(120)
  })

  test('it can be sent for later, and is never early', async () => {
    const queue = fresh()
    queue.work(() => 'ok')
    await queue.send({}, { id: 'a', delay: 150 })
    const { attentionAt, createdAt } = (await queue.get('a'))!
    expect(attentionAt! - createdAt).toBe(150)
    await queue.result('a', { timeout: '60s' })
    const [, delivered] = await queue.history('a')
    expect(delivered!.at - createdAt).toBeGreaterThanOrEqual(150)
  })

  test('it can be tried now instead of later, and given up while it waits', async () => {
    const queue = fresh()
    queue.work(() => 'ok')
    await queue.send({}, { id: 'now', delay: '1h' })
    await queue.send({}, { id: 'never', delay: '1h' })
    await queue.retry('now')
    await queue.cancel('never')
    expect(await queue.result('now', { timeout: '60s' })).toBe('ok')
    await expect(queue.result('never', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_CANCELLED' })
    expect(await queue.cancel('never')).toEqual({ id: 'never', status: 'settled' })
  })

  test('while a handler works, everybody can see so; and giving it up aborts the handler', async () => {
    const queue = fresh()
    const started = gate()
    const aborted = gate<unknown>()
    const worker = queue.work(async (_letter, { signal }) => {
      started.open()
      signal.addEventListener('abort', () => aborted.open(signal.reason))
      await aborted.opened
      throw signal.reason
    })
    await queue.send({}, { id: 'a' })
    await started.opened
    expect(await queue.get('a')).toMatchObject({
      state: 'processing',
      worker: worker.name,
      invocations: [{ id: 'handler', running: true }],
    })

    await queue.cancel('a')
    expect(await aborted.opened).toMatchObject({ code: 'E_CANCELLED' })
    await expect(queue.result('a', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_CANCELLED' })
  })

  test('an attempt that takes too long is aborted, and counts', async () => {
    const queue = fresh({ retry: { attempts: 2, timeout: 50, backoff: { type: 'fixed', delay: 1 } } })
    const reasons: unknown[] = []
    queue.work(async (_letter, { signal }) => {
      await new Promise((resolve) => signal.addEventListener('abort', resolve))
      reasons.push((signal.reason as { code: string }).code)
    })
    await queue.send({}, { id: 'a' })
    await expect(queue.result('a', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_DEAD' })
    await until(() => reasons.length === 2)
    expect(reasons).toEqual(['E_ATTEMPT_TIMEOUT', 'E_ATTEMPT_TIMEOUT'])
    expect((await queue.get('a'))?.context).toMatchObject({ error: { name: 'TimeoutError' } })
  })

  test('callbacks hear of success and failure, on the worker and in any other process', async () => {
    const queue = fresh()
    const elsewhere = backend.open().queue(queue.name, QUICK)
    const heard: string[] = []
    for (const name of ['retrying', 'succeeded', 'dead'] as const)
      elsewhere.on(name, ({ id }) => heard.push(`${name} ${id}`))
    await elsewhere.stats()
    const worker = queue.work(({ ok }: { ok: boolean }, { attempt }) => {
      if (!ok || attempt === 1) throw new Error('no')
    })
    const local: string[] = []
    worker.on('succeeded', ({ id }) => local.push(id))
    await queue.send({ ok: true }, { id: 'good' })
    await queue.send({ ok: false }, { id: 'bad' })
    await until(() => heard.includes('dead bad') && heard.includes('succeeded good'))
    expect(heard.toSorted()).toEqual(['dead bad', 'retrying bad', 'retrying bad', 'retrying good', 'succeeded good'])
    expect(local).toEqual(['good'])
  })

  test('when its time is over it leaves nothing behind', async () => {
    const queue = fresh({ ...QUICK, retention: { succeeded: 0 } })
    queue.work(() => 'ok')
    await queue.send({}, { id: 'a', delay: 100 })
    expect(await queue.result('a', { timeout: '60s' })).toBe('ok')
    expect(await queue.get('a')).toBeUndefined()
    expect((await queue.stats()).states).toMatchObject({ pending: 0, processing: 0 })
  })
})
