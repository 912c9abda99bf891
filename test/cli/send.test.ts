import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { Redrive, silentLogger } from '../../src/index.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { cli, ndjson } from './run-cli.ts'

let redis: TestRedis
let redrive: Redrive
let directory: string
const run = (args: readonly string[], input: string | Buffer = '') =>
  cli(args, { env: { REDIS_URL: redis.url }, input })
const list = (queue = 'emails') => redrive.queue(queue).list({ state: 'pending', limit: 1000 })

beforeAll(async () => {
  redis = await startTestRedis()
  directory = await mkdtemp(join(tmpdir(), 'redrive-cli-'))
})
beforeEach(async () => {
  await redis.client().flushall()
  redrive = new Redrive({ redis: redis.url, logger: silentLogger })
})
afterEach(() => redrive.close())
afterAll(async () => {
  await redis.stop()
  await rm(directory, { recursive: true })
})

async function file(name: string, text: string): Promise<string> {
  const path = join(directory, name)
  await writeFile(path, text)
  return path
}

describe('one message', () => {
  test('is sent, and a second one with its id is a duplicate', async () => {
    const args = ['send', 'emails', '{"to":"ada"}', '--id', 'e1', '--delay', '10m', '--attempts', '7']
    expect(await run(args)).toEqual({ code: 0, stdout: 'e1  created\n', stderr: '' })
    const again = await run([...args, '--json'])
    expect(again).toMatchObject({ code: 0, stderr: '' })
    expect(ndjson(again.stdout)).toEqual([{ id: 'e1', status: 'duplicate' }])
    const message = await redrive.queue('emails').get('e1')
    expect(message?.context).toMatchObject({ payload: { to: 'ada' }, delay: 600_000, retry: { attempts: 7 } })
  })

  test('makes a new queue, and says so where another name is near', async () => {
    await run(['send', 'emails', '1'])
    const { code, stderr } = await run(['send', 'emials', '1'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'warning: "emials" is a new queue. Did you mean "emails"?\n' })
  })

  test('goes to its partition of a queue that has several', async () => {
    const parts = redrive.queue('parts', { partitions: 8 })
    await parts.send(0, { id: 'p0', delay: '1h' })
    for (const id of ['p1', 'p2']) expect(await run(['send', 'parts', '1', '--id', id])).toMatchObject({ code: 0 })
    expect([await parts.get('p1'), await parts.get('p2')]).toEqual([expect.anything(), expect.anything()])
  })

  test('is checked by the queue that a module defines', async () => {
    const module = await file(
      'checked.mjs',
      `const isText = { version: 1, vendor: 'test', validate: (value) => typeof value === 'string' ? { value } : { issues: [{ message: 'not text' }] } }
       export default (redrive) => {
         const queue = redrive.queue('checked', { input: { '~standard': isText } })
         queue.on('transition', () => {})
         queue.work(() => { throw new Error('not here') })
       }`,
    )
    const refused = await run(['send', 'checked', '1', '--module', module])
    expect(refused).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/^error: E_INVALID_PAYLOAD: .*not text\n$/),
    })
    expect(await run(['send', 'checked', '"a"', '--id', 'c1', '--module', module])).toMatchObject({ code: 0 })
    expect(await redrive.queue('checked').get('c1')).toMatchObject({ state: 'pending' })
  })
})

