import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals'
import { NonRetryableError, type Queue, Redrive, silentLogger } from '../../src/index.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { fakeTerminal, type FakeTerminal } from './fake-terminal.ts'
import { cli, ndjson } from './run-cli.ts'

const REVIEWS = fileURLToPath(new URL('./modules/reviews.mjs', import.meta.url))

let redis: TestRedis
let redrive: Redrive
let emails: Queue
const run = (...args: string[]) => cli(args, { env: { REDIS_URL: redis.url } })
const terminal = (): FakeTerminal => fakeTerminal({ tty: true, env: { REDIS_URL: redis.url } })
const populations = async () =>
  Object.fromEntries(Object.entries((await emails.stats()).states).filter(([, count]) => count > 0))
/** What a verb has asked of a message, and no worker has taken up yet. */
const inbox = async (id: string) => (await emails.get(id))?.inbox.map(({ type }) => type)

beforeAll(async () => {
  redis = await startTestRedis()
})
beforeEach(async () => {
  await redis.client().flushall()
  redrive = new Redrive({ redis: redis.url, logger: silentLogger })
  emails = redrive.queue('emails')
  await emails.sendBulk(['p1', 'p2', 'p3'].map((id) => ({ input: id, id, delay: '1h' })))
})
afterEach(() => redrive.close())
afterAll(() => redis.stop())

/** d1 and d2 are dead, s1 succeeded. */
async function settleSome(): Promise<void> {
  await emails.sendBulk(['d1', 'd2', 's1'].map((id) => ({ input: id, id })))
  const worker = emails.work((id) => {
    if (String(id).startsWith('d')) throw new NonRetryableError('no')
  })
  await Promise.allSettled(['d1', 'd2', 's1'].map((id) => emails.result(id)))
  await worker.stop()
}

describe('by ids', () => {
  test('retry asks nothing, and tells what became of each', async () => {
    expect(await run('retry', 'emails', 'p1', 'p2')).toEqual({
      code: 0,
      stdout: 'p1  delivered\np2  delivered\n',
      stderr: '',
    })
    expect([await inbox('p1'), await inbox('p2'), await inbox('p3')]).toEqual([['RETRY'], ['RETRY'], []])
  })

  test('redrive is for dead messages', async () => {
    await settleSome()
    const { code, stdout, stderr } = await run('redrive', 'emails', 'd1', 'p1', '--json')
    expect(code).toBe(1)
    expect(ndjson(stdout)).toEqual([
      { id: 'd1', status: 'delivered' },
      { id: 'p1', status: 'failed', error: expect.objectContaining({ code: 'E_UNKNOWN_EVENT' }) },
    ])
    expect(stderr).toContain('"p1" is in pending, where REDRIVE does nothing. Possible: RETRY, CANCEL.')
    expect(await inbox('d1')).toEqual(['REDRIVE'])
  })

  test('what is finished cannot be cancelled any more', async () => {
    await settleSome()
    const { code, stderr } = await run('cancel', 'emails', 's1', '--yes')
    expect(code).toBe(1)
    expect(stderr).toContain('It is finished.')
  })

  test('--wait waits until a worker has taken it up, and tells the state', async () => {
    const worker = emails.work(() => new Promise(() => {}))
    const { code, stdout } = await run('cancel', 'emails', 'p1', '--yes', '--wait', '10s', '--json')
    expect(code).toBe(0)
    expect(ndjson(stdout)).toEqual([{ id: 'p1', status: 'applied', state: 'cancelled' }])
    await worker.stop()
    const late = await run('retry', 'emails', 'p2', '--wait', '1ms')
    expect(late).toMatchObject({ code: 1, stdout: 'p2  failed\n', stderr: expect.stringContaining('E_TIMEOUT') })
  })

  test('rm deletes', async () => {
    expect(await run('rm', 'emails', 'p1', 'p2', 'p1', '--yes')).toMatchObject({
      code: 0,
      stdout: 'p1  deleted\np2  deleted\n',
    })
    expect(await populations()).toEqual({ pending: 1 })
  })

  test('one that is not there ends with 3, and the others still go', async () => {
    const { code, stdout, stderr } = await run('rm', 'emails', 'nope', 'p1', '--yes', '--json')
    expect(code).toBe(3)
    expect(ndjson(stdout).map(({ id, status }) => [id, status])).toEqual([
      ['nope', 'not found'],
      ['p1', 'deleted'],
    ])
    expect(stderr).toMatch(/^error: E_NOT_FOUND: /)
    expect((await run('retry', 'emails', 'nope')).code).toBe(3)
  })

  test('one that a worker has is not deleted, and the end is 1', async () => {
    await emails.hold('p1', async () => {
      const { code, stdout, stderr } = await run('rm', 'emails', 'p1', 'nope', '--yes')
      expect({ code, stdout }).toEqual({ code: 1, stdout: 'p1  failed\nnope  not found\n' })
      expect(stderr).toContain('E_LOCKED')
    })
    expect(await emails.get('p1')).toBeDefined()
  })

  test('an unknown queue ends with 3', async () => {
    expect(await run('retry', 'email', 'p1')).toMatchObject({
      code: 3,
      stdout: '',
      stderr: expect.stringContaining('Did you mean "emails"?'),
    })
  })
})

