/** Whoever only looks writes nothing, so a user of the server that may only read sees all that there is. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import { createMachine } from 'xstate'
import { examine } from '../../src/client/doctor/examine.ts'
import { Redrive, silentLogger } from '../../src/index.ts'
import { cli } from '../cli/run-cli.ts'
import { openStage } from '../dashboard/stage.ts'
import { until } from '../support/backends.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

const RULES = ['+@read', '+@connection', '+@pubsub', '+info', '+time']
const order = createMachine({
  id: 'order',
  initial: 'open',
  states: { open: { on: { PAY: 'paid' }, after: { 86_400_000: 'late' } }, late: {}, paid: { type: 'final' } },
})
let server: TestRedis
let admin: Redis
let reader = ''
beforeAll(async () => {
  server = await startTestRedis({ appendonly: 'yes' })
  admin = server.client()
  await admin.call('ACL', 'SETUSER', 'reader', 'on', '>password', 'resetchannels', '&rd:*', '~rd:*', '-@all', ...RULES)
  reader = server.url.replace('unix://', 'unix://reader:password@localhost')
  const writer = new Redrive({ redis: server.url, logger: silentLogger })
  const mails = writer.queue('mails', { retry: { attempts: 1 } })
  mails.work((to: string) => {
    if (to === 'nobody') throw new Error('no such person')
    return 'sent'
  })
  await mails.sendBulk([
    { input: 'ada', id: 'a' },
    { input: 'nobody', id: 'b' },
    { input: 'later', id: 'c', delay: '1d' },
  ])
  await writer.queue('orders', { machine: order }).send({ card: '4111' }, { id: 'o' })
  await until(async () => (await mails.stats()).states['dead'] === 1 && (await mails.get('a'))?.state === 'succeeded')
  await mails.pause()
  await mails.resume()
  await writer.close()
})
afterAll(() => server.stop())

/** All that is stored, byte by byte. What has a time to live goes by itself. */
async function stored(): Promise<Record<string, unknown>> {
  const keys = (await admin.keys('*')).toSorted()
  const lasting = (await Promise.all(keys.map(async (key) => [key, await admin.pttl(key)] as const))).filter(
    ([, left]) => left === -1,
  )
  return Object.fromEntries(await Promise.all(lasting.map(async ([key]) => [key, await contentOf(key)] as const)))
}

/** A hash of large values changes its order by itself, while the server makes its table larger. */
async function contentOf(key: string): Promise<unknown> {
  return (await admin.type(key)) === 'hash' ? admin.hgetall(key) : String(await admin.call('DUMP', key))
}

/** @returns how often each command that writes was called meanwhile */
async function writesOf(action: () => Promise<void>): Promise<string[]> {
  const before = await stored()
  await admin.call('CONFIG', 'RESETSTAT')
  await action()
  const stats = (await admin.info('commandstats')) + (await admin.info('errorstats'))
  expect(await stored()).toEqual(before)
  const names = [...stats.matchAll(/cmdstat_(\w+)[^:]*:calls=\d+.*?rejected_calls=(\d+)/g)]
  return names
    .filter(
      ([, name = '', rejected]) =>
        rejected !== '0' || /^(eval|evalsha|fcall|set|h(set|del)|x(add|trim)|z(add|rem))/.test(name),
    )
    .map(([, name = '']) => name)
}

test('the library', async () => {
  const writes = await writesOf(async () => {
    const redrive = new Redrive({ redis: reader, logger: silentLogger })
    const [mails, orders] = [redrive.queue('mails'), redrive.queue('orders')]
    expect(await mails.get('a')).toMatchObject({ state: 'succeeded', output: 'sent' })
    expect(await orders.get('o')).toMatchObject({ state: 'open' })
    expect(await mails.history('b')).not.toEqual([])
    expect(await mails.list({ state: 'dead' })).toHaveLength(1)
    expect((await mails.stats()).states).toMatchObject({ dead: 1, succeeded: 1 })
    expect((await mails.population()).groups.length).toBeGreaterThan(0)
    expect((await orders.population()).groups).toMatchObject([{ count: 1, machine: expect.stringContaining('order@') }])
    expect(await mails.result('a', { timeout: '60s' })).toBe('sent')
    for await (const { id } of mails.feed({ from: 'start' })) {
      expect(id).toBe('a')
      break
    }
    const end = new AbortController()
    const watched = mails.watch('c', { signal: end.signal }).next()
    const stop = mails.on('dead', () => {})
    expect(await mails.workers()).toEqual([])
    expect(await mails.isPaused()).toBe(false)
    expect(await mails.preview({ action: 'redrive', filter: { state: 'dead' } })).toMatchObject({ matching: 1 })
    expect([...(await redrive.queues()).keys()].toSorted()).toEqual(['mails', 'orders'])
    expect((await redrive.audit()).length).toBeGreaterThan(0)
    const missing = redrive.queue('nothing')
    expect(await missing.get('x')).toBeUndefined()
    expect((await missing.stats()).states).toEqual({})
    expect(await missing.list({ state: 'dead' })).toEqual([])
    expect((await missing.population()).groups).toEqual([])
    end.abort()
    await watched
    stop()
    await redrive.close()
  })
  expect(writes).toEqual([])
})

