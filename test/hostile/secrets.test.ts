/** Passwords of servers and tokens: in no log, error, feed, statistics, output or list of processes. */
import { readdirSync, readFileSync } from 'node:fs'
import { inspect } from 'node:util'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { examine } from '../../src/client/doctor/examine.ts'
import { dashboard } from '../../src/dashboard/index.ts'
import { Redrive } from '../../src/index.ts'
import { cli, startCli } from '../cli/run-cli.ts'
import { until } from '../support/backends.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'

const SECRET = 'hush-4711-hush'
let server: TestRedis
let good: string
beforeAll(async () => {
  server = await startTestRedis()
  await server.client().call('ACL', 'SETUSER', 'ada', 'on', `>${SECRET}`, '~*', '&*', '+@all')
  good = server.url.replace('unix://', `unix://ada:${SECRET}@localhost`)
})
afterAll(() => server.stop())

const told: string[] = []
const note = (text: string, facts?: object): unknown => told.push(text + inspect(facts, { depth: 10 }))
const logger = { debug: note, info: note, warn: note, error: note } as never
const hear = (value: unknown): unknown =>
  told.push(inspect(value, { depth: 10, showHidden: false }), JSON.stringify(value) ?? '')

test('of a server that takes the password', async () => {
  const redrive = new Redrive({ redis: good, logger })
  hear(await redrive.ready())
  const queue = redrive.queue('q', { retry: { attempts: 1 } })
  const worker = queue.work(() => {
    throw new Error('no')
  })
  worker.on('error', hear)
  queue.on('transition', hear)
  await queue.send(1, { id: 'a' })
  hear(await queue.result('a', { timeout: '60s' }).catch((error: unknown) => error))
  hear([
    await queue.get('a'),
    await queue.stats(),
    await redrive.health(),
    await redrive.audit(),
    worker.stats(),
    await queue.workers(),
  ])
  hear(await examine({ redis: good, prefix: 'rd', commandTimeout: 3000, full: true }))
  const token = `${SECRET}-token`
  const { fetch } = dashboard(redrive, { token })
  for (const path of ['health', 'overview', 'nothing', 'queues/q/messages/a'])
    for (const authorization of [`Bearer ${token}`, `Bearer ${token}wrong`, token])
      hear(
        await (
          await fetch(new Request(`http://127.0.0.1/api/v1/${path}`, { headers: { authorization } }), {
            address: '10.0.0.1',
          })
        ).text(),
      )
  hear([redrive, queue])
  await redrive.close()
  expect(told.filter((text) => text.includes(SECRET))).toEqual([])
  expect(told.length).toBeGreaterThan(20)
})

test.each([
  ['a wrong password', () => server.url.replace('unix://', `unix://ada:wrong-${SECRET}@localhost`)],
  ['a server that is away', () => `redis://ada:${SECRET}@127.0.0.1:1/2`],
  ['an address that is none', () => `http://ada:${SECRET}@127.0.0.1`],
  ['a password that should have been encoded', () => `redis://ada:/${SECRET}@127.0.0.1:1`],
  ['a password that is wrongly encoded', () => `redis://ada:%zz${SECRET}@127.0.0.1:1`],
  ['a database that is none', () => `redis://ada:${SECRET}@127.0.0.1:1/x`],
  ['TLS where there is none', () => `rediss://ada:${SECRET}@127.0.0.1:1`],
  ['options of ioredis', () => ({ host: '127.0.0.1', port: 1, username: 'ada', password: SECRET })],
])('of %s', async (_what, address) => {
  const heard: unknown[] = []
  const collect = (text: string): unknown => heard.push(text)
  try {
    const redrive = new Redrive({
      redis: address(),
      commandTimeout: 300,
      logger: { debug: collect, info: collect, warn: collect, error: collect },
    })
    heard.push(await redrive.ready().catch((error: unknown) => error))
    heard.push(
      await redrive
        .queue('q')
        .send(1)
        .catch((error: unknown) => error),
    )
    heard.push(await redrive.health())
    await redrive.close()
  } catch (error) {
    heard.push(error)
  }
  const text = heard.map((each) => `${inspect(each, { depth: 10 })}${JSON.stringify(each)}`).join('\n')
  expect(text).toMatch(/E_/)
  expect(text).not.toContain(SECRET)
})

test('of the nodes of a quorum', async () => {
  const nodes = [1, 2, 3].map((port) => `redis://ada:${SECRET}@127.0.0.1:${port}`)
  const heard: string[] = []
  const collect = (text: string): unknown => heard.push(text)
  const redrive = new Redrive({
    redis: good,
    locks: { nodes, timeout: 50 },
    logger: { debug: collect, info: collect, warn: collect, error: collect },
  })
  const worker = redrive.queue('locked').work(() => 1)
  worker.on('locksUnavailable', ({ reason }) => heard.push(inspect(reason, { depth: 10 })))
  await redrive.queue('locked').send(1)
  await until(() => heard.some((text) => text.includes('lock')))
  await redrive.close({ timeout: 0 })
  expect(heard.join('\n')).not.toContain(SECRET)
  expect(() => new Redrive({ locks: { nodes: [nodes[0]!, nodes[0]!, nodes[0]!] } })).toThrow(
    expect.not.objectContaining({ message: expect.stringContaining(SECRET) }),
  )
})

test('of the command line, whatever goes wrong, and of the processes that it starts', async () => {
  const wrong = good.replace(SECRET, `${SECRET}x`)
  for (const args of [
    ['ls', '--redis', good],
    ['doctor', '--redis', good],
    ['ls', '--redis', wrong],
    ['stats', '--redis', wrong, '--json'],
    ['ls', '--redis', `redis://u:${SECRET}@127.0.0.1:1`],
  ]) {
    const { stdout, stderr } = await cli(args, { env: { REDRIVE_DEBUG: '1' } })
    expect({ args: args[0], text: stdout + stderr }).toEqual({
      args: args[0],
      text: expect.not.stringContaining(SECRET),
    })
  }
  const running = startCli(['worker', 'builtin:demo', '--processes', '2'], { env: { REDIS_URL: good } })
  try {
    await running.until('stderr', /worker \d+ ready/)
    const children = processes().filter(({ parent }) => parent === running.child.pid)
    expect(
      [running.child.pid ?? 0, ...children.map(({ pid }) => pid)].map((pid) => argumentsOf(pid)).join('\n'),
    ).not.toContain(SECRET)
  } finally {
    running.child.kill('SIGTERM')
    await running.ended
  }
  expect(running.stdout() + running.stderr()).not.toContain(SECRET)
})

const argumentsOf = (pid: number): string => readFileSync(`/proc/${pid}/cmdline`, 'utf8')

function processes(): { pid: number; parent: number }[] {
  return readdirSync('/proc').flatMap((name) => {
    if (!/^\d+$/.test(name)) return []
    try {
      const [, parent = ''] = /\) \S (\d+)/.exec(readFileSync(`/proc/${name}/stat`, 'utf8')) ?? []
      return [{ pid: Number(name), parent: Number(parent) }]
    } catch {
      return []
    }
  })
}
