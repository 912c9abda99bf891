import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { Redrive, silentLogger } from '../../src/index.ts'
import { startTestRedis } from '../support/redis.ts'
import { cli, ndjson, startCli } from './run-cli.ts'

const moduleFile = (name: string): string => fileURLToPath(new URL(`./modules/${name}.mjs`, import.meta.url))
const ORDERS = moduleFile('orders')

/** Without any server: an address that nobody answers at would be an error. */
const run = (...args: string[]) => cli(['run', ...args])

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'redrive-run-'))
})
afterAll(() => rm(directory, { recursive: true }))

async function moduleOf(name: string, work: string): Promise<string> {
  const path = join(directory, `${name}.mjs`)
  await writeFile(path, `export default (redrive) => { redrive.queue('a', ${work} }`)
  return path
}

describe('run', () => {
  test('takes a message of a workflow to its end with no set-up, and prints its output', async () => {
    const { code, stdout, stderr } = await run(ORDERS, '--input', '{"total":42}', '--id', 'o1', '--signal', 'APPROVE')
    expect({ code, stdout }).toEqual({ code: 0, stdout: '{"charged":42}\n' })
    const steps = stderr.trim().split('\n')
    expect(steps.map((line) => line.replace(/^[\d:.]+ {2}/, ''))).toEqual([
      'orders o1  waiting  init',
      'orders o1  waiting → charging  APPROVE',
      'orders o1  charging → paid  done charge',
    ])
  })

  test('--json prints each transition and the end as lines of JSON', async () => {
    const { code, stdout, stderr } = await run(ORDERS, '--signal', '{"type":"REJECT"}', '--json')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const lines = ndjson(stdout)
    expect(lines).toHaveLength(3)
    expect(lines.slice(0, 2)).toMatchObject([{ transition: { to: 'waiting' } }, { transition: { to: 'gone' } }])
    expect(lines[2]).toEqual({ queue: 'orders', id: expect.any(String), state: 'gone', output: null })
  })

  test('says what a message waits for, and can be told how long', async () => {
    const { code, stdout, stderr } = await run(ORDERS, '--timeout', '1s')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toContain('waits in waiting for an event: APPROVE, REJECT, HOLD\n')
    expect(stderr).toContain('error: E_TIMEOUT: the message did not finish within 1s.')
  })

  test('a Ctrl-C ends it, with 130', async () => {
    const running = startCli(['run', ORDERS])
    await running.until('stderr', /waits in waiting/)
    running.child.kill('SIGINT')
    expect((await running.ended).code).toBe(130)
  })

  test('runs retries as they are, and ends with 1 for a message that is dead', async () => {
    const emails = moduleFile('emails')
    const sent = await run(emails, '--queue', 'emails', '--input', '{"to":"ada"}')
    expect(sent).toMatchObject({ code: 0, stdout: '"sent to ada"\n' })
    const { code, stdout, stderr } = await run(emails, '--queue', 'emails', '--input', '{"to":"ada","fail":true}')
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr.match(/→ processing/g)).toHaveLength(2)
    expect(stderr).toMatch(/error: E_DEAD: .* is dead: no luck with ada\n$/)
  })

  test('prints the output of a message that leaves nothing behind', async () => {
    const path = await moduleOf('tidy', `{ retention: { succeeded: 0 } }).work((n) => n * 2)`)
    expect(await run(path, '--input', '21')).toMatchObject({ code: 0, stdout: '42\n' })
  })

  test('on a server it leaves the message there, and other messages alone', async () => {
    const redis = await startTestRedis()
    const redrive = new Redrive({ redis: redis.url, logger: silentLogger })
    try {
      await redrive.queue('reports').send(1, { id: 'before', delay: '1h' })
      const args = [moduleFile('emails'), '--queue', 'reports', '--id', 'r1', '--redis', redis.url]
      const { code, stdout, stderr } = await run(...args)
      expect({ code, stdout }).toEqual({ code: 0, stdout: '"reported"\n' })
      expect(stderr).toMatch(/reports r1 {2}pending {2}init\n[^]*→ succeeded/)
      expect(await redrive.queue('reports').get('r1')).toMatchObject({ state: 'succeeded' })
      const again = await run(...args)
      expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining('there is a message "r1" already') })
    } finally {
      await redrive.close()
      await redis.stop()
    }
  })

  test.each<[string, string[], number, RegExp]>([
    [
      'several queues and none named',
      [moduleFile('emails')],
      2,
      /works on emails, reports: say which by --queue <name>/,
    ],
    ['a queue that is not there', [ORDERS, '--queue', 'order'], 3, /Did you mean "orders"\?/],
    ['a broken input', [ORDERS, '--input', '{'], 2, /--input is not JSON/],
    ['an event that the machine does not know', [ORDERS, '--signal', 'APROVE'], 1, /E_UNKNOWN_EVENT/],
    ['a module that is not there', ['nowhere.mjs'], 2, /there is no file "nowhere.mjs"/],
  ])('refuses %s', async (_, args, code, message) => {
    expect(await run(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) })
  })
})
