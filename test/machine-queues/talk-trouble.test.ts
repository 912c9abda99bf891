import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { assign, createMachine, setup } from 'xstate'
import { sendToMessage, startChildren } from '../../machines/index.ts'
import { gate, onRedis, until, type TestBackend } from '../support/backends.ts'
import { CRASH_SAFE, type TestRedis } from '../support/redis.ts'
import { parentOf } from './talking-machines.ts'

let backend: TestBackend & { readonly redis: TestRedis }
beforeEach(async () => {
  backend = await onRedis({ 'maxmemory-policy': 'noeviction', ...CRASH_SAFE })
})
afterEach(() => backend.stop())

const WAIT = { timeout: '20s' }

test('a full server refuses children; their parent makes room, and starts them when there is space', async () => {
  const redrive = backend.open()
  const letters = redrive.queue('letters')
  const parents = redrive.queue('parents', { machine: parentOf({ failed: 'report' }) })
  await parents.send({ children: [{ queue: 'letters', input: 'x' }] }, { id: 'first' })
  await parents.send({ children: [] }, { id: 'second' })
  const admin = backend.redis.client()
  await admin.config('SET', 'maxmemory', '1')
  parents.work({}, { concurrency: 1, prefetch: 0 })
  // The only place of the worker is free for the one behind.
  expect(await parents.result('second', WAIT)).toMatchObject({ events: [{ type: 'allDone' }] })
  expect((await parents.get('first'))?.joins).toMatchObject([{ over: false }])
  await admin.config('SET', 'maxmemory', '0')
  letters.work(() => 'delivered')
  expect(await parents.result('first', WAIT)).toMatchObject({ events: [{ results: [{ output: 'delivered' }] }] })
})

test('what a queue or an inbox has no room for is tried again, and nothing is refused for good', async () => {
  const redrive = backend.open()
  const letters = redrive.queue('bounded', { maxMessages: 1, retention: { succeeded: 0 } })
  const read = gate()
  letters.work(async () => read.opened)
  const heard = setup({ types: { context: {} as { n: number }, events: {} as { type: 'HELLO' } } }).createMachine({
    id: 'listener',
    context: { n: 0 },
    initial: 'a',
    states: { a: { on: { HELLO: { actions: assign({ n: ({ context }) => context.n + 1 }) } } } },
  })
  const listeners = redrive.queue('crowded', { machine: heard, maxInbox: 1 })
  await listeners.send({}, { id: 'l' })
  const hello = sendToMessage({ queue: 'crowded', id: 'l' }, { type: 'HELLO' })
  const talker = createMachine({
    id: 'talker',
    initial: 'waiting',
    entry: [hello, hello, startChildren([{ queue: 'bounded' }, { queue: 'bounded' }], { failed: 'report' })],
    states: { waiting: { on: { allDone: 'over' } }, over: { type: 'final' } },
  })
  const talkers = redrive.queue('talkers', { machine: talker })
  await talkers.send({}, { id: 't' })
  talkers.work()
  // The second greeting has no room while nobody works on the first.
  await until(
    async () => (await listeners.get('l'))?.inbox.length === 1 && (await talkers.get('t'))?.worker === undefined,
  )
  listeners.work()
  await until(async () => (await letters.stats()).states['processing'] === 1)
  read.open()
  await talkers.result('t', WAIT)
  expect((await listeners.get('l'))?.context).toEqual({ n: 2 })
})

test('a server that crashes meanwhile loses no event and no child', async () => {
  const redrive = backend.open({ commandTimeout: 2000 })
  const children = redrive.queue('children', { partitions: 2 })
  const parents = redrive.queue('parents', { machine: parentOf({ failed: 'report' }) })
  const go = gate()
  let begun = 0
  children.work(
    async (n: number) => {
      begun++
      await go.opened
      return n
    },
    { concurrency: 20 },
  )
  parents.work()
  const inputs = Array.from({ length: 20 }, (_, n) => n)
  await parents.send({ children: inputs.map((input) => ({ queue: 'children', input })) }, { id: 'p' })
  await until(() => begun === 20)
  await backend.redis.server.kill('SIGKILL')
  go.open()
  await backend.redis.server.restart()
  const { events } = await parents.result('p', WAIT)
  expect(events).toHaveLength(1)
  expect(events[0]?.type === 'allDone' && events[0].results.map(({ output }) => output)).toEqual(inputs)
})

