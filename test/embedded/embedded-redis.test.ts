import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterEach, beforeEach, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import {
  type EmbeddedRedis,
  type EmbeddedRedisOptions,
  findRedisServer,
  startEmbeddedRedis,
} from '../../src/embedded/embedded-redis.ts'
import { startTestRedis } from '../support/redis.ts'

const opened: EmbeddedRedis[] = []
const parents: ChildProcess[] = []
let scratch: string

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'redrive-test-'))
})

afterEach(async () => {
  for (const redis of opened.splice(0)) await redis.stop()
  for (const parent of parents.splice(0)) parent.kill('SIGKILL')
  rmSync(scratch, { recursive: true, force: true })
})

async function open(options?: EmbeddedRedisOptions): Promise<EmbeddedRedis> {
  const redis = await startEmbeddedRedis(options)
  opened.push(redis)
  return redis
}

async function ask<T>(redis: EmbeddedRedis, question: (client: Redis) => Promise<T>): Promise<T> {
  const client = redis.socket ? new Redis(redis.socket) : new Redis(redis.url)
  try {
    return await question(client)
  } finally {
    client.disconnect()
  }
}

/** A process of its own that opens a server, from the built package. */
async function openInParent(
  options: EmbeddedRedisOptions,
): Promise<{ parent: ChildProcess; pid: number; directory: string }> {
  const script = fileURLToPath(new URL('./parent.mjs', import.meta.url))
  const parent = spawn(process.execPath, [script, JSON.stringify(options)], { stdio: ['ignore', 'pipe', 'inherit'] })
  parents.push(parent)
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as [string]
  return { parent, ...(JSON.parse(line) as { pid: number; directory: string }) }
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = Date.now() + 10_000
  while (!condition()) {
    if (Date.now() > deadline) throw new Error(`still not: ${what}`)
    await sleep(20)
  }
}

test('it answers on a Unix socket, keeps nothing and refuses to evict', async () => {
  const redis = await open()
  expect(redis.url).toBe(`unix://${redis.socket}`)
  expect(redis.version).toMatch(/^\d+\.\d+/)
  const [pong, port, policy, save, appendonly] = await ask(redis, (client) =>
    Promise.all([
      client.ping(),
      client.config('GET', 'port'),
      client.config('GET', 'maxmemory-policy'),
      client.config('GET', 'save'),
      client.config('GET', 'appendonly'),
    ]),
  )
  expect(pong).toBe('PONG')
  expect(port).toEqual(['port', '0'])
  expect(policy).toEqual(['maxmemory-policy', 'noeviction'])
  expect(save).toEqual(['save', ''])
  expect(appendonly).toEqual(['appendonly', 'no'])
})

test('its temporary directory and its process are gone after stop, which can be repeated', async () => {
  const redis = await open()
  expect(existsSync(redis.directory)).toBe(true)
  await redis.stop()
  await redis.stop()
  expect(existsSync(redis.directory)).toBe(false)
  expect(isRunning(redis.pid)).toBe(false)
})

test('data in a named directory survives a stop', async () => {
  const directory = join(scratch, 'made', 'here')
  const first = await open({ directory })
  await ask(first, (client) => client.set('name', 'ada'))
  await first.stop()
  const second = await open({ directory })
  expect(await ask(second, (client) => client.get('name'))).toBe('ada')
})

test('after a crash a restart finds the data at the same address', async () => {
  const redis = await open({ directory: scratch, config: { appendfsync: 'always' } })
  const { url, pid } = redis
  await ask(redis, (client) => client.set('name', 'ada'))
  await redis.kill('SIGKILL')
  expect(isRunning(pid)).toBe(false)
  await redis.restart()
  expect(redis.url).toBe(url)
  expect(redis.pid).not.toBe(pid)
  expect(await ask(redis, (client) => client.get('name'))).toBe('ada')
})

test('a restart ends a server that runs; a stopped one stays stopped', async () => {
  const redis = await open()
  const { pid } = redis
  await redis.restart()
  expect(isRunning(pid)).toBe(false)
  expect(await ask(redis, (client) => client.ping())).toBe('PONG')
  await redis.stop()
  await expect(redis.restart()).rejects.toMatchObject({ code: 'E_CLOSED' })
})

