/** A user who may not do all that a worker needs: told with the rule, nothing half done, and on when the permission is there. */
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import type { Redis } from 'ioredis'
import { Redrive, silentLogger, type Logger } from '../../src/index.ts'
import { until } from '../support/backends.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

let server: TestRedis
let admin: Redis
let clients: Redrive[]
beforeEach(async () => {
  server = await startTestRedis()
  admin = server.client()
  clients = []
  await rules('on', '>pw', 'resetkeys', '~*', 'resetchannels', '&*', '+@all')
})
afterEach(async () => {
  await Promise.all(clients.map((client) => client.close({ timeout: 0 })))
  await server.stop()
})

const rules = (...all: string[]): Promise<unknown> => admin.call('ACL', 'SETUSER', 'app', ...all)
const cut = (): Promise<unknown> => admin.call('CLIENT', 'KILL', 'USER', 'app')

function open(logger: Logger = silentLogger, password = 'pw'): Redrive {
  const redis = server.url.replace('unix://', `unix://app:${password}@localhost`)
  const client = new Redrive({ redis, logger, commandTimeout: '2s' })
  clients.push(client)
  return client
}

const listed = async (queue: string): Promise<number> => admin.hlen(`rd:workers:${queue}`)

test('without channels: ready() and the worker say which rule is lacking, a send is stored, and all goes on with the rule', async () => {
  await rules('resetchannels')
  const warned: string[] = []
  const redrive = open({
    ...silentLogger,
    warn: (text) => void warned.push(text),
    error: (text) => void warned.push(text),
  })
  const lacking = { code: 'E_REDIS_AUTH', message: expect.stringContaining('ACL SETUSER app &rd:*') }
  await expect(redrive.ready()).rejects.toMatchObject(lacking)
  const queue = redrive.queue('jobs')
  expect(await queue.send({}, { id: 'a' })).toMatchObject({ status: 'created' })
  expect(await queue.signal('a', { type: 'RETRY' })).toMatchObject({ status: 'delivered' })
  const worker = queue.work(() => 'done')
  await expect(worker.ready()).rejects.toMatchObject(lacking)
  expect(warned.filter((text) => text.includes('&rd:*'))).toHaveLength(2)
  expect(await listed('jobs')).toBe(0)
  await rules('allchannels')
  await until(async () => (await queue.get('a'))?.state === 'succeeded')
  await worker.ready()
  await redrive.ready()
  await until(async () => (await listed('jobs')) === 1)
})

test.each(['zadd', 'hset', 'xadd', 'subscribe', 'evalsha', 'zrangebyscore'])(
  'a worker without %s says so, and begins when it may',
  async (command) => {
    await rules(`-${command}`)
    const redrive = open()
    const worker = redrive.queue('jobs').work(() => 'done')
    await expect(worker.ready()).rejects.toMatchObject({
      code: 'E_REDIS_AUTH',
      message: expect.stringContaining(`+${command}`),
    })
    expect(await listed('jobs')).toBe(0)
    await rules(`+${command}`)
    await open().queue('jobs').send({}, { id: 'a' })
    await until(async () => (await redrive.queue('jobs').get('a'))?.state === 'succeeded')
  },
)

test('a send that may not be whole stores nothing, and says what is lacking', async () => {
  await rules('-xadd')
  await expect(open().queue('jobs').send({})).rejects.toMatchObject({
    code: 'E_REDIS_AUTH',
    message: expect.stringContaining('+xadd'),
  })
  expect(await admin.keys('rd:{jobs*')).toEqual([])
})

test('other keys: the rule of keys is told', async () => {
  await rules('resetkeys', '~other:*')
  await expect(open().ready()).rejects.toMatchObject({
    code: 'E_REDIS_AUTH',
    message: expect.stringContaining('~rd:*'),
  })
})

test('channels that are taken away while it works: the worker says so, works on, and hears again when they are back', async () => {
  const redrive = open()
  const queue = redrive.queue('jobs')
  const worker = queue.work(() => 'done')
  const errors: Error[] = []
  worker.on('error', (error) => void errors.push(error))
  await worker.ready()
  await rules('resetchannels')
  await cut()
  await until(() => errors.some((error) => error.message.includes('&rd:*')))
  const sender = new Redrive({ redis: server.url, logger: silentLogger })
  clients.push(sender)
  await sender.queue('jobs').send({}, { id: 'a' })
  await until(async () => (await sender.queue('jobs').get('a'))?.state === 'succeeded')
  await rules('allchannels')
  await until(async () => Number(((await admin.call('PUBSUB', 'NUMSUB', 'rd:{jobs:0}:wake')) as unknown[])[1]) > 0)
  expect(await listed('jobs')).toBe(1)
})

test('all that is taken away while it works, and given back: it goes on', async () => {
  const redrive = open()
  const queue = redrive.queue('jobs')
  await queue.work(() => 'done').ready()
  await rules('-@all')
  await expect(queue.send({})).rejects.toMatchObject({ code: 'E_REDIS_AUTH' })
  await rules('+@all')
  await queue.send({}, { id: 'a' })
  await until(async () => (await queue.get('a'))?.state === 'succeeded')
})

test('a wrong password at the start, and one that is changed later: told, and on when it is right', async () => {
  const wrong = open(silentLogger, 'later')
  const worker = wrong.queue('jobs').work(() => 'done')
  await expect(worker.ready()).rejects.toMatchObject({
    code: 'E_REDIS_AUTH',
    message: expect.stringContaining('Check the user and the password'),
  })
  await rules('>later')
  await wrong.queue('jobs').send({}, { id: 'a' })
  await until(async () => (await wrong.queue('jobs').get('a'))?.state === 'succeeded')
  await rules('<later')
  await cut()
  await until(async () => {
    const error: unknown = await wrong
      .queue('jobs')
      .send({})
      .catch((each: unknown) => each)
    return (error as { code?: string }).code === 'E_REDIS_AUTH'
  })
  await rules('>later')
  await until(
    async () =>
      (await wrong
        .queue('jobs')
        .send({}, { id: 'b' })
        .catch(() => undefined)) !== undefined,
  )
  await until(async () => (await wrong.queue('jobs').get('b'))?.state === 'succeeded')
})

test('each command of the scripts is tried by the script of rights', () => {
  const directory = join(import.meta.dirname, '../../src/store/lua')
  const commands = (text: string): string[] =>
    [...text.matchAll(/redis\.p?call\('([A-Z]+)'(?:, '(USAGE)')?/g)].map(([, name, sub]) =>
      [name, sub].filter(Boolean).join('|').toLowerCase(),
    )
  const used = readdirSync(directory)
    .filter((name) => name !== 'rights.lua')
    .flatMap((name) => commands(readFileSync(join(directory, name), 'utf8')))
  const tried = [...readFileSync(join(directory, 'rights.lua'), 'utf8').matchAll(/^try\('([a-z|]+)'/gm)].map(
    ([, name]) => name,
  )
  expect([...new Set(used)].filter((name) => !tried.includes(name))).toEqual([])
})
