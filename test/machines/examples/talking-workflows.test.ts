import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { batch, circuitBreaker, webhook } from '../../../machines/examples/index.ts'
import { NonRetryableError, type Redrive } from '../../../src/index.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../../support/backends.ts'

const soon = { attempts: 20, backoff: { delay: 5, max: 5, jitter: 'none' } } as const

/** Deliveries and the breakers of their hosts, spread over partitions; each test has queues of its own. */
function openWebhooks(redrive: Redrive, name: string) {
  return {
    breakers: redrive.queue(`${name}-breakers`, { machine: circuitBreaker, partitions: 4 }),
    webhooks: redrive.queue(name, { machine: webhook, partitions: 4 }),
  }
}

const delivery = (queue: string, id: string, url: string) => ({
  id,
  input: {
    self: { queue, id },
    url,
    body: { id },
    retry: soon,
    breakers: `${queue}-breakers`,
  },
})

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('workflows that talk on %s', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  test('all deliveries to one host share a breaker: while it is down few call it, and then all arrive; other hosts are not held', async () => {
    let down = true
    const calls = new Map<string, number>()
    const deliver = async ({ url }: { url: string }) => {
      const { host } = new URL(url)
      calls.set(host, (calls.get(host) ?? 0) + 1)
      if (down && host === 'down.test') throw new Error('503')
      return 204
    }
    // Two processes, as it were.
    const [first, second] = [backend.open(), backend.open()].map((redrive) => openWebhooks(redrive, 'shared'))
    for (const { breakers, webhooks } of [first!, second!]) {
      breakers.work()
      webhooks.work({ deliver }, { concurrency: 2 })
    }
    for (const id of ['down.test', 'up.test']) await first!.breakers.send({ failures: 3, cooldown: 50 }, { id })
    const ids = Array.from({ length: 12 }, (_, i) => `w-${i}`)
    await first!.webhooks.sendBulk(ids.map((id) => delivery('shared', id, `https://down.test/${id}`)))
    await until(async () => (await first!.breakers.get('down.test'))?.state === 'open')

    await first!.webhooks.sendBulk([delivery('shared', 'up', 'https://up.test/')])
    expect(await first!.webhooks.result('up', { timeout: '60s' })).toBe(204)
    await until(async () => (calls.get('down.test') ?? 0) >= 5)
    down = false
    for (const id of ids) expect(await second!.webhooks.result(id, { timeout: '20s' })).toBe(204)
    await until(async () => (await first!.breakers.get('down.test'))?.state === 'closed')
    expect((await first!.breakers.get('up.test'))?.state).toBe('closed')
  })

  test('while it is open nobody calls the host, and no attempt is used up', async () => {
    const { breakers, webhooks } = openWebhooks(backend.open(), 'open')
    let calls = 0
    breakers.work()
    webhooks.work({
      deliver: async () => {
        calls++
        throw new Error('503')
      },
    })
    await breakers.send({ failures: 3, cooldown: 3_600_000 }, { id: 'open.test' })
    const ids = Array.from({ length: 8 }, (_, i) => `open-${i}`)
    await webhooks.sendBulk(ids.map((id) => delivery('open', id, 'https://open.test/')))
    const attempts = await Promise.all(
      ids.map((id) =>
        until(async () => {
          const message = await webhooks.get(id)
          return message?.state === 'open.held' && message.context['attempts']
        }),
      ),
    )
    // Who asked before it opened had its permission already.
    expect(calls).toBeLessThanOrEqual(ids.length + 2)
    expect(attempts.map((each) => (each as { attempt?: number }).attempt ?? 0).reduce((a, b) => a + b)).toBe(calls)
  })

  test('a breaker that a person trips holds deliveries back until it is reset', async () => {
    const { breakers, webhooks } = openWebhooks(backend.open(), 'by-hand')
    let calls = 0
    breakers.work()
    webhooks.work({ deliver: async () => ++calls })
    await breakers.send({ cooldown: 3_600_000 }, { id: 'by-hand.test' })
    await breakers.signal('by-hand.test', { type: 'TRIP' }, { wait: '5s' })
    await webhooks.sendBulk([delivery('by-hand', 'held', 'https://by-hand.test/')])
    await until(async () => (await webhooks.get('held'))?.state === 'open.held')
    expect(calls).toBe(0)
    await breakers.signal('by-hand.test', { type: 'RESET' }, { wait: '5s' })
    await webhooks.signal('held', { type: 'RETRY' })
    expect(await webhooks.result('held', { timeout: '60s' })).toBe(1)
  })

  describe('a batch', () => {
    // Closed with its test: a worker that is left over would take the messages of the next one.
    let redrive: Redrive
    beforeEach(() => {
      redrive = backend.open()
    })
    afterEach(() => redrive.close({ timeout: 0 }))

    const sum = async ({ results }: { results: readonly { status: string; output?: unknown }[] }) =>
      results.map(({ status, output }) => output ?? status)
    const pages = () => {
      const queue = redrive.queue('pages', { partitions: 4 })
      const waits = gate()
      queue.work(async (page: number | 'bad' | 'slow') => {
        if (page === 'bad') throw new NonRetryableError('no such page')
        if (page === 'slow') await waits.opened
        return page
      })
      return waits
    }
    const childrenOf = (...inputs: unknown[]) => inputs.map((input) => ({ queue: 'pages', input }))

    test.each([
      ['collect', undefined],
      ['report', 'no such page'],
    ] as const)('waits for all its children (%s)', async (failed, failure) => {
      const batches = redrive.queue('batches', { machine: batch })
      pages()
      batches.work({ combine: sum })
      const id = `all-${failed}`
      await batches.send({ children: childrenOf(1, 'bad', 3), failed }, { id })
      expect(await batches.result(id, { timeout: '60s' })).toEqual([1, 'failed', 3])
      const { context } = (await batches.get(id))!
      expect(context.failure?.error.message).toBe(failure)
    })

    test('that is to cancel fails with its first child, and takes the others with it', async () => {
      const batches = redrive.queue('batches', { machine: batch })
      const waits = pages()
      batches.work({ combine: sum })
      const children = [{ queue: 'pages', id: 'slow-1', input: 'slow' }, ...childrenOf('bad')]
      await batches.send({ children, failed: 'cancel' }, { id: 'one-bad' })
      await expect(batches.result('one-bad', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_DEAD' })
      await until(async () => (await redrive.queue('pages').get('slow-1'))?.state === 'cancelled')
      waits.open()
    })

    test('that is given up cancels the children that have names', async () => {
      const batches = redrive.queue('batches', { machine: batch })
      const waits = pages()
      batches.work({ combine: sum })
      const children = [{ queue: 'pages', id: 'slow-2', input: 'slow' }]
      await batches.send({ children, failed: 'collect' }, { id: 'given-up' })
      await until(async () => (await redrive.queue('pages').get('slow-2'))?.state === 'processing')
      await batches.cancel('given-up')
      await expect(batches.result('given-up', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_CANCELLED' })
      await until(async () => (await redrive.queue('pages').get('slow-2'))?.state === 'cancelled')
      waits.open()
    })
  })
})
