/** Texts in a form of a later version: no reader takes them for data, and no list fails because of them. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import { examine } from '../../src/client/doctor/examine.ts'
import { dashboard } from '../../src/dashboard/index.ts'
import type { Queue, Redrive } from '../../src/index.ts'
import { cli } from '../cli/run-cli.ts'
import { onRedis, until } from '../support/backends.ts'

const LATER = '~2:[[-8,1],"of a later version"]'
const UNKNOWN = /stored in a form that this version does not know: form 2/

let backend: Awaited<ReturnType<typeof onRedis>>
let redis: Redis
let redrive: Redrive
let queue: Queue
let count = 0
const key = (kind: string, id = 'late'): string => `rd:{${queue.name}:0}:${kind}:${id}`
beforeAll(async () => {
  backend = await onRedis()
  redis = backend.redis.client()
})
beforeEach(async () => {
  redrive = backend.open()
  queue = redrive.queue(`q${++count}`, { journal: { contexts: true } })
  await queue.send({ to: 'ada' }, { id: 'late' })
})
afterAll(() => backend.stop())

describe('a worker puts the message into quarantine, and works on', () => {
  test.each<[string, readonly string[]]>([
    ['an input', ['HSET', 'm', 'p', LATER]],
    ['a context', ['HSET', 'm', 'c', `\n${LATER}`]],
    ['an event that waits', ['RPUSH', 'i', LATER]],
    ['an event with an id', ['RPUSH', 'i', `#1\n${LATER}`]],
    ['the event of a timer', ['HSET', 'm', 'T0-9', '1', 'E0-9', `x\n${LATER}`]],
    ['the input of an invocation', ['HSET', 'm', 'I0-9', `-handler\nhandler\n:${LATER}`]],
    ['the parameters of an action', ['HSET', 'm', 'A0-9', `note\n${LATER}\n{"type":"x"}`]],
  ])('%s', async (_, [command = '', kind = '', ...rest]) => {
    await redis.call(command, key(kind), ...rest)
    const before = await redis.hgetall(key('m'))
    const worker = queue.work(() => 'ok')
    await queue.send(1, { id: 'good' })
    expect(await queue.result('good', { timeout: '60s' })).toBe('ok')
    await until(async () => (await queue.stats()).states['~quarantined'] === 1)
    await worker.stop()
    const [message] = await queue.list({ state: '~quarantined' })
    expect(message?.quarantine?.reason).toMatch(UNKNOWN)
    // What the later version wrote is there for it.
    const after = await redis.hgetall(key('m'))
    const kept = (fields: Record<string, string>): object =>
      Object.fromEntries(Object.entries(fields).filter(([field]) => /^[pcTEIA]/.test(field)))
    expect(kept(after)).toEqual(kept(before))
    expect((await redis.lrange(key('i'), 0, -1)).join()).toBe(command === 'RPUSH' ? rest[0] : '')
  })
})

test('a quarantine of a later version stays one, with all that it says, when it is released here', async () => {
  await redis.hset(key('m'), 'p', LATER)
  const worker = queue.work(() => 'ok')
  await until(async () => (await queue.stats()).states['~quarantined'] === 1)
  await redis.hset(key('m'), 'q', LATER)
  await queue.release('late')
  await until(async () => (await queue.history('late')).length > 2)
  await worker.stop()
  expect(await redis.hget(key('m'), 'q')).toBe(LATER)
  expect(await queue.get('late')).toMatchObject({
    state: '~quarantined',
    quarantine: { reason: expect.stringMatching(UNKNOWN) },
  })
})

test('readers say so of each value, and show all that they can read', async () => {
  await queue.send({ fine: true }, { id: 'fine' })
  const worker = queue.work(() => ({ done: new Date(0) }))
  await queue.result('late', { timeout: '60s' })
  await queue.result('fine', { timeout: '60s' })
  await worker.stop()
  await redis.hset(key('m'), { p: LATER, u: LATER, g: LATER, K: LATER, h: LATER, e: LATER })
  await redis.rpush(key('i'), LATER)
  const context = await redis.hget(key('m'), 'c')
  expect(context?.split('\n')[0]).toBe('payload')

  const unreadable = { unreadable: LATER, reason: expect.stringMatching(UNKNOWN) as unknown }
  const message = await queue.get('late')
  expect(message).toMatchObject({
    state: 'succeeded',
    input: unreadable,
    output: unreadable,
    error: unreadable,
    progress: unreadable,
    inbox: [{ type: '(unreadable)', text: LATER, reason: unreadable.reason }],
  })
  // What the context shares with the input is not read as nothing.
  expect(message?.context).toMatchObject({ payload: unreadable, attempt: 1 })
  expect((await queue.list({ state: 'succeeded' })).map(({ id }) => id).toSorted()).toEqual(['fine', 'late'])
  await expect(queue.result('late', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_UNKNOWN_FORM' })
  expect(await queue.result('fine', { timeout: '60s' })).toEqual({ done: new Date(0) })
  const examined = await examine({ redis: backend.redis.url, prefix: 'rd', commandTimeout: 10_000, full: true })
  expect(examined.findings.map(({ code }) => code)).toContain('D_NO_PERSISTENCE')
})

test('the journal tells nothing of a context that it cannot read', async () => {
  const worker = queue.work(() => 'ok')
  await queue.result('late', { timeout: '60s' })
  await worker.stop()
  const fields = await redis.hgetall(key('m'))
  const [line = ''] = Object.keys(fields)
    .filter((field) => /^j\d+$/.test(field))
    .toSorted()
    .slice(-1)
  await redis.hset(key('m'), line, `${Date.now()}|done\u001fsucceeded\u001fw\u001f\u001f[[],[],[]]\n${LATER}`)
  expect((await queue.history('late')).at(-1)?.changed).toMatchObject({ unreadable: expect.stringMatching(UNKNOWN) })
})

test('the feed goes on, and callbacks hear what is wrong with an output', async () => {
  const heard: unknown[] = []
  const end = queue.on('transition', (transition) => heard.push(transition))
  const tuple = (id: string, extras: object): string =>
    JSON.stringify([[id, 1, 'x', 'a', 'b', 'w', { t: ['settled'], s: 'done', ...extras }]])
  await until(async () => {
    await redis.xadd(`rd:{${queue.name}:0}:events`, '*', 't', tuple('fed', { o: LATER, m: LATER }), 'at', '1')
    await redis.publish(`rd:{${queue.name}:0}:feed`, `1-1 ${tuple('other', { o: LATER })}`)
    return heard.length > 0
  })
  end()
  expect(heard[0]).toMatchObject({
    id: 'fed',
    output: { unreadable: LATER, reason: expect.stringMatching(UNKNOWN) },
    emitted: [{ type: '(unreadable)', text: LATER }],
  })
})

test('an input that cannot be read is not edited; the message is let be', async () => {
  await redis.hset(key('m'), 'p', LATER)
  const worker = queue.work(() => 'ok')
  await until(async () => (await queue.stats()).states['~quarantined'] === 1)
  await worker.stop()
  await expect(queue.edit('late', { to: 'bob' })).rejects.toMatchObject({ code: 'E_UNKNOWN_FORM' })
  expect(await redis.hget(key('m'), 'p')).toBe(LATER)
})

test('the dashboard and the command line list it with the others', async () => {
  await queue.send({ fine: true }, { id: 'fine' })
  await redis.hset(key('m'), 'p', LATER)
  const { fetch } = dashboard(redrive)
  const base = `http://127.0.0.1/api/v1/queues/${queue.name}`
  for (const path of ['/messages?state=pending', '/messages/late', '/errors']) {
    const answer = await fetch(new Request(base + path), { address: '127.0.0.1' })
    expect([path, answer.status]).toEqual([path, 200])
    const text = await answer.text()
    expect(text.includes('stored in a form that this version')).toBe(path.startsWith('/messages'))
  }
  const url = ['--redis', backend.redis.url]
  const listed = await cli(['ls', queue.name, '--state', 'pending', ...url])
  expect(listed.stdout).toContain('late')
  expect(listed.stdout).toContain('fine')
  const shown = await cli(['show', queue.name, 'late', ...url])
  expect(shown.stdout).toMatch(UNKNOWN)
})

test('nothing of it is shown where a queue hides something, but that its form is not known', async () => {
  const hiding = redrive.queue(`hiding${count}`, { redact: ['card'] })
  await hiding.send({ card: '4111' }, { id: 'late' })
  await redis.hset(`rd:{${hiding.name}:0}:m:late`, 'p', '~2:[{"card":1},"4111"]')
  const told = JSON.stringify(await hiding.get('late'))
  expect(told).toMatch(UNKNOWN)
  expect(told).not.toContain('4111')
})