describe('NDJSON', () => {
  test('from a file', async () => {
    const path = await file('three.ndjson', '{"n":1}\n{"n":2}\n{"n":3}')
    expect(await run(['send', 'emails', '--file', path])).toEqual({
      code: 0,
      stdout: 'created 3, duplicate 0, failed 0\n',
      stderr: '',
    })
    expect((await list()).map(({ context }) => context['payload'] as unknown)).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  })

  test('from stdin, with one line of JSON for each', async () => {
    const { code, stdout, stderr } = await run(['send', 'emails', '-', '--json'], '1\n2\n')
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'created 2, duplicate 0, failed 0\n' })
    expect(ndjson(stdout)).toEqual([1, 2].map((line) => ({ line, id: expect.any(String), status: 'created' })))
  })

  test('a broken line is told by its number, the others still go, and the end is 1', async () => {
    const { code, stdout, stderr } = await run(['send', 'emails', '--file', '-'], '1\n\n{"to":\n3\n')
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'created 2, duplicate 0, failed 1\n' })
    expect(stderr).toMatch(/^error: E_BROKEN_LINE: line 3: it is not JSON: .*\n$/)
    expect(await list()).toHaveLength(2)
  })

  test('with --json the broken line has its record, in its place', async () => {
    const { code, stdout, stderr } = await run(['send', 'emails', '-', '--json'], '1\n{\n3\n')
    expect(code).toBe(1)
    expect(ndjson(stdout).map(({ line, status }) => [line, status])).toEqual([
      [1, 'created'],
      [2, 'failed'],
      [3, 'created'],
    ])
    expect(JSON.parse(stderr.split('\n')[1]!)).toMatchObject({ error: { code: 'E_BROKEN_LINE', details: { line: 2 } } })
  })

  test('in envelopes, each with its own id and delay', async () => {
    const lines = [
      '{"input":{"n":1},"id":"a"}',
      '{"input":2,"delay":"2h"}',
      '{"n":3}',
      '{"input":4,"dealy":1}',
      '{"input":5,"id":"a"}',
    ]
    const { code, stdout, stderr } = await run(['send', 'emails', '-', '--envelope', '--delay', '1h'], lines.join('\n'))
    expect({ code, stdout }).toEqual({ code: 1, stdout: 'created 2, duplicate 1, failed 2\n' })
    expect(stderr).toMatch(/E_INVALID_OPTION: line 3: .*\n.*E_INVALID_OPTION: line 4: .*"dealy"/)
    expect((await list()).map(({ context }) => context['delay'])).toEqual([3_600_000, 7_200_000])
  })

  test('a file that is not there is wrong usage', async () => {
    expect(await run(['send', 'emails', '--file', join(directory, 'no.ndjson')])).toMatchObject({ code: 2, stdout: '' })
    expect(await run(['send', 'emails', '--file', directory])).toMatchObject({ code: 2, stdout: '' })
  })

  test('of any length: every line once, in their order', async () => {
    const count = 3000
    const text = Array.from({ length: count }, (_, n) => JSON.stringify({ input: { n }, id: `n${n}` })).join('\n')
    const { stdout } = await run(['send', 'many', '-', '--envelope', '--json'], text)
    expect(ndjson(stdout).map(({ id }) => id)).toEqual(Array.from({ length: count }, (_, n) => `n${n}`))
    expect((await redrive.queue('many').stats()).states).toEqual({ pending: count })
  })

  test('is given up when Redis is full, and the rest is not tried', async () => {
    await run(['send', 'emails', '0'])
    await redis.client().config('SET', 'maxmemory', '1')
    try {
      const { code, stdout, stderr } = await run(['send', 'emails', '-'], '1\n'.repeat(2000))
      expect(code).toBe(1)
      expect(stdout).toMatch(/^created 0, /)
      expect(stderr).toContain('E_REDIS_FULL')
    } finally {
      await redis.client().config('SET', 'maxmemory', '0')
    }
  })
})

describe('on a terminal', () => {
  const env = () => ({ REDIS_URL: redis.url })

  test('a bar tells how far a file is, and is gone at the end', async () => {
    const path = await file('bar.ndjson', '1\n'.repeat(1200))
    const terminal = fakeTerminal({ tty: true, env: env() })
    expect(await terminal.run('send', 'emails', '--file', path)).toBe(0)
    expect(terminal.stderr()).toMatch(/░+ 0% {2}0 messages/)
    expect(terminal.stderr()).toMatch(/█+ 100% {2}1200 messages/)
    expect(terminal.stdout()).toBe('created 1200, duplicate 0, failed 0\n')
  })

  test('a pipe is counted; Ctrl-C ends it with 130, and what was read is sent', async () => {
    const terminal = fakeTerminal({ tty: true, env: env() })
    const code = terminal.run('send', 'emails', '-')
    terminal.type('1\n'.repeat(1000))
    await terminal.until('stderr', /[1-9]\d* messages/)
    terminal.interrupt('SIGINT')
    expect(await code).toBe(130)
    const sent = Number(/created (\d+)/.exec(terminal.stdout())![1])
    expect(sent).toBeGreaterThan(0)
    expect((await redrive.queue('emails').stats()).states).toEqual({ pending: sent })
  })
})
