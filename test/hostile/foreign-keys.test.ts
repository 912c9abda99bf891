/** What lies where Redrive keeps its own, and is not of it. Each of these once stopped a queue, a list or a process. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import { decode, encode } from '../../src/codec.ts'
import type { Queue } from '../../src/index.ts'
import { onRedis, until } from '../support/backends.ts'
import { checkPrototypes } from './fuzz.ts'

let backend: Awaited<ReturnType<typeof onRedis>>
let redis: Redis
let queue: Queue
let count = 0
const key = (kind: string, id: string): string => `rd:{${queue.name}:0}:${kind}:${id}`
beforeAll(async () => {
  backend = await onRedis()
  redis = backend.redis.client()
})
afterEach(checkPrototypes)
afterAll(() => backend.stop())

/** A queue of its own with one message that is due, and then damaged. */
async function damaged(...commands: readonly (readonly string[])[]): Promise<void> {
  queue = backend.open().queue(`q${++count}`)
  await queue.send({ to: 'ada' }, { id: 'bad' })
  for (const [command = '', kind = '', ...rest] of commands) await redis.call(command, key(kind, 'bad'), ...rest)
}

async function quarantined(): Promise<string> {
  const worker = queue.work(() => 'ok')
  await queue.send('x', { id: 'good' })
  expect(await queue.result('good', { timeout: '60s' })).toBe('ok')
  await until(async () => (await queue.stats()).states['~quarantined'] === 1)
  await worker.stop()
  const [message] = await queue.list({ state: '~quarantined' })
  expect(message).toMatchObject({ id: 'bad', state: '~quarantined' })
  expect(await queue.get('bad')).toEqual(message)
  return message?.quarantine?.reason ?? ''
}

describe('a message that cannot even be claimed is put aside, and the others are claimed', () => {
  test.each([
    ['a string in its place', [['SET', 'm', 'hello']], /holds no hash, so it is no message/],
    ['a string in the place of its inbox', [['SET', 'i', 'hello']], /inbox holds no list/],
    ['no state in its hash', [['HDEL', 'm', 's']], /names no state/],
    ['a revision in words', [['HSET', 'm', 'r', 'many']], /revision is no number: many/],
    ['a revision that numbers cannot hold', [['HSET', 'm', 'r', '9223372036854775807']], /revision is no number/],
    [
      'a revision that went back',
      [
        ['HSET', 'm', 'I9-0', '+handler\nhandler\n'],
        ['HDEL', 'm', 'r'],
      ],
      /revision 1 is older than what it has asked for \(9-0\)/,
    ],
    ['a timer without an event', [['HSET', 'm', 'T0-9', '1', 'E0-9', 'x\nnull']], /has no event/],
    ['a timer that is due at no time', [['HSET', 'm', 'T0-9', 'soon']], /due at no time/],
    ['a status that no machine has', [['HSET', 'm', 'x', 'half']], /status is "half"/],
    ['a context that is no object', [['HSET', 'm', 'c', '\n[1]']], /context is an array/],
    ['a key that bends prototypes', [['HSET', 'm', 'c', '\n{"__proto__":{"polluted":true}}']], /__proto__/],
    ['the same, hidden', [['HSET', 'm', 'c', '\n{"_\\u005fproto__":{"polluted":true}}']], /__proto__/],
    ['JSON that is nested too deep', [['HSET', 'm', 'p', `${'['.repeat(9999)}${']'.repeat(9999)}`]], /nested deeper/],
    ['an array of holes', [['HSET', 'm', 'p', '~[[-7,4294967295,0,1],1]']], /most of which are holes/],
    ['an event without a type', [['RPUSH', 'i', '{"type":5}']], /has no type/],
  ])('%s', async (_what, commands, reason) => {
    await damaged(...commands)
    expect(await quarantined()).toMatch(reason)
    await queue.remove('bad')
    expect(await queue.get('bad')).toBeUndefined()
    expect((await queue.stats()).states['~quarantined']).toBe(0)
  })
})

