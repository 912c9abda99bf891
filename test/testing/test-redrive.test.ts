import { afterEach, describe, expect, test } from '@jest/globals'
import { setup } from 'xstate'
import { createTestRedrive, type TestRedrive, type TestRedriveOptions } from '../../src/testing/index.ts'

const DAY = 86_400_000
const open: TestRedrive[] = []
function kit(options: TestRedriveOptions = {}): TestRedrive {
  const t = createTestRedrive(options)
  open.push(t)
  return t
}
afterEach(async () => {
  for (const t of open.splice(0)) await t.close()
})

describe('time is the test’s', () => {
  test('nothing fires until the test says so', async () => {
    const t = kit({ start: '2031-05-06T07:08:09Z' })
    const queue = t.queue('emails')
    const sent: string[] = []
    queue.work((to: string) => void sent.push(to))
    await queue.send('ada', { id: 'a' })
    await queue.send('bob', { id: 'b', delay: '3d' })
    await t.expectState(queue, 'a', 'pending')
    expect(sent).toEqual([])

    await t.drain()
    expect(sent).toEqual(['ada'])
    await t.advance('3d1h')
    expect(sent).toEqual(['ada', 'bob'])
    expect(t.now()).toBe(Date.parse('2031-05-09T08:08:09Z'))
    const [created, started, ended] = await t.history('emails', 'b')
    expect([created!.to, started!.to, ended!.to]).toEqual(['pending', 'processing', 'succeeded'])
    expect(started!.at - created!.at).toBe(3 * DAY)
  })

  test('retries come at their own instants, in their order', async () => {
    const t = kit()
    const queue = t.queue('jobs', {
      retry: { attempts: 4, backoff: { type: 'exponential', delay: '1h', max: '1d', jitter: 'none' } },
    })
    const at: [string, number][] = []
    const start = t.now()
    queue.work((name: string) => {
      at.push([name, (t.now() - start) / 3_600_000])
      throw new Error('busy')
    })
    await queue.sendBulk([
      { input: 'a', id: 'a' },
      { input: 'b', id: 'b', delay: '30m' },
    ])
    await t.advance('30d')
    expect(at).toEqual([
      ['a', 0],
      ['b', 0.5],
      ['a', 1],
      ['b', 1.5],
      ['a', 3],
      ['b', 3.5],
      ['a', 7],
      ['b', 7.5],
    ])
    await t.expectState(queue, 'a', 'dead')
  })

  test('chance comes out alike with the same seed, and otherwise not', async () => {
    async function dues(seed: number): Promise<number[]> {
      const t = kit({ seed })
      const queue = t.queue('jobs', {
        retry: { attempts: 6, backoff: { type: 'exponential', delay: '1h', max: '9h' } },
      })
      const start = t.now()
      const at: number[] = []
      queue.work(() => {
        at.push(t.now() - start)
        throw new Error('busy')
      })
      await queue.send({})
      await t.advance('5d')
      return at
    }
    const first = await dues(7)
    expect(first).toHaveLength(6)
    expect(await dues(7)).toEqual(first)
    expect(await dues(8)).not.toEqual(first)
  })

  test('a handler that waits for days keeps its lease', async () => {
    const t = kit()
    const queue = t.queue('jobs')
    let runs = 0
    queue.work(async () => {
      runs++
      await t.sleep('3d')
      return 'late'
    })
    await queue.send({}, { id: 'a' })
    await t.advance('2d23h')
    expect(t.waiting).toEqual([{ queue: 'jobs', id: 'a' }])
    await t.expectState(queue, 'a', 'processing')
    await t.advance('1h')
    expect(await queue.result('a')).toBe('late')
    expect(runs).toBe(1)
  })
})

describe('runOne', () => {
  test('lets one message take one turn, the one that was due first', async () => {
    const t = kit()
    const queue = t.queue('jobs', { retry: { attempts: 2, backoff: { type: 'fixed', delay: 10, jitter: 'none' } } })
    const other = t.queue('letters')
    const runs: string[] = []
    queue.work((name: string) => {
      runs.push(name)
      if (name === 'a') throw new Error('busy')
    })
    other.work((name: string) => void runs.push(name))
    await other.send('c', { id: 'c', delay: 20 })
    await queue.send('b', { id: 'b', delay: 5 })
    await queue.send('a', { id: 'a' })

    expect(await t.runOne()).toEqual({ queue: 'jobs', id: 'a' })
    await t.expectState(queue, 'a', 'retrying')
    expect(await t.runOne()).toBeUndefined()
    expect(runs).toEqual(['a'])
    await t.advance(0)
    expect(await t.runOne()).toBeUndefined()
    await t.advance(20)
    expect(runs).toEqual(['a', 'b', 'a', 'c'])
  })

  test('a turn ends where the handler waits, and what it comes to is taken in with the next', async () => {
    const t = kit()
    const queue = t.queue('jobs')
    const gate = t.gate<string>()
    queue.work(() => gate.wait())
    await queue.send({}, { id: 'a' })
    expect(await t.runOne()).toEqual({ queue: 'jobs', id: 'a' })
    expect(t.waiting).toEqual([{ queue: 'jobs', id: 'a' }])
    gate.open('now')
    await new Promise((resolve) => setImmediate(resolve))
    await t.expectState(queue, 'a', 'processing')
    expect(await t.runOne()).toBeUndefined()
    await t.drain()
    expect(await queue.result('a')).toBe('now')
    expect(t.waiting).toEqual([])
  })
})

