import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, existsSync, openSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { cli, MAIN, ndjson, startCli } from './run-cli.ts'

const VERBS = ['dev', 'worker', 'send', 'ls', 'show', 'history', 'stats', 'retry', 'cancel', 'redrive', 'rm']
/** Nobody listens on the discard port of this machine. */
const NOBODY = 'redis://127.0.0.1:9'

describe('help', () => {
  test('lists every verb, on stdout', async () => {
    const { code, stdout, stderr } = await cli(['--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    for (const verb of VERBS) expect(stdout).toMatch(new RegExp(`^  ${verb}(\\|\\S+)? `, 'm'))
  })

  test.each(VERBS)('of %s has examples and the options of all verbs', async (verb) => {
    const terminal = fakeTerminal()
    expect(await terminal.run(verb, '--help')).toBe(0)
    expect(terminal.stdout()).toContain(`  $ redrive ${verb}`)
    expect(terminal.stdout()).toContain('--redis <url>')
  })

  test('help of a verb is also had by the verb help', async () => {
    const terminal = fakeTerminal()
    expect(await terminal.run('help', 'send')).toBe(0)
    expect(terminal.stdout()).toContain('Usage: redrive send')
  })

  test('--version tells the version', async () => {
    expect(await cli(['--version'])).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) })
  })
})

describe('a wrong command line ends with 2, and says what is meant', () => {
  test.each<[string, string[], RegExp]>([
    ['no verb', [], /E_USAGE: give a verb/],
    [
      'a misspelt verb',
      ['histry', 'emails', 'e1'],
      /unknown command 'histry' \(Did you mean history\?\)\nsee: redrive --help/,
    ],
    [
      'a misspelt option',
      ['ls', '--stat', 'dead'],
      /unknown option '--stat' \(Did you mean --state\?\)\nsee: redrive ls --help/,
    ],
    ['a missing argument', ['show', 'emails'], /missing required argument 'id'/],
    ['one argument too many', ['show', 'emails', 'e1', 'e2'], /too many arguments/],
    [
      'a number that is none',
      ['ls', 'emails', '--limit', 'ten'],
      /E_INVALID_OPTION: --limit must be a whole number .* got "ten"/,
    ],
    ['a duration without unit', ['send', 'emails', '1', '--delay', '10'], /E_INVALID_DURATION: --delay/],
    ['no payload', ['send', 'emails'], /E_USAGE: give a payload/],
    ['a payload that is not JSON', ['send', 'emails', '{to:1}'], /E_USAGE: the payload is not JSON: .*Quote it/],
    ['a payload and a file', ['send', 'emails', '1', '--file', 'x'], /not both/],
    ['an id for a file', ['send', 'emails', '-', '--id', 'e1'], /--envelope/],
    ['no selection', ['rm', 'emails'], /say which messages to rm/],
    ['ids and a state', ['retry', 'emails', 'e1', '--state', 'dead'], /not both/],
    ['a limit for ids', ['rm', 'emails', 'e1', '--limit', '1'], /--limit goes with/],
    ['an id that can be none', ['rm', 'emails', 'a{b}', '--yes'], /E_INVALID_ID/],
    ['an address that is none', ['ls', '--redis', 'localhost'], /E_INVALID_OPTION: redis must be a URL/],
    ['a directory on another server', ['dev', '--directory', 'x', '--redis', NOBODY], /E_USAGE: --directory/],
  ])('%s', async (_, args, message) => {
    const terminal = fakeTerminal()
    const code = await terminal.run(...args)
    expect({ code, stdout: terminal.stdout() }).toEqual({ code: 2, stdout: '' })
    expect(terminal.stderr()).toMatch(message)
    expect(terminal.stderr()).toMatch(/^error: E_/)
  })

  test('with --json, in JSON too', async () => {
    const { code, stderr } = await cli(['ls', '--jsn', '--json'])
    expect(code).toBe(2)
    const [line, json] = stderr.split('\n')
    expect(line).toMatch(/^error: E_USAGE: /)
    expect(JSON.parse(json!)).toMatchObject({ error: { code: 'E_USAGE', details: {} } })
  })
})