test('a message that named no state goes on once it is released', async () => {
  await damaged(['HDEL', 'm', 's'])
  await quarantined()
  queue.work(() => 'after all')
  await queue.release('bad')
  expect(await queue.result('bad', { timeout: '60s' })).toBe('after all')
})

test('what is no message is not sent over, signalled or released, and says what to do', async () => {
  await damaged(['SET', 'm', 'hello'])
  const refusal = { code: 'E_FOREIGN_KEY', message: expect.stringMatching(/"bad".*no message.*remove/) }
  await expect(queue.send(1, { id: 'bad' })).rejects.toMatchObject(refusal)
  await expect(queue.cancel('bad')).rejects.toMatchObject(refusal)
  await expect(queue.release('bad')).rejects.toMatchObject(refusal)
  expect(await redis.get(key('m', 'bad'))).toBe('hello')
  await queue.remove('bad')
  expect(await queue.send(1, { id: 'bad' })).toMatchObject({ status: 'created' })
})

test('a set of another type is told by name, and nothing is half stored', async () => {
  queue = backend.open().queue(`q${++count}`)
  await redis.set(`rd:{${queue.name}:0}:s:pending`, 'hello')
  await expect(queue.send(1, { id: 'a' })).rejects.toMatchObject({ code: 'E_FOREIGN_KEY' })
  expect(await redis.exists(key('m', 'a'))).toBe(0)
})

test('a lock without an end is looked at once a second, not all the time', async () => {
  await damaged(['SET', 'l', 'held for ever'])
  const worker = queue.work(() => 'ok')
  const looksAgain = async (): Promise<number> =>
    Number(await redis.zscore(`rd:{${queue.name}:0}:s:pending`, 'bad')) - (await queue.stats()).now
  await until(async () => (await looksAgain()) > 500)
  expect(await looksAgain()).toBeLessThan(1001)
  await worker.stop()
})

describe('a feed into which another program writes', () => {
  test.each(['', 'null', '{}', '[', '[1,2]', '[[]]', '[["a",1,"e",null,"s","w",{"o":"{","m":"~","t":7}]]'])(
    'tells what comes after %j',
    async (text) => {
      queue = backend.open().queue(`q${++count}`)
      await queue.stats()
      const heard: string[] = []
      const ended = queue.on('transition', ({ id }) => heard.push(id))
      const base = `rd:{${queue.name}:0}`
      await until(async () => {
        await redis.publish(`${base}:wake`, text)
        return (await redis.publish(`${base}:feed`, `1-1 ${text}`)) > 0
      })
      await redis.publish(`${base}:feed`, text)
      await redis.xadd(`${base}:events`, '*', 't', text)
      await until(async () => {
        await queue.send(1)
        return heard.some((id) => id !== 'a')
      })
      ended()
      expect(heard.at(-1)).toHaveLength(20)
    },
  )
})

test('a definition that is none hides no other queue, and is told when its queue is used', async () => {
  await damaged()
  await redis.hset('rd:queues', 'junk', 'hello', 'many', '{"partitions":1e9}', 'a{b', '{"partitions":1}')
  const known = [...(await backend.open().queues()).keys()]
  expect(known).toContain(queue.name)
  expect(known).not.toEqual(expect.arrayContaining(['junk']))
  await expect(backend.open().queue('many').send(1)).rejects.toMatchObject({ code: 'E_FOREIGN_KEY' })
  await redis.hdel('rd:queues', 'junk', 'many', 'a{b')
})

test('the codec reads back what it wrote, also where names and depths are hostile', () => {
  const values = ['__proto__', { a: '__proto__', '\u0001': { constructor: 1, prototype: [] } }, '[[[['.repeat(1000)]
  for (const value of values) expect(decode(encode(value, 'value'))).toEqual(value)
  let deep: unknown = 1
  for (let i = 0; i < 499; i++) deep = i % 2 ? { deep } : [deep]
  expect(decode(encode({ deep, pad: '"\\['.repeat(300) }, 'value'))).toEqual({ deep, pad: '"\\['.repeat(300) })
  expect(() => encode(Array(5_000_000), 'value')).toThrow(expect.objectContaining({ code: 'E_UNSERIALIZABLE' }))
})