describe('in bulk', () => {
  test('--all is every state that the verb is for', async () => {
    await settleSome()
    const redriven = await run('redrive', 'emails', '--all', '--yes', '--json')
    expect(ndjson(redriven.stdout).map(({ id }) => id)).toEqual(['d1', 'd2'])
    const cancelled = await run('cancel', 'emails', '--all', '--yes', '--json')
    expect(
      ndjson(cancelled.stdout)
        .map(({ id }) => String(id))
        .toSorted(),
    ).toEqual(['p1', 'p2', 'p3'])
    const deleted = await run('rm', 'emails', '--all', '--yes', '--json')
    expect(ndjson(deleted.stdout)).toHaveLength(6)
    expect(await populations()).toEqual({})
  })

  test('--state and --limit take the oldest', async () => {
    await settleSome()
    const { code, stdout } = await run('rm', 'emails', '--state', 'dead', '--limit', '1', '--yes')
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'd1  deleted\n' })
  })

  test('nothing to do is no failure', async () => {
    expect(await run('redrive', 'emails', '--all')).toEqual({
      code: 0,
      stdout: '',
      stderr: 'no messages to redrive in "emails"\n',
    })
  })

  test('more than a page', async () => {
    await emails.sendBulk(Array.from({ length: 1500 }, (_, n) => ({ input: n, id: `n${n}`, delay: '2h' })))
    const { code, stdout } = await run('rm', 'emails', '--state', 'pending', '--yes', '--json')
    expect(code).toBe(0)
    expect(new Set(ndjson(stdout).map(({ id }) => id)).size).toBe(1503)
    expect(await populations()).toEqual({})
  })
})

describe('--dry-run', () => {
  test.each([
    ['retry', ['--all'], 'would be retried'],
    ['cancel', ['--state', 'pending'], 'would be cancelled'],
    ['rm', ['p1', 'p2', 'p3'], 'would be deleted'],
  ])('%s tells what would happen, asks nothing and changes nothing', async (verb, selection, status) => {
    const keys = async () =>
      Promise.all((await redis.client().keys('*')).toSorted().map(async (key) => [key, await redis.client().dump(key)]))
    const before = await keys()
    const { code, stdout, stderr } = await run(verb, 'emails', ...selection, '--dry-run', '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const records = ndjson(stdout).toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1))
    expect(records).toEqual(['p1', 'p2', 'p3'].map((id) => ({ id, status, state: 'pending', dryRun: true })))
    expect(await keys()).toEqual(before)
  })

  test('finds out what would fail', async () => {
    expect(await run('redrive', 'emails', 'p1', '--dry-run')).toMatchObject({ code: 1, stdout: 'p1  failed\n' })
    expect(await run('rm', 'emails', 'nope', '--dry-run')).toMatchObject({ code: 3, stdout: 'nope  not found\n' })
  })
})

describe('the question', () => {
  test.each([
    ['cancel', ['p1']],
    ['rm', ['p1']],
    ['retry', ['--all']],
  ])(
    'of %s %p needs somebody to answer: without a terminal nothing happens, and --yes is the mend',
    async (verb, selection) => {
      const { code, stdout, stderr } = await run(verb, 'emails', ...selection)
      expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
      expect(stderr).toMatch(/^error: E_USAGE: .*add --yes/)
      expect([await populations(), await inbox('p1')]).toEqual([{ pending: 3 }, []])
    },
  )

  test.each(['y\n', 'Yes\n'])('is answered %j: it is done', async (answer) => {
    const screen = terminal()
    const code = screen.run('rm', 'emails', '--state', 'pending')
    await screen.until('stderr', /Delete 3 messages of "emails"\? \[y\/N\] /)
    screen.type(answer)
    expect(await code).toBe(0)
    expect(await populations()).toEqual({})
    expect(screen.stdout()).toMatch(/^(p\d {2}deleted\n){3}$/)
  })

  test.each(['\n', 'n\n', 'what?\n'])('is answered %j: nothing is changed, and the end is 1', async (answer) => {
    const screen = terminal()
    const code = screen.run('cancel', 'emails', 'p1')
    await screen.until('stderr', /Cancel 1 message of "emails"\? \[y\/N\] /)
    screen.type(answer)
    expect(await code).toBe(1)
    expect(screen.stdout()).toBe('')
    expect(screen.stderr()).toMatch(/nothing was changed\n$/)
    expect(await inbox('p1')).toEqual([])
  })

  test('is answered by Ctrl-C: 130', async () => {
    const screen = terminal()
    const code = screen.run('rm', 'emails', 'p1')
    await screen.until('stderr', /\[y\/N\] /)
    screen.type('\u0003')
    expect(await code).toBe(130)
    expect(await populations()).toEqual({ pending: 3 })
  })
})

describe('a queue with a machine of its own', () => {
  beforeEach(() => run('send', 'reviews', '"text"', '--id', 'r1', '--module', REVIEWS))

  test('is read without its module', async () => {
    expect(ndjson((await run('show', 'reviews', 'r1', '--json')).stdout)).toEqual([
      expect.objectContaining({ state: 'review.waiting', machine: expect.stringMatching(/^review@/) }),
    ])
  })

  test('needs its module where a message is sent an event', async () => {
    const { code, stderr } = await run('cancel', 'reviews', 'r1', '--yes')
    expect(code).toBe(1)
    expect(stderr).toMatch(/^error: E_UNKNOWN_MACHINE: .*--module/)
    expect(await run('cancel', 'reviews', 'r1', '--yes', '--module', REVIEWS)).toMatchObject({ code: 0 })
    const unknown = await run('retry', 'reviews', 'r1', '--module', REVIEWS)
    expect(unknown).toMatchObject({ code: 1, stderr: expect.stringMatching(/E_UNKNOWN_EVENT: .*Possible: /) })
  })

  test('rm needs no module', async () => {
    expect(await run('rm', 'reviews', '--all', '--yes')).toMatchObject({ code: 0, stdout: 'r1  deleted\n' })
  })
})