test('what this process hides is hidden, though no definition says so yet', async () => {
  const redrive = new Redrive({ redis: reader, logger: silentLogger })
  const orders = redrive.queue('orders', { machine: order, redact: ['card'] })
  expect(await orders.get('o')).toMatchObject({ input: { card: '[redacted]' } })
  const stage = await openStage(redrive)
  expect((await stage.get('api/v1/queues/orders/messages/o')).text).not.toContain('4111')
  await stage.close()
  await redrive.close()
})

test('a queue of another number of partitions is still told of', async () => {
  const redrive = new Redrive({ redis: reader, logger: silentLogger })
  await expect(redrive.queue('mails', { partitions: 3 }).get('a')).rejects.toThrow(/has 1 partitions on this server/)
  await redrive.close()
})

test('who wants to write is told that he may not', async () => {
  const redrive = new Redrive({ redis: reader, logger: silentLogger })
  await expect(redrive.queue('mails').send('x')).rejects.toMatchObject({ code: 'E_REDIS_AUTH' })
  await expect(redrive.queue('mails').cancel('c')).rejects.toMatchObject({ code: 'E_REDIS_AUTH' })
  await expect(redrive.ready()).rejects.toMatchObject({ code: 'E_REDIS_AUTH' })
  await redrive.close()
})

test.each([
  [['ls', 'mails']],
  [['ls', 'orders']],
  [['ls']],
  [['show', 'orders', 'o']],
  [['stats']],
  [['history', 'mails', 'a']],
  [['machines', 'ls']],
  [['machines', 'show', 'mails']],
  [['workers']],
  [['audit']],
  [['doctor']],
])('the command line: %j', async (args) => {
  const writes = await writesOf(async () => {
    const { code, stderr } = await cli([...args, '--redis', reader])
    expect({ code, stderr }).toMatchObject({
      // What the doctor finds has a code of its own.
      code: args[0] === 'doctor' ? code : 0,
      stderr: expect.not.stringMatching(/E_|NOPERM/),
    })
  })
  // The doctor tries what it may not do, and says so.
  expect(writes.filter((command) => !/^(eval|config$)/.test(command) || args[0] !== 'doctor')).toEqual([])
})

test('the doctor says what it could not compare', async () => {
  const { findings } = await examine({ redis: reader, prefix: 'rd', commandTimeout: 5000 })
  expect(findings.filter(({ code }) => code === 'D_NOT_COMPARED').map(({ queue }) => queue)).toEqual([
    'mails',
    'orders',
  ])
})

test('every GET of the dashboard', async () => {
  const redrive = new Redrive({ redis: reader, logger: silentLogger })
  const stage = await openStage(redrive)
  const { paths } = (await stage.get('api/v1/openapi.json')).body as { paths: Record<string, object> }
  const gets = Object.entries(paths).flatMap(([path, methods]) => ('get' in methods ? [path] : []))
  expect(gets.length).toBeGreaterThan(15)
  const asked = new Map<string, number>()
  const writes = await writesOf(async () => {
    for (const path of gets) {
      for (const [queue, id] of [
        ['mails', 'b'],
        ['orders', 'o'],
        ['nothing', 'x'],
      ] as const) {
        const filled = path
          .replace(/^\//, '')
          .replace(/\{(q|queue)\}/, queue)
          .replace('{id}', id)
          .replace(/\{\w+\}/g, 'x')
        const live = new AbortController()
        const query =
          filled.endsWith('/search') || filled === 'search'
            ? '?id=a'
            : filled.endsWith('/messages')
              ? '?state=dead'
              : ''
        const url = `${stage.url}${filled.startsWith('api/') ? '' : 'api/v1/'}${filled}${query}`
        const response = await fetch(url, { signal: live.signal, redirect: 'manual' })
        asked.set(filled, response.status)

        expect([filled, response.status >= 500]).toEqual([filled, false])
        live.abort()
      }
    }
  })
  expect([...asked.values()].filter((status) => status === 200).length).toBeGreaterThan(15)
  // The doctor tries what it may not do, and says so.
  expect(writes.filter((name) => !/^(eval|config$)/.test(name))).toEqual([])
  await stage.close()
  await redrive.close()
})
