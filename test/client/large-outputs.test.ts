import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { emit, setup } from 'xstate'
import type { FeedTransition } from '../../src/client/feed.ts'
import type { Queue, QueueOptions, Transition } from '../../src/index.ts'
import { insideOf } from '../../src/client/inside.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const LONG = 'x'.repeat(100_000)

const announcing = setup({ types: { emitted: {} as { type: 'said'; text: string } } }).createMachine({
  id: 'announcing',
  initial: 'waiting',
  states: {
    waiting: { on: { SAY: { target: 'over', actions: emit({ type: 'said', text: LONG }) } } },
    over: { type: 'final' },
  },
})

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('what is too large for the feed, on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  const open = (options: QueueOptions): Queue => {
    const redrive = backend.open()
    const queue = redrive.queue(`large-${++queues}`, options)
    return queue
  }
  const storeOf = (queue: Queue) => {
    const redrive = backend.open()
    redrive.queue(queue.name)
    return insideOf(redrive).store
  }

  test.each([
    ['a message that is kept', {}],
    ['one that leaves nothing behind', { retention: { succeeded: 0 } }],
  ])('is there for everybody who asks: the output of %s', async (_what, options) => {
    const queue = open(options)
    const heard: Transition[] = []
    const watched: FeedTransition[] = []
    queue.on('succeeded', (transition) => heard.push(transition))
    await queue.send('x', { id: 'a', delay: '1h' })
    const result = queue.result('a', { timeout: '60s' })
    const watching = (async () => {
      for await (const transition of queue.watch('a')) watched.push(transition)
    })()
    const worker = queue.work(() => LONG)
    worker.on('succeeded', (transition) => heard.push(transition))
    await worker.ready()
    await until(async () => (await queue.signal('a', { type: 'RETRY' }).catch(() => ({ status: '' }))).status !== '')
    expect(await result).toBe(LONG)
    await watching
    await until(() => heard.length === 2)
    expect([watched.at(-1), ...heard].map((each) => each?.output === LONG)).toEqual([true, true, true])
    const read: FeedTransition[] = []
    for await (const transition of queue.feed({ from: 'start' }))
      if (read.push(transition) && transition.to === 'succeeded') break
    expect([read.at(-1)?.output === LONG, read.at(-1)?.gone]).toEqual([true, undefined])
    const { entries } = await storeOf(queue).readFeed({ queue: queue.name, index: 0 }, '0', 1000)
    expect(Math.max(...entries.map(({ text }) => text.length))).toBeLessThan(2000)
    await worker.stop()
  })

  test('is told to be gone, where it is', async () => {
    const queue = open({ retention: { succeeded: 0 }, feed: { bytes: 64 * 1024 } })
    const worker = queue.work(() => LONG)
    await queue.send('x', { id: 'a' })
    await until(async () => (await queue.get('a')) === undefined)
    await queue.send('y', { id: 'b' })
    await until(async () => (await queue.get('b')) === undefined)
    await worker.stop()
    await queue.trim()
    const told: FeedTransition[] = []
    for await (const transition of queue.feed({ from: 'start' })) {
      told.push(transition)
      if (transition.id === 'b' && transition.to === 'succeeded') break
    }
    const ended = told.filter(({ to }) => to === 'succeeded')
    // The newest is kept, however large it is.
    expect(ended.map(({ gone, output }) => [gone, typeof output])).toEqual([
      [['output'], 'undefined'],
      [undefined, 'string'],
    ])
  })

  test('is told with its event: what a machine has emitted', async () => {
    const queue = open({ machine: announcing })
    const said = gate<Transition>()
    queue.on('transition', (transition) => {
      if (transition.to === 'over') said.open(transition)
    })
    await queue.send({}, { id: 'a' })
    const worker = queue.work({})
    await worker.ready()
    await queue.signal('a', { type: 'SAY' }, { wait: '60s' })
    expect((await said.opened).emitted).toEqual([{ type: 'said', text: LONG }])
    await worker.stop()
  })

  test('is hidden where it is to be', async () => {
    const queue = open({ redact: ['secret'] })
    const heard = gate<Transition>()
    queue.on('succeeded', (transition) => heard.open(transition))
    await queue.stats()
    const worker = queue.work(() => ({ secret: LONG, fine: LONG }))
    await queue.send('x', { id: 'a' })
    expect((await heard.opened).output).toEqual({ secret: '[redacted]', fine: LONG })
    expect(await queue.result('a', { timeout: '60s' })).toEqual({ secret: LONG, fine: LONG })
    await worker.stop()
  })

  test('errors are told in short, however long their names and messages are', async () => {
    const queue = open({ retry: { attempts: 1 } })
    const worker = queue.work(() => {
      throw Object.assign(new Error('é'.repeat(100_000)), { name: 'N'.repeat(100_000), code: 'C'.repeat(100_000) })
    })
    await queue.send('x', { id: 'a' })
    await expect(queue.result('a', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_DEAD' })
    const { entries } = await storeOf(queue).readFeed({ queue: queue.name, index: 0 }, '0', 1000)
    expect(Math.max(...entries.map(({ text }) => Buffer.byteLength(text)))).toBeLessThan(4096)
    await worker.stop()
  })
})