test('a frozen server is not waited for, and ends all the same', async () => {
  const redis = await open()
  await redis.kill('SIGSTOP')
  expect(isRunning(redis.pid)).toBe(true)
  await redis.stop()
  expect(isRunning(redis.pid)).toBe(false)
})

test('port 0 is any free TCP port, and it is kept', async () => {
  const redis = await open({ port: 0 })
  expect(redis.url).toMatch(/^redis:\/\/127\.0\.0\.1:\d+$/)
  expect(redis.socket).toBeUndefined()
  const { url } = redis
  await redis.restart()
  expect(redis.url).toBe(url)
  expect(await ask(redis, (client) => client.ping())).toBe('PONG')
})

test('a port that is taken is refused', async () => {
  const { url } = await open({ port: 0 })
  const port = Number(new URL(url).port)
  await expect(open({ port })).rejects.toMatchObject({ code: 'E_INVALID_OPTION', details: { path: 'port', port } })
})

test('a path too long for a socket moves the socket, not the data', async () => {
  const directory = join(scratch, 'd'.repeat(100))
  const redis = await open({ directory })
  expect(redis.directory).toBe(directory)
  expect(redis.socket!.length).toBeLessThan(100)
  expect(await ask(redis, (client) => client.ping())).toBe('PONG')
  await redis.stop()
  expect(existsSync(redis.socket!)).toBe(false)
  expect(readdirSync(directory)).toEqual(['appendonlydir'])
})

test('a directory has one opener, within a process and across processes', async () => {
  const mine = await open({ directory: scratch })
  await expect(open({ directory: scratch })).rejects.toMatchObject({
    code: 'E_INVALID_OPTION',
    message: expect.stringContaining(`in use by this process (${process.pid})`),
  })
  await mine.stop()

  const { parent } = await openInParent({ directory: scratch })
  await expect(open({ directory: scratch })).rejects.toMatchObject({
    code: 'E_INVALID_OPTION',
    details: { path: 'directory', pid: parent.pid },
  })
})

test('the server and a temporary directory go when the parent is killed', async () => {
  const { parent, pid, directory } = await openInParent({})
  expect(isRunning(pid)).toBe(true)
  parent.kill('SIGKILL')
  await until(() => !isRunning(pid), `server ${pid} has ended`)
  await until(() => !existsSync(directory), `${directory} is removed`)
})

test('a directory whose opener was killed can be opened at once, with its data', async () => {
  const { parent, pid } = await openInParent({ directory: scratch })
  const client = new Redis(join(scratch, 'redis.sock'))
  await client.set('name', 'ada')
  client.disconnect()
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  const redis = await open({ directory: scratch })
  expect(isRunning(pid)).toBe(false)
  expect(await ask(redis, (own) => own.get('name'))).toBe('ada')
})

test('a lock file of a process that is no more is taken over', async () => {
  writeFileSync(join(scratch, 'redrive.lock'), JSON.stringify({ opener: { pid: 2 ** 22 + 1 } }))
  const redis = await open({ directory: scratch })
  expect(await ask(redis, (client) => client.ping())).toBe('PONG')
})

// In a container the first processes have the same few pids after every start.
test('a lock file whose pid belongs to another process by now is taken over', async () => {
  const startedAt = existsSync('/proc/self/stat') ? 'earlier' : undefined
  const opener = { pid: startedAt === undefined ? 2 ** 22 + 1 : process.pid, startedAt }
  writeFileSync(join(scratch, 'redrive.lock'), JSON.stringify({ opener }))
  const redis = await open({ directory: scratch })
  expect(await ask(redis, (client) => client.ping())).toBe('PONG')
})

test('a lock file that makes no sense is taken over in the end', async () => {
  writeFileSync(join(scratch, 'redrive.lock'), 'half a li')
  const redis = await open({ directory: scratch })
  expect(await ask(redis, (client) => client.ping())).toBe('PONG')
})

