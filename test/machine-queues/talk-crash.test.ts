import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Queue } from '../../src/index.ts'
import { onRedis, until, type TestBackend } from '../support/backends.ts'
import type { TestRedis } from '../support/redis.ts'
import type { Heard } from './talking-machines.ts'

let backend: TestBackend & { readonly redis: TestRedis }
const processes = new Set<ChildProcess>()
beforeEach(async () => {
  backend = await onRedis()
})
afterEach(async () => {
  await Promise.all([...processes].map(kill))
  await backend.stop()
})

function start(hang = '', env: Record<string, string> = {}): ChildProcess {
  const child = fork(new URL('talk-worker.mjs', import.meta.url), [backend.redis.url, hang], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...env },
  })
  processes.add(child)
  return child
}

async function kill(child: ChildProcess): Promise<void> {
  processes.delete(child)
  if (child.exitCode !== null || child.signalCode !== null) return
  child.kill('SIGKILL')
  await once(child, 'exit')
}

async function send(messages: object[]): Promise<void> {
  const sender = start('', { SEND: JSON.stringify(messages) })
  expect((await once(sender, 'message'))[0]).toBe('sent')
  await once(sender, 'exit')
  processes.delete(sender)
}

const family = (name: string, children: object[]) => ({
  id: name,
  input: { name, children: children.map((input) => ({ queue: 'children', input })) },
})

/** What a parent heard, in short: `anyFailed`, and the outputs of all. */
async function heardBy(parents: Queue, id: string): Promise<unknown[]> {
  const heard = (await parents.result(id, { timeout: '60s' })) as Heard['events']
  return heard.map((event) =>
    event.type === 'anyFailed' ? 'anyFailed' : event.results.map(({ output, status }) => output ?? status),
  )
}

async function tallied(count: number): Promise<string[]> {
  const tallies: Queue = backend.open().queue('tallies', { partitions: 4 })
  return until(async () => {
    const names = (await tallies.get('tally'))?.context['parents'] as string[]
    return names.length >= count ? names : undefined
  })
}

test('children whose starter dies are started by the next worker', async () => {
  await send([family('p', [{ n: 1 }, { n: 2 }])])
  const first = start('input')
  await once(first, 'message')
  await kill(first)
  start()
  expect(await heardBy(backend.open().queue('parents', { partitions: 4 }), 'p')).toEqual([[1, 2]])
})

test('of two events whose sender dies between them each arrives once', async () => {
  await send([family('p', [])])
  const first = start('events')
  await once(first, 'message')
  expect(await tallied(1)).toEqual(['p'])
  await kill(first)
  start()
  expect(await tallied(2)).toEqual(['p', 'slow'])
  const parents = backend.open().queue('parents', { partitions: 4 })
  await until(async () => (await parents.get('p'))?.worker === undefined)
  expect(await tallied(2)).toEqual(['p', 'slow'])
})

test('workers that are killed again and again: every parent hears of every child once', async () => {
  const names = Array.from({ length: 40 }, (_, i) => `p${i}`)
  const children = Array.from({ length: 8 }, (_, n) => ({ n, ...(n === 5 ? { fails: true } : {}) }))
  await send(names.map((name) => family(name, children)))
  const parents = backend.open().queue('parents', { partitions: 4 })
  const over = async (): Promise<number> => (await parents.stats()).states['over'] ?? 0
  for (const goal of [1, 15, 30]) {
    const worker = start()
    await until(async () => (await over()) >= goal, 20_000)
    await kill(worker)
  }
  start()
  const heard = await Promise.all(names.map((name) => heardBy(parents, name)))
  for (const events of heard) expect(events).toEqual(['anyFailed', [0, 1, 2, 3, 4, 'failed', 6, 7]])
  const counted = (await tallied(80)).filter((name) => name !== 'slow')
  expect(counted.toSorted()).toEqual(names.toSorted())
})
