/** What people type who come from another tool, and a payload as they have it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import picocolors from 'picocolors'
import { byMeaning } from '../../src/cli/other-words.ts'
import { table } from '../../src/cli/table.ts'
import { Redrive, silentLogger } from '../../src/index.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { cli } from './run-cli.ts'

let server: TestRedis
let redrive: Redrive
let directory: string
beforeAll(async () => {
  server = await startTestRedis()
  redrive = new Redrive({ redis: server.url, logger: silentLogger })
  directory = await mkdtemp(join(tmpdir(), 'redrive-words-'))
})
afterAll(async () => {
  await redrive.close()
  await server.stop()
  await rm(directory, { recursive: true })
})
const run = (args: readonly string[], input = '') => cli([...args, '--redis', server.url], { input })

test('the names of other tools do what they say', async () => {
  await redrive.queue('words').send({ a: 1 }, { id: 'w1' })
  expect((await run(['list', 'words'])).stdout).toContain('w1')
  expect((await run(['status', 'words'])).stdout).toContain('pending')
  expect((await run(['get', 'words', 'w1'])).stdout).toContain('w1')
  expect((await run(['delete', 'words', 'w1', '--yes'])).code).toBe(0)
  expect(await redrive.queue('words').get('w1')).toBeUndefined()
})

test.each([
  ['logs', 'history <queue> <id>'],
  ['jobs', 'ls'],
  ['failed', 'ls <queue> --state dead'],
  ['requeue', 'redrive <queue> --all'],
  ['enqueue', 'send <queue> <json>'],
  ['PURGE', 'rm <queue> --state <state>'],
  ['ps', 'workers'],
])('%s is answered by what does that here', (word, line) => {
  expect(byMeaning(`error: unknown command '${word}'`)).toBe(`unknown command '${word}'. Did you mean: redrive ${line}`)
})

test('at the command line too, with 2; a word that means nothing is left to its spelling', async () => {
  const { code, stderr } = await cli(['requeue', 'emails'])
  expect(code).toBe(2)
  expect(stderr).toContain("E_USAGE: unknown command 'requeue'. Did you mean: redrive redrive <queue> --all")
  expect(byMeaning("error: unknown command 'toString'")).toBeUndefined()
})

describe('send', () => {
  const at = '2031-05-06T07:08:09Z'

  test('takes the payload from --data, a file or stdin', async () => {
    const path = join(directory, 'input.json')
    await writeFile(path, '\uFEFF{"from":"file"}\n')
    expect((await run(['send', 'data', '--data', '{"from":"line"}', '--id', 'a'])).code).toBe(0)
    expect((await run(['send', 'data', '--data', `@${path}`, '--id', 'b'])).code).toBe(0)
    expect((await run(['send', 'data', '--data', '-', '--id', 'c'], '{"from":\n"stdin"}')).code).toBe(0)
    const inputs = await Promise.all(
      ['a', 'b', 'c'].map(async (id) => (await redrive.queue<unknown>('data').get(id))?.input),
    )
    expect(inputs).toEqual([{ from: 'line' }, { from: 'file' }, { from: 'stdin' }])
  })

  test('takes a time by --at', async () => {
    expect((await run(['send', 'at', '1', '--id', 'a', '--at', at])).code).toBe(0)
    const due = (await redrive.queue('at').get('a'))?.attentionAt ?? 0
    expect(Math.abs(due - Date.parse(at))).toBeLessThan(60_000)
  })

  test.each([
    [['1', '--at', at, '--delay', '5m'], 'give --delay or --at, but not both'],
    [['1', '--at', '2001-01-01T00:00:00Z'], 'has passed'],
    [['1', '--at', 'tomorrow'], '--at must be a time such as "2026-12-24T18:00:00Z"'],
    [['1', '--data', '2'], 'leave the JSON, --file and --envelope out'],
    [['--data', '@nowhere.json'], '"nowhere.json" cannot be read'],
    [['--data', '{'], 'the payload is not JSON'],
    [['1', '--delay', '5x'], '--delay must be between 0 and 3650 days (ten years)'],
  ])('refuses %j', async (args, text) => {
    const { code, stderr } = await run(['send', 'refused', ...args])
    expect(code).toBe(2)
    expect(stderr).toContain(text)
    expect(stderr).not.toContain('315360000000')
  })
})

test('a terminal that reports no width gets whole tables', () => {
  const colors = picocolors.createColors(false)
  for (const width of [undefined, 0]) expect(table(['A'], [['a long cell']], { colors, width })).toBe('A\na long cell')
  expect(table(['A'], [['a long cell']], { colors, width: 5 })).toBe('A\na lo…')
})

test('run --signal does not wait for a timer of the state that takes the event, and says what is waited for', async () => {
  const path = join(directory, 'approval.mjs')
  const xstate = import.meta.resolve('xstate')
  await writeFile(
    path,
    `import { createMachine } from '${xstate}'
    const machine = createMachine({ id: 'approval', initial: 'asked', context: {}, states: {
      asked: { on: { APPROVE: 'approved' }, after: { 86400000: 'late' } },
      approved: { on: { PAY: 'paid' }, after: { 3600000: 'late' } },
      paid: { type: 'final' }, late: { type: 'final' } }, output: 'paid' })
    export default (redrive) => { redrive.queue('approvals', { machine }).work() }`,
  )
  const both = await cli(['run', path, '--signal', 'APPROVE', '--signal', 'PAY', '--timeout', '60s'])
  expect(both).toMatchObject({ code: 0, stdout: '"paid"\n' })
  const wrong = await cli(['run', path, '--signal', 'PAY', '--timeout', '1s'])
  expect(wrong.stderr).toMatch(/waits in asked for its timer .*, until 20\d\d-.*; PAY is sent once it is taken/)
  const none = await cli(['run', path, '--timeout', '1s'])
  expect(none.stderr).toMatch(/waits in asked for its timer .*, until 20\d\d-.*, or for an event: APPROVE, PAY/)
})
