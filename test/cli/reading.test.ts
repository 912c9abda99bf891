import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Redrive, silentLogger } from '../../src/index.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { cli, ndjson, startCli } from './run-cli.ts'

/** emails: `ok` succeeded, `bad` is dead, `later` waits. reports: one of 3 messages in each of 4 partitions or so. */
let redis: TestRedis
let redrive: Redrive
const run = (...args: string[]) => cli(args, { env: { REDIS_URL: redis.url } })

beforeAll(async () => {
  redis = await startTestRedis()
  redrive = new Redrive({ redis: redis.url, logger: silentLogger })
  const emails = redrive.queue('emails', {
    retry: { attempts: 2, backoff: { type: 'fixed', delay: 1, jitter: 'none' } },
  })
  await emails.send({ to: 'ada' }, { id: 'ok' })
  await emails.send({ to: 'bob', fail: true }, { id: 'bad' })
  await emails.send({ to: 'eve' }, { id: 'later', delay: '1h' })
  const worker = emails.work((input: { fail?: boolean }) => {
    if (input.fail) throw new Error('no\u001b[2J luck')
    return 'done'
  })
  await emails.result('ok')
  await emails.result('bad').catch(() => {})
  await worker.stop()
  const reports = redrive.queue('reports', { partitions: 4 })
  await Promise.all([1, 2, 3].map((n) => reports.send(n, { id: `r${n}`, delay: '1h' })))
})

afterAll(async () => {
  await redrive.close()
  await redis.stop()
})