test('a worker that is closed while its message talks hands the rest to the next', async () => {
  const hanging = gate()
  let asked = 0
  /** The first process that asks never gets an answer. */
  const input = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async (value: unknown) => {
        asked++
        if (asked === 1) await hanging.opened
        return { value }
      },
    },
  } as const
  const machine = parentOf({ failed: 'report' })
  const first = backend.open()
  first.queue('children', { input })
  const before = first.queue('parents', { machine })
  await before.send({ children: [{ queue: 'children', input: 'x' }] }, { id: 'p' })
  before.work()
  await until(() => asked === 1)
  await first.close({ timeout: 0 })

  const second = backend.open()
  second.queue('children', { input }).work((text) => text)
  const after = second.queue('parents', { machine })
  after.work()
  expect(await after.result('p', WAIT)).toMatchObject({ events: [{ results: [{ output: 'x' }] }] })
  hanging.open()
})

test('a child that has ended and left nothing is not started again with those that are', async () => {
  const hanging = gate()
  let asked = 0
  /** An event is never delivered by the first who tries. */
  const events = {
    '~standard': {
      version: 1,
      vendor: 'test',
      validate: async (value: unknown) => {
        asked++
        if (asked === 1) await hanging.opened
        return { value }
      },
    },
  } as const
  const machine = createMachine({
    id: 'talker',
    initial: 'waiting',
    entry: [
      startChildren(
        ['quick', 'slow'].map((id) => ({ queue: 'children', id, input: id })),
        { failed: 'collect' },
      ),
      sendToMessage({ queue: 'talkers', id: 'p' }, { type: 'NOTE' }),
    ],
    states: { waiting: { on: { NOTE: { actions: assign({}) }, allDone: 'over' } }, over: { type: 'final' } },
  })
  const retention = { succeeded: 0 }
  const slow = gate()
  const runs: string[] = []
  const working = backend.open().queue('children', { retention })
  working.work(async (name: string) => {
    runs.push(name)
    if (name === 'slow') await slow.opened
  })
  const first = backend.open()
  first.queue('children', { retention })
  const before = first.queue('talkers', { machine, events })
  before.work()
  await before.send({}, { id: 'p' })
  await until(async () => asked === 1 && (await before.get('p'))?.joins?.[0]?.children[0]?.status === 'done')
  await until(async () => (await working.get('quick')) === undefined)
  await first.close({ timeout: 0 })

  const second = backend.open()
  second.queue('children', { retention })
  const after = second.queue('talkers', { machine, events })
  after.work()
  await until(() => asked === 2)
  slow.open()
  await after.result('p', WAIT)
  expect(new Set(runs)).toEqual(new Set(['quick', 'slow']))
  expect(runs).toHaveLength(2)
  hanging.open()
})

test('a client that closes lets its messages say what they have to say', async () => {
  const redrive = backend.open()
  redrive.queue('children')
  const last = createMachine({
    id: 'last',
    initial: 'working',
    states: {
      working: { invoke: { id: 'work', src: 'work', onDone: 'done' } },
      done: { type: 'final', entry: sendToMessage({ queue: 'children', id: 'nobody' }, { type: 'CANCEL' }) },
    },
  })
  const queue = redrive.queue('lasts', { machine: last })
  const begun = gate()
  const end = gate()
  queue.work({
    work: async (_input, { startChildren }) => {
      begun.open()
      await end.opened
      startChildren([{ queue: 'children', id: 'child' }], { failed: 'report' })
    },
  })
  await queue.send({}, { id: 'x' })
  await begun.opened
  const closed = redrive.close()
  end.open()
  await closed
  const later = backend.open()
  expect(await later.queue('children').get('child')).toMatchObject({ parent: { queue: 'lasts', id: 'x' } })
  expect(await later.queue('lasts', { machine: last }).get('x')).toMatchObject({ status: 'done', invocations: [] })
})
