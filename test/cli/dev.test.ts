import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { watchQueues } from '../../src/cli/dev-watch.ts'
import { openSession } from '../../src/cli/session.ts'
import { createMemoryStore, Redrive, silentLogger } from '../../src/index.ts'
import { fakeTerminal } from './fake-terminal.ts'
import { cli, type CliOptions, isAlive, ndjson, type RunningCli, startCli } from './run-cli.ts'

const EMAILS = fileURLToPath(new URL('./modules/emails.mjs', import.meta.url))

let directory: string
const started = new Set<RunningCli>()

function startDev(args: readonly string[] = [], options: CliOptions = {}): RunningCli {
  const running = startCli(['dev', ...args], options)
  started.add(running)
  return running
}

async function socketOf(running: RunningCli): Promise<{ url: string; path: string }> {
  const [, url = ''] = await running.until('stderr', /^redis (unix:\S+)$/m)
  return { url, path: url.replace('unix://', '') }
}

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redrive-cli-'))
})
afterEach(() => {
  for (const { child } of started) child.kill('SIGKILL')
  started.clear()
})
afterAll(() => rm(directory, { recursive: true }))

describe('with a private server', () => {
  test('shows what happens; a worker that is killed loses nothing; after Ctrl-C nothing is left', async () => {
    const running = startDev([EMAILS, '--processes', '2'])
    const { url, path } = await socketOf(running)
    await running.until('stderr', /(worker \d+ ready[^]*){2}/)
    const send = (...args: string[]) => cli(['send', 'emails', ...args, '--redis', url])
    expect(await send('{"to":"ada"}', '--id', 'e1')).toMatchObject({ code: 0, stdout: 'e1  created\n' })
    await running.until('stdout', /^\d\d:\d\d:\d\d\.\d{3} {2}emails e1 {2}processing → succeeded {2}done handler$/m)
    await send('{"to":"bob","hang":true}', '--id', 'h1')
    const [, holder] = await running.until('stderr', /"h1": in (\d+)/)
    process.kill(Number(holder), 'SIGKILL')
    await running.until('stdout', /emails h1 {2}processing → succeeded/)
    await running.until('stderr', /(worker \d+ ready[^]*){3}/)
    running.child.kill('SIGINT')
    const { code, stderr } = await running.ended
    expect(code).toBe(130)
    const pids = [...stderr.matchAll(/worker (\d+) ready/g)].map(([, pid]) => Number(pid))
    expect(pids).toHaveLength(3)
    expect(pids.filter(isAlive)).toEqual([])
    expect(existsSync(path)).toBe(false)
    expect(await send('1')).toMatchObject({ code: 4 })
  })

  test('without a module it echoes; with --json every line is a transition; new queues are shown', async () => {
    const running = startDev(['--json'])
    const { url } = await socketOf(running)
    await running.until('stderr', /worker \d+ ready: dev\n/)
    expect(running.stderr()).toContain(`try: redrive send dev '{"hello":"world"}' --redis ${url}\n`)
    await cli(['send', 'dev', '{"hello":"world"}', '--id', 'd1', '--redis', url])
    await running.until('stderr', /log: attempt 1 at d1|"d1": attempt 1 at d1: \{"hello":"world"\}/)
    await cli(['send', 'other', '1', '--id', 'o1', '--redis', url])
    await running.until('stdout', /"queue":"other"/)
    await running.until('stdout', /"to":"succeeded"/)
    running.child.kill('SIGTERM')
    const { code, stdout } = await running.ended
    expect(code).toBe(0)
    expect(ndjson(stdout).map(({ queue, id, to }) => [queue, id, to])).toEqual(
      expect.arrayContaining([
        ['dev', 'd1', 'pending'],
        ['dev', 'd1', 'succeeded'],
        ['other', 'o1', 'pending'],
      ]),
    )
  })

  test('keeps its data in a directory, where it is found again', async () => {
    const data = join(directory, 'data')
    const first = startDev(['--directory', data])
    const { url } = await socketOf(first)
    await first.until('stderr', /ready/)
    await cli(['send', 'kept', '1', '--id', 'k1', '--redis', url])
    first.child.kill('SIGINT')
    await first.ended
    const second = startDev(['--directory', data])
    expect((await socketOf(second)).url).toBe(url)
    expect(await cli(['show', 'kept', 'k1', '--redis', url])).toMatchObject({ code: 0 })
    second.child.kill('SIGTERM')
    expect((await second.ended).code).toBe(0)
  })

  test('told to stop while its workers still start, it waits for them', async () => {
    const running = startDev([EMAILS])
    await socketOf(running)
    running.child.kill('SIGTERM')
    // It is over when the last process that holds its pipes has ended.
    expect((await running.ended).code).toBe(0)
  })

  test('its workers do not outlive a SIGKILL', async () => {
    const running = startDev([EMAILS])
    await running.until('stderr', /worker (\d+) ready/)
    running.child.kill('SIGKILL')
    // It is over when the last process that holds its pipes has ended.
    expect((await running.ended).code).toBe('SIGKILL')
  })

  test('a module that cannot run ends it, with the server', async () => {
    const { code, stderr } = await startDev(['no-such-module.mjs']).ended
    expect(code).toBe(2)
    expect(stderr).toContain('error: E_INVALID_OPTION: there is no file "no-such-module.mjs".')
    expect(existsSync(/unix:\/\/(\S+)/.exec(stderr)![1]!)).toBe(false)
  })
})

describe('where there is no Redis server', () => {
  const nothing = { env: { PATH: '' } }

  test('messages live in memory, and one line says so', async () => {
    const module = fileURLToPath(new URL('./modules/sends-itself.mjs', import.meta.url))
    const running = startDev([module, '--processes', '2'], nothing)
    await running.until('stdout', /self s1 {2}processing → succeeded/)
    running.child.kill('SIGINT')
    const { code, stderr } = await running.ended
    expect(code).toBe(130)
    expect(stderr.split('\n').slice(0, 3)).toEqual([
      expect.stringMatching(/^warning: no redis-server or valkey-server on PATH: messages live in the memory/),
      expect.stringMatching(/^--processes needs a Redis server/),
      `worker ${running.child.pid} ready: self`,
    ])
  })

  test('--directory, which promises to keep them, is refused with 4', async () => {
    const { code, stderr } = await startDev(['--directory', join(directory, 'never')], nothing).ended
    expect(code).toBe(4)
    expect(stderr).toMatch(/^error: E_REDIS_MISSING: /)
    expect(existsSync(join(directory, 'never'))).toBe(false)
  })
})

test('on a terminal a line at the foot tells the populations, and makes room for every other line', async () => {
  const redrive = new Redrive({ store: createMemoryStore(), logger: silentLogger })
  const screen = fakeTerminal({ tty: true, columns: 30 })
  const session = openSession(
    { terminal: screen.terminal, interruption: { take: () => () => {}, interrupt: () => {} }, entry: '' },
    {},
  )
  await redrive.queue('emails').send(1, { id: 'e1', delay: '1h' })
  const watching = await watchQueues(session, redrive, { from: 'start', open: new Set(['emails']) })
  // oxlint-disable-next-line no-control-regex
  await screen.until('stderr', /\r\u001b\[Kemails: pending 1/)
  await screen.until('stdout', /emails e1 .*pending.*init/)
  await watching.stop()
  // oxlint-disable-next-line no-control-regex
  expect(screen.stderr()).toMatch(/\r\u001b\[K$/)
  await redrive.close()
})