describe('a server that cannot be reached ends with 4, is named, and none other is tried', () => {
  test.each<[string, string[], Record<string, string>]>([
    ['by --redis', ['ls', '--redis', NOBODY], {}],
    ['by REDIS_URL', ['stats'], { REDIS_URL: NOBODY }],
    ['by both, of which --redis wins', ['ls', '--redis', NOBODY], { REDIS_URL: 'redis://127.0.0.1:6379' }],
    ['for dev', ['dev', '--redis', NOBODY], {}],
    [
      'for a worker in two processes, once',
      ['worker', 'test/cli/modules/emails.mjs', '--processes', '2', '--redis', NOBODY],
      {},
    ],
  ])('%s', async (_, args, env) => {
    const { code, stdout, stderr } = await cli(args, { env })
    expect({ code, stdout }).toEqual({ code: 4, stdout: '' })
    expect(stderr).toMatch(/^error: E_REDIS_UNAVAILABLE: redis:\/\/127\.0\.0\.1:9 .*\n$/)
  })

  test('a server that says nothing, when five seconds have passed', async () => {
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const { port } = silent.address() as AddressInfo
    const startedAt = performance.now()
    const { code, stderr } = await cli(['ls', '--redis', `redis://127.0.0.1:${port}`])
    expect(performance.now() - startedAt).toBeLessThan(15_000)
    expect(code).toBe(4)
    expect(stderr).toContain(`redis://127.0.0.1:${port}`)
    silent.close()
  })

  test('a server that is no Redis', async () => {
    const web = createServer((socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'))
    await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve))
    const { port } = web.address() as AddressInfo
    const { code, stderr } = await cli(['ls', '--redis', `redis://127.0.0.1:${port}`])
    expect(code).toBe(4)
    expect(stderr).toContain(`E_REDIS_UNAVAILABLE: redis://127.0.0.1:${port}`)
    web.close()
  })
})

describe('with a server', () => {
  let redis: TestRedis
  const run = (...args: string[]) => cli(args, { env: { REDIS_URL: redis.url } })

  beforeAll(async () => {
    redis = await startTestRedis({ requirepass: '"open sesame!"' })
    await redis.client({ password: 'open sesame!' }).ping()
  })
  afterAll(() => redis.stop())

  const withPassword = (password: string): string =>
    redis.url.replace('//', `//:${encodeURIComponent(password)}@localhost`)

  test('a wrong password ends with 4, and no password is printed', async () => {
    const url = withPassword('wr0ng')
    const { code, stderr } = await cli(['ls', '--redis', url, '--json'], { env: { REDRIVE_DEBUG: '1' } })
    expect(code).toBe(4)
    expect(stderr).toMatch(/^error: E_REDIS_AUTH: unix:/)
    expect(stderr).toContain('    at ')
    expect(stderr).not.toContain('wr0ng')
    expect((await run('ls')).code).toBe(4)
  })

  test('nothing there is no failure', async () => {
    const { code, stdout, stderr } = await cli(['ls', '--redis', withPassword('open sesame!')])
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toContain('no queue yet')
  })

  test('global options stand anywhere, and a prefix keeps queues apart', async () => {
    const url = withPassword('open sesame!')
    await cli(['send', 'emails', '1', '--redis', url, '--prefix', 'mine'])
    const before = await cli(['--json', '--prefix', 'mine', '--redis', url, 'ls'])
    expect(ndjson(before.stdout)).toEqual([expect.objectContaining({ queue: 'emails', messages: 1 })])
    expect((await cli(['ls', '--json', '--redis', url])).stdout).toBe('')
  })

  test('a reader of stdout that goes away is no failure', async () => {
    const url = withPassword('open sesame!')
    const watching = startCli(['stats', '--watch', '--json', '--prefix', 'mine', '--redis', url])
    await watching.until('stdout', /\n/)
    watching.child.stdout!.destroy()
    expect(await watching.ended).toMatchObject({ code: 0, stderr: '' })
  })

  test('what is to be done to many messages is done, also when nobody reads of it any more', async () => {
    const to = ['--json', '--prefix', 'piped', '--redis', withPassword('open sesame!')]
    const lines = Array.from({ length: 5000 }, (_, i) => `{"n":${i},"text":"${'x'.repeat(100)}"}`).join('\n')
    for (const [args, left] of [
      [['send', 'emails', '-', '--delay', '1h'], 5000],
      [['rm', 'emails', '--all', '--yes'], 0],
    ] as const) {
      const changing = startCli([...args, ...to], { input: lines })
      await changing.until('stdout', /\n/)
      changing.child.stdout!.destroy()
      expect(await changing.ended).toMatchObject({ code: 0 })
      const [stats] = ndjson((await cli(['stats', 'emails', ...to])).stdout)
      expect(stats).toMatchObject({ messages: left })
    }
  })

  const full = '/dev/full'
  test('what cannot be written for a full disk is a failure', async () => {
    // Linux alone has it.
    if (!existsSync(full)) return
    const disk = openSync(full, 'w')
    try {
      const child = spawn(process.execPath, [MAIN, '--help'], { stdio: ['ignore', disk, 'pipe'] })
      const [said, [code]] = await Promise.all([text(child.stderr!), once(child, 'close')])
      expect([code, said]).toEqual([1, expect.stringContaining('could not be written: ENOSPC')])
    } finally {
      closeSync(disk)
    }
  })
})
