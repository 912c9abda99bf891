/** A small view of a large buffer, wherever a process hands one in: nothing of the rest of the buffer is stored. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { assign, emit, setup } from 'xstate'
import type { Redis } from 'ioredis'
import { sendToMessage, startChildren } from '../../machines/index.ts'
import { gate, onRedis, until } from '../support/backends.ts'

let backend: Awaited<ReturnType<typeof onRedis>>
let redis: Redis
beforeAll(async () => {
  backend = await onRedis()
  redis = backend.redis.client()
})
afterAll(() => backend.stop())

const OTHERS = 'data of others '
/** Six bytes in the middle of much that belongs to others. */
function small(): Uint8Array {
  const buffer = Buffer.from(`${OTHERS.repeat(500)}abcdef${OTHERS.repeat(500)}`)
  return new Uint8Array(buffer.buffer, buffer.byteOffset + OTHERS.length * 500, 6)
}

/** All that lies in Redis, chunks of one value together. */
async function everything(): Promise<string> {
  const texts: string[] = []
  for (const key of await redis.keys('*')) {
    const type = await redis.type(key)
    if (type === 'hash') texts.push(joined(await redis.hgetall(key)))
    if (type === 'string') texts.push((await redis.get(key)) ?? '')
    if (type === 'list') texts.push(...(await redis.lrange(key, 0, -1)))
    if (type === 'stream') texts.push(...(await redis.xrange(key, '-', '+')).flatMap(([, fields]) => fields))
  }
  return texts.join('\n')
}

function joined(hash: Record<string, string>): string {
  const values = new Map<string, string[]>()
  for (const [field, text] of Object.entries(hash)) {
    const [name = '', chunk = '0'] = field.split('.')
    const chunks = values.get(name) ?? []
    chunks[Number(chunk)] = text
    values.set(name, chunks)
  }
  return [...values.values()].map((chunks) => chunks.join('')).join('\n')
}

const machine = setup({
  actions: { keep: () => {} },
}).createMachine({
  id: 'bytes',
  context: { own: undefined as unknown },
  initial: 'first',
  states: {
    first: { entry: assign({ own: () => ({ set: new Set([small()]) }) }), on: { NEXT: 'second' } },
    second: {
      entry: [
        { type: 'keep', params: () => ({ v: small() }) },
        emit(() => ({ type: 'told' as const, v: small() })),
        sendToMessage({ queue: 'heard', id: 'away' }, { type: 'NEXT', v: small() } as never),
        startChildren([{ queue: 'children', id: 'child', input: { v: small() } }], { failed: 'collect' }),
      ],
      invoke: { src: 'work', input: () => ({ v: small() }) },
    },
  },
} as never)

test('inputs, events, contexts, outputs, errors, progress, parameters and children have their own bytes alone', async () => {
  const redrive = backend.open()
  const queue = redrive.queue('plain', { retry: { attempts: 1 }, journal: { contexts: true } })
  const children = redrive.queue('children')
  redrive.queue('heard', { machine: machine as never })
  const bytes = redrive.queue('bytes', { machine: machine as never, journal: { contexts: true } })
  const release = gate()
  const worker = queue.work(async ({ fails }: { fails: boolean; v: unknown }, { progress }) => {
    progress({ view: new DataView(small().buffer, small().byteOffset, 6) })
    if (fails) throw Object.assign(new Error('with bytes', { cause: small() }), { body: small() })
    await release.opened
    return { v: small(), words: new Uint16Array(small().buffer, small().byteOffset + (small().byteOffset % 2), 2) }
  })
  await queue.send({ fails: false, v: small() }, { id: 'good' })
  await queue.send({ fails: true, v: new Map([['v', small()]]) as never }, { id: 'bad' })
  await bytes.send({ v: small() } as never, { id: 'm' })
  await bytes.signal('m', { type: 'NEXT', v: small() } as never)
  await until(async () => (await queue.get('good'))?.progress !== undefined)
  const waiting = gate()
  const other = bytes.work({ work: () => waiting.opened })
  await until(async () => (await bytes.get('m'))?.state === 'second')
  await until(async () => (await children.get('child')) !== undefined)
  const meanwhile = await everything()
  release.open()
  await queue.result('good', { timeout: '60s' })
  await until(async () => (await queue.get('bad'))?.state === 'dead')
  const stored = meanwhile + (await everything())
  waiting.open()
  await Promise.all([worker.stop({ timeout: 0 }), other.stop({ timeout: 0 })])

  const buffers = [...stored.matchAll(/\\*"ArrayBuffer\\*",\\*"([A-Za-z0-9+/=]*)/g)].map(([, text = '']) =>
    Buffer.from(text, 'base64').toString('latin1'),
  )
  expect(buffers.length).toBeGreaterThan(10)
  expect(buffers.filter((text) => text.length > 6 || text.includes('data'))).toEqual([])
  expect((await queue.get('good'))?.input).toEqual({ fails: false, v: new Uint8Array(Buffer.from('abcdef')) })
})
