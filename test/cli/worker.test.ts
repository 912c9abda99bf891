import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Redrive, silentLogger } from '../../src/index.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { cli, forkCli, isAlive, type RunningCli, startCli } from './run-cli.ts'

const moduleFile = (name: string): string => fileURLToPath(new URL(`./modules/${name}.mjs`, import.meta.url))

let redis: TestRedis
let redrive: Redrive
let directory: string
const started = new Set<RunningCli>()

function start(...args: string[]): RunningCli {
  const running = startCli(args, { env: { REDIS_URL: redis.url } })
  started.add(running)
  return running
}

/** The process ids of workers, once there are so many. */
async function workers(running: RunningCli, count: number): Promise<number[]> {
  await running.until('stderr', new RegExp(`(worker \\d+ ready[^]*){${count}}`))
  return [...running.stderr().matchAll(/worker (\d+) ready/g)].map(([, pid]) => Number(pid))
}

beforeAll(async () => {
  redis = await startTestRedis()
  directory = await mkdtemp(join(tmpdir(), 'redrive-cli-'))
})
beforeEach(async () => {
  await redis.client().flushall()
  redrive = new Redrive({ redis: redis.url, logger: silentLogger })
})
afterEach(async () => {
  // Those that a failed test has left behind.
  for (const { child } of started) child.kill('SIGKILL')
  started.clear()
  await redrive.close()
})
afterAll(async () => {
  await redis.stop()
  await rm(directory, { recursive: true })
})

describe('a worker', () => {
  test('works on the queues of its module, and a SIGTERM ends it with 0', async () => {
    const running = start('worker', moduleFile('emails'))
    const { child, ended } = running
    expect(await workers(running, 1)).toEqual([child.pid])
    await redrive.queue('emails').send({ to: 'ada' }, { id: 'e1' })
    await redrive.queue('reports').send(1, { id: 'r1' })
    expect(await redrive.queue('emails').result('e1')).toBe('sent to ada')
    expect(await redrive.queue('reports').result('r1')).toBe('reported')
    child.kill('SIGTERM')
    const { code, stdout, stderr } = await ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain(`worker ${child.pid} ready: emails, reports\n`)
    expect(stderr).toContain(`log: "e1": in ${child.pid}\n`)
  })

  test('lets handlers finish at the first Ctrl-C, and ends with 130', async () => {
    const running = start('worker', moduleFile('slow'))
    await redrive.queue('slow').send(300, { id: 's1' })
    await running.until('stderr', /"s1": started/)
    running.child.kill('SIGINT')
    expect((await running.ended).code).toBe(130)
    expect(await redrive.queue('slow').get('s1')).toMatchObject({ state: 'succeeded' })
  })

  test.each([['1'], ['2']])(
    'aborts them at the second, and gives their messages back (processes: %s)',
    async (processes) => {
      const running = start('worker', moduleFile('slow'), '--processes', processes)
      await redrive.queue('stuck').send(1, { id: 's1' })
      await running.until('stderr', /"s1": started/)
      running.child.kill('SIGINT')
      await running.until('stderr', /once more aborts them/)
      running.child.kill('SIGINT')
      expect((await running.ended).code).toBe(130)
      const message = await redrive.queue('stuck').get('s1')
      expect(message).toMatchObject({ context: { attempt: 1 } })
      expect(message).not.toHaveProperty('worker')
    },
  )

  test('works on the queues that are named alone', async () => {
    const running = start('worker', moduleFile('emails'), '--queue', 'reports')
    await running.until('stderr', /ready: reports\n/)
    await redrive.queue('emails').send({ to: 'ada' }, { id: 'e1' })
    await redrive.queue('reports').send(1, { id: 'r1' })
    await redrive.queue('reports').result('r1')
    expect(await redrive.queue('emails').get('e1')).toMatchObject({ state: 'pending' })
    running.child.kill('SIGTERM')
    await running.ended
  })

  test('is refused for a queue that the module does not define', async () => {
    const { code, stderr } = await start('worker', moduleFile('emails'), '--queue', 'report').ended
    expect(code).toBe(3)
    expect(stderr).toMatch(
      /^error: E_UNKNOWN_QUEUE: there is no queue "report" in ".*emails.mjs". Did you mean "reports"\?\n$/,
    )
  })

  test.each<[string, string | undefined, number, RegExp]>([
    ['that is not there', undefined, 2, /E_INVALID_OPTION: there is no file/],
    ['without a default export', 'export const worker = 1', 2, /must be a function .* got undefined/],
    ['that works on nothing', 'export default (redrive) => void redrive.queue("a")', 2, /works on no queue/],
    ['that cannot be read', 'export default (', 1, /"[^"]*" cannot be run: SyntaxError: .*REDRIVE_DEBUG=1/],
    ['that throws', 'export default () => { throw new Error("no database") }', 1, /cannot be run: Error: no database/],
    [
      'with a fault of Redrive',
      'export default (r) => r.queue("a").work({ handle() {} })',
      1,
      /E_UNKNOWN_HANDLER: .*Did you mean "handler"/,
    ],
  ])('says what is wrong with a module %s, in one line, however many processes', async (_, text, code, message) => {
    const path = join(directory, `module-${code}.mjs`)
    await rm(path, { force: true })
    if (text !== undefined) await writeFile(path, text)
    const end = await start('worker', path, '--processes', '2').ended
    expect(end).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) })
    expect(end.stderr.trimEnd().split('\n')).toHaveLength(1)
  })
})