describe('handlers that wait', () => {
  test('for something real are waited for', async () => {
    const t = kit({ patience: '5s' })
    const queue = t.queue('files')
    const { readFile } = await import('node:fs/promises')
    queue.work(async () => (await readFile(new URL(import.meta.url), 'utf8')).length)
    await queue.send({}, { id: 'a' })
    await t.drain()
    expect(await queue.result('a')).toBeGreaterThan(1000)
  })

  test('for what never comes do not hang a drain, and others go on', async () => {
    const t = kit({ patience: 20 })
    const queue = t.queue('jobs', { retry: { attempts: 1, timeout: '1m' } })
    const reasons: unknown[] = []
    queue.work((name: string, { signal }) => {
      if (name !== 'stuck') return name
      signal.addEventListener('abort', () => reasons.push((signal.reason as { code: string }).code))
      return new Promise(() => {})
    })
    await queue.sendBulk([
      { input: 'stuck', id: 'a' },
      { input: 'quick', id: 'b' },
    ])
    await t.drain()
    expect(t.waiting).toEqual([{ queue: 'jobs', id: 'a' }])
    await t.expectState(queue, 'b', 'succeeded')
    await t.advance(59_999)
    await t.expectState(queue, 'a', 'processing')
    await t.advance(1)
    await t.expectState(queue, 'a', 'dead')
    expect(reasons).toEqual(['E_ATTEMPT_TIMEOUT'])
  })

  test('hear of an event when the test lets them', async () => {
    const t = kit()
    const queue = t.queue('jobs')
    const gate = t.gate()
    queue.work(async (_, { signal }) => {
      signal.addEventListener('abort', () => gate.open())
      await gate.wait()
      signal.throwIfAborted()
    })
    await queue.send({}, { id: 'a' })
    await t.drain()
    await queue.cancel('a')
    await new Promise((resolve) => setImmediate(resolve))
    await t.expectState(queue, 'a', 'processing')
    await t.drain()
    await t.expectState(queue, 'a', 'cancelled')
    expect(t.waiting).toEqual([])
  })

  test('may send, and what they send is worked on in the same drain', async () => {
    const t = kit()
    const first = t.queue('first')
    const second = t.queue('second')
    first.work(() => second.send('on', { id: 'b' }))
    second.work((text: string) => text)
    await first.send({}, { id: 'a' })
    await t.drain()
    expect(await second.result('b')).toBe('on')
  })

  test('cannot let the workers run themselves', async () => {
    const t = kit()
    const queue = t.queue('jobs', { retry: { attempts: 1 } })
    queue.work(() => t.drain())
    await queue.send({}, { id: 'a' })
    await t.drain()
    await expect(queue.result('a')).rejects.toThrow(/a handler cannot let the workers run/)
  })
})

describe('expectations', () => {
  test('expectState fails with the journal', async () => {
    const t = kit()
    const queue = t.queue('jobs', { retry: { attempts: 1 } })
    queue.work(() => {
      throw new Error('no such street')
    })
    await queue.send({}, { id: 'a' })
    await t.drain()
    await expect(t.expectState(queue, 'a', 'succeeded')).rejects.toMatchObject({
      code: 'E_EXPECTATION',
      details: { expected: 'succeeded', actual: 'dead' },
      message: expect.stringMatching(
        /"a" of "jobs" should be in "succeeded", and is in "dead"\.\n {2}\+0ms {2}init: \(new\) -> pending[^]*error handler: processing -> dead {2}by worker-1 {2}.*no such street/,
      ),
    })
    await expect(t.expectState('jobs', 'b', 'dead')).rejects.toThrow(
      '"b" of "jobs" should be in "dead", and is not there.',
    )
  })

  test('a machine that is due again and again is no endless drain', async () => {
    const t = kit()
    const spinning = setup({}).createMachine({
      id: 'spinning',
      initial: 'a',
      states: { a: { after: { 0: 'b' } }, b: { after: { 0: 'a' } } },
    })
    const queue = t.queue('spinning', { machine: spinning })
    queue.work()
    await queue.send(undefined)
    await expect(t.drain()).rejects.toMatchObject({ code: 'E_EXPECTATION' })
  })

  test('a worker that is stopped finishes what it has', async () => {
    const t = kit()
    const queue = t.queue('jobs')
    const gate = t.gate<string>()
    const worker = queue.work(() => gate.wait())
    await queue.send({}, { id: 'a' })
    await t.drain()
    gate.open('done')
    await worker.stop()
    await queue.send({}, { id: 'b' })
    await t.advance('1h')
    expect(await queue.result('a')).toBe('done')
    await t.expectState(queue, 'b', 'pending')
  })
})