describe('ls', () => {
  test('lists the queues, whatever their partitions', async () => {
    const { code, stdout, stderr } = await run('ls')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toBe(
      'QUEUE    MESSAGES  STATES\nemails   3         dead 1, pending 1, succeeded 1\nreports  3         pending 3\n',
    )
    expect(ndjson((await run('ls', '--json')).stdout)).toEqual([
      expect.objectContaining({ queue: 'emails', messages: 3, states: { dead: 1, pending: 1, succeeded: 1 } }),
      expect.objectContaining({ queue: 'reports', messages: 3, states: { pending: 3 } }),
    ])
  })

  test('lists the messages of a queue, without colours in a pipe, and harmless', async () => {
    const { stdout } = await run('ls', 'emails')
    const [heading, ...rows] = stdout.trimEnd().split('\n')
    expect(heading).toMatch(/^ID +STATE +ENTERED +DUE +ATTEMPT +ERROR$/)
    expect(rows.map((row) => row.split(/ {2,}/).slice(0, 2))).toEqual([
      ['bad', 'dead'],
      ['later', 'pending'],
      ['ok', 'succeeded'],
    ])
    expect(stdout).toMatch(/later .* in (59m|1h)/)
    expect(stdout).toMatch(/bad .* 2 +no\\u001b\[2J luck/)
    // oxlint-disable-next-line no-control-regex
    expect(stdout).not.toMatch(/\u001b/)
  })

  test('by state, the newest first, and only so many', async () => {
    const { stdout } = await run('ls', 'reports', '--state', 'pending', '--newest', '--json')
    const times = ndjson(stdout).map(({ attentionAt }) => Number(attentionAt))
    expect(times).toHaveLength(3)
    expect(times).toEqual(times.toSorted((a, b) => b - a))
    const two = await run('ls', 'reports', '--limit', '2', '--json')
    expect(ndjson(two.stdout)).toHaveLength(2)
    expect(two.stderr).toBe('2 of 3 messages; --limit shows more\n')
  })

  test('names the state that was meant', async () => {
    const { code, stdout, stderr } = await run('ls', 'emails', '--state', 'ded')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain('Did you mean "dead"?')
  })

  test('has colours on a terminal, unless NO_COLOR is set', async () => {
    const colored = fakeTerminal({ tty: true, env: { REDIS_URL: redis.url } })
    expect(await colored.run('ls')).toBe(0)
    expect(colored.stdout()).toContain('\u001b[1mQUEUE')
    const plain = fakeTerminal({ tty: true, env: { REDIS_URL: redis.url, NO_COLOR: '1' } })
    expect(await plain.run('ls')).toBe(0)
    expect(plain.stdout()).not.toContain('\u001b[')
  })
})

describe('show', () => {
  test('shows all of a message', async () => {
    const { code, stdout, stderr } = await run('show', 'emails', 'bad')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^state +dead \(dead, settled\)$/m)
    expect(stdout).toMatch(/^machine +message@0#[0-9a-f]{8}$/m)
    expect(stdout).toContain('"to": "bob"')
    const [message] = ndjson((await run('show', 'emails', 'bad', '--json')).stdout)
    expect(message).toMatchObject({
      id: 'bad',
      queue: 'emails',
      state: 'dead',
      context: { attempt: 2, reason: 'exhausted' },
    })
  })

  test('finds a message in its partition', async () => {
    for (const id of ['r1', 'r2', 'r3']) expect(await run('show', 'reports', id)).toMatchObject({ code: 0 })
  })

  test.each([
    ['a message', ['show', 'emails', 'nope'], /^error: E_NOT_FOUND: .*"nope" in "emails"/],
    ['the history of one', ['history', 'emails', 'nope'], /^error: E_NOT_FOUND: /],
    ['a queue, naming the nearest', ['show', 'emials', 'ok'], /^error: E_UNKNOWN_QUEUE: .*Did you mean "emails"\?/],
    ['a queue, naming all', ['stats', 'billing'], /^error: E_UNKNOWN_QUEUE: .*There are: emails, reports\./],
  ])('ends with 3 when there is no such thing: %s', async (_, args, message) => {
    const { code, stdout, stderr } = await run(...args)
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toMatch(message)
  })

  test('an unknown queue does not begin to exist', async () => {
    await run('ls', 'billing')
    expect([...(await redrive.queues()).keys()].toSorted()).toEqual(['emails', 'reports'])
  })
})

test('history tells each transition, and how long the message stayed', async () => {
  const { code, stdout } = await run('history', 'emails', 'bad')
  expect(code).toBe(0)
  expect(stdout).toMatch(/^# +AT +EVENT +FROM +TO +STAYED +BY +ERROR\n0 +\S+Z +init +- +pending +\d+ms/)
  expect(stdout).toMatch(/error handler +processing +dead +- +\S+ +Error: no\\u001b\[2J luck\n$/)
  const entries = ndjson((await run('history', 'emails', 'bad', '--json')).stdout)
  expect(entries.map(({ to }) => to)).toEqual(['pending', 'processing', 'retrying', 'processing', 'dead'])
  expect(entries.map(({ duration }) => duration)).toEqual([...Array<unknown>(4).fill(expect.any(Number)), null])
  expect((await run('history', 'emails', 'bad', '--contexts')).stdout).toMatch(/does not keep what its steps change/)

  const kept = redrive.queue('kept', { journal: { contexts: true } })
  await kept.send({ to: 'ada' }, { id: 'k', delay: '1h' })
  const { stdout: told } = await run('history', 'kept', 'k', '--contexts')
  await kept.remove('k')
  await redis.client().hdel('rd:queues', 'kept')
  expect(told).toMatch(/\n0 {2}payload = \{"to":"ada"\}\n/)
})

describe('stats', () => {
  test('draws the populations', async () => {
    const { code, stdout } = await run('stats', 'reports')
    expect(code).toBe(0)
    expect(stdout).toMatch(/^reports {2}3 messages, next due in (59m|1h).*\n {2}pending {2}3 {2}█{40}\n$/)
    expect(ndjson((await run('stats', '--json')).stdout).map(({ queue }) => queue)).toEqual(['emails', 'reports'])
  })

  test('--watch goes on until Ctrl-C, which ends it with 130', async () => {
    const watching = startCli(['stats', 'emails', '--watch', '--json'], { env: { REDIS_URL: redis.url } })
    await watching.until('stdout', /\n.*\n/)
    watching.child.kill('SIGINT')
    const { code, stdout, stderr } = await watching.ended
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' })
    const snapshots = ndjson(stdout)
    expect(snapshots.length).toBeGreaterThanOrEqual(2)
    for (const each of snapshots) expect(each).toMatchObject({ queue: 'emails', states: { dead: 1 } })
  })

  test('--watch draws over itself on a terminal', async () => {
    const terminal = fakeTerminal({ tty: true, env: { REDIS_URL: redis.url } })
    const code = terminal.run('stats', '--watch')
    // oxlint-disable-next-line no-control-regex
    await terminal.until('stdout', /\u001b\[H[^]*reports/)
    terminal.interrupt('SIGINT')
    expect(await code).toBe(130)
  })
})