describe('several processes', () => {
  test('one that is killed is replaced, and its message finishes elsewhere', async () => {
    const emails = redrive.queue('emails')
    const running = start('worker', moduleFile('emails'), '--processes', '2')
    const before = await workers(running, 2)
    await emails.send({ to: 'ada', hang: true }, { id: 'h1' })
    const [, holder] = await running.until('stderr', /"h1": in (\d+)/)
    expect(before).toContain(Number(holder))
    process.kill(Number(holder), 'SIGKILL')
    expect(await emails.result('h1', { timeout: '20s' })).toBe('sent to ada')
    await running.until('stderr', new RegExp(`worker ${holder} ended \\(SIGKILL\\); another one starts in 100ms`))
    const all = await workers(running, 3)
    expect(new Set(all).size).toBe(3)
    running.child.kill('SIGINT')
    expect((await running.ended).code).toBe(130)
    expect([running.child.pid!, ...all].filter(isAlive)).toEqual([])
  })

  test('end when their parent is gone', async () => {
    const running = start('worker', moduleFile('emails'), '--processes', '2')
    await workers(running, 2)
    running.child.kill('SIGKILL')
    // It is over when the pipes are closed, and they are when the last process that holds them has ended.
    expect((await running.ended).code).toBe('SIGKILL')
  })

  test.each([0, 100])('end also when it was gone before they could hear of it (after %d ms)', async (ms) => {
    const child = forkCli(['worker', '--', moduleFile('emails')], { REDIS_URL: redis.url, REDRIVE_WORKER_CHILD: '1' })
    const exited = once(child, 'exit')
    await setTimeout(ms)
    child.disconnect()
    expect(await exited).toEqual([0, null])
  })

  test('a SIGTERM for the whole group counts once', async () => {
    const running = start('worker', moduleFile('slow'), '--processes', '2')
    const pids = await workers(running, 2)
    await redrive.queue('slow').send(300, { id: 's1' })
    await running.until('stderr', /"s1": started/)
    for (const pid of [running.child.pid!, ...pids]) process.kill(pid, 'SIGTERM')
    expect((await running.ended).code).toBe(0)
    expect(await redrive.queue('slow').get('s1')).toMatchObject({ state: 'succeeded' })
  })

  test('are not given the password where everybody on the machine can read it', async () => {
    const path = join(directory, 'arguments.mjs')
    await writeFile(
      path,
      `export default (redrive) => { redrive.queue('a').work(() => process.argv.concat(process.execArgv)) }`,
    )
    const url = redis.url.replace('//', '//:s3cret@localhost')
    const running = start('worker', path, '--processes', '2', '--redis', url)
    await workers(running, 2)
    await redrive.queue('a').send(1, { id: 'a1' })
    const args = await redrive.queue('a').result('a1')
    expect(args).toEqual(expect.arrayContaining(['worker', path]))
    expect(String(args)).not.toContain('s3cret')
    running.child.kill('SIGTERM')
    const { code, stdout, stderr } = await running.ended
    expect(code).toBe(0)
    expect(stdout + stderr).not.toContain('s3cret')
  })
})

test('a module may send, while no worker of its own is there', async () => {
  const path = join(directory, 'sends.mjs')
  await writeFile(
    path,
    `export default async (redrive, { concurrency }) => { await redrive.queue('a').send(concurrency, { id: 'a1' }); redrive.queue('a').work((n) => n) }`,
  )
  const running = start('worker', path, '--concurrency', '3')
  await running.until('stderr', /ready: a\n/)
  expect(await redrive.queue('a').result('a1')).toBe(3)
  expect(await cli(['show', 'a', 'a1'], { env: { REDIS_URL: redis.url } })).toMatchObject({ code: 0 })
  running.child.kill('SIGTERM')
  await running.ended
})

test('a module in TypeScript that Node cannot load gets the hint', async () => {
  const file = join(directory, 'worker.ts')
  await writeFile(file, 'enum Kind {\n  one,\n}\nexport default () => Kind.one\n')
  const running = start('worker', file)
  await running.until('stderr', /NODE_OPTIONS/)
  expect(running.stderr()).toMatch(/cannot be run: .*install tsx and run: NODE_OPTIONS="--import tsx"/)
})