test('an orphaned server, its parent and its supervisor both killed, is ended by the next opener', async () => {
  const { parent, pid } = await openInParent({ directory: scratch })
  const { supervisor } = JSON.parse(readFileSync(join(scratch, 'redrive.lock'), 'utf8')) as {
    supervisor: { pid: number }
  }
  parent.kill('SIGSTOP') // or it would tidy up after its supervisor
  process.kill(supervisor.pid, 'SIGKILL')
  parent.kill('SIGKILL')
  await once(parent, 'exit')
  expect(isRunning(pid)).toBe(true)
  const redis = await open({ directory: scratch })
  expect(redis.pid).not.toBe(pid)
  expect(await ask(redis, (client) => client.ping())).toBe('PONG')
})

test('when its supervisor is killed, the server ends and stop still tidies up', async () => {
  const redis = await open({ directory: scratch })
  const { supervisor } = JSON.parse(readFileSync(join(scratch, 'redrive.lock'), 'utf8')) as {
    supervisor: { pid: number }
  }
  process.kill(supervisor.pid, 'SIGKILL')
  await expect(redis.restart()).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
  await redis.stop()
  expect(existsSync(join(scratch, 'redrive.lock'))).toBe(false)
  const again = await open({ directory: scratch })
  expect(await ask(again, (client) => client.ping())).toBe('PONG')
})

test('a setting that the server does not know is an error that quotes its log', async () => {
  await expect(open({ directory: scratch, config: { 'no-such-setting': '1' } })).rejects.toMatchObject({
    code: 'E_INVALID_OPTION',
    message: expect.stringContaining('no-such-setting'),
  })
  expect(readdirSync(scratch)).toEqual([])
})

test('a setting on which the embedding relies is refused', async () => {
  await expect(open({ config: { port: '6379' } })).rejects.toMatchObject({
    code: 'E_INVALID_OPTION',
    message: expect.stringContaining('Use the option "port"'),
  })
})

test('a server that ends at its start tells why', async () => {
  writeFileSync(join(scratch, 'appendonlydir'), 'a file where the server wants a directory')
  await expect(open({ directory: scratch })).rejects.toMatchObject({
    code: 'E_REDIS_UNAVAILABLE',
    message: expect.stringContaining('appendonlydir'),
  })
})

test('without a server on the PATH the error names what to install', async () => {
  const path = process.env['PATH']
  process.env['PATH'] = ''
  try {
    await expect(open()).rejects.toMatchObject({
      code: 'E_REDIS_MISSING',
      message: expect.stringContaining('apt-get install redis-server'),
    })
  } finally {
    process.env['PATH'] = path
  }
})

test('a program that is no Redis server is refused', async () => {
  await expect(open({ binary: process.execPath })).rejects.toMatchObject({ code: 'E_REDIS_MISSING' })
  await expect(open({ binary: join(scratch, 'none') })).rejects.toMatchObject({ code: 'E_REDIS_MISSING' })
})

test('redis-server comes before valkey-server, wherever they are on the PATH', () => {
  const [first, second] = [join(scratch, 'first'), join(scratch, 'second')]
  for (const directory of [first, second]) mkdirSync(directory)
  const env = { PATH: `${first}:${second}` }
  expect(findRedisServer(env)).toBeUndefined()
  expect(findRedisServer({})).toBeUndefined()
  writeFileSync(join(first, 'redis-server'), 'a file that nobody can run', { mode: 0o644 })
  writeFileSync(join(first, 'valkey-server'), '', { mode: 0o755 })
  expect(findRedisServer(env)).toEqual({ path: join(first, 'valkey-server'), kind: 'valkey' })
  writeFileSync(join(second, 'redis-server'), '', { mode: 0o755 })
  expect(findRedisServer(env)).toEqual({ path: join(second, 'redis-server'), kind: 'redis' })
})

test('a server that is too old is refused', async () => {
  const binary = join(scratch, 'redis-server')
  writeFileSync(binary, '#!/bin/sh\necho "Redis server v=6.2.14 sha=00000000:0"\n', { mode: 0o755 })
  await expect(open({ binary })).rejects.toMatchObject({ code: 'E_REDIS_VERSION' })
})

test('the support for other tests gives tracked clients and settings', async () => {
  const redis = await startTestRedis({ maxmemory: '64mb' })
  const client = redis.client()
  expect(await client.config('GET', 'maxmemory')).toEqual(['maxmemory', String(64 * 1024 * 1024)])
  await redis.stop()
  expect(client.status).toBe('end')
})
