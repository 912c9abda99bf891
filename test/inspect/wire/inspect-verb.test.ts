import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { createWebSocketReceiver } from '@statelyai/inspect'
import { startCli, type RunningCli } from '../../cli/run-cli.ts'
import { onRedis, until } from '../../support/backends.ts'
import { order, resolveAll, type Said } from './inspected.ts'

const MODULE = fileURLToPath(new URL('../../cli/modules/orders.mjs', import.meta.url))

let backend: Awaited<ReturnType<typeof onRedis>>
const running = new Set<RunningCli>()

beforeAll(async () => {
  backend = await onRedis()
  const redrive = backend.open()
  await redrive.queue('emails').send({ to: 'ada' }, { id: 'e1', delay: '1h' })
  await redrive.queue('others', { machine: order }).send({ total: 1, card: '1' }, { id: 'o1' })
})
afterEach(() => {
  for (const { child } of running) child.kill('SIGKILL')
  running.clear()
})
afterAll(() => backend.stop())

function inspect(...args: string[]): RunningCli {
  const cli = startCli(['inspect', '--redis', backend.redis.url, ...args])
  running.add(cli)
  return cli
}

test('names a page and an address, where an official client gets the message, until it is told to stop', async () => {
  const cli = inspect('emails', 'e1')
  const [, page, address] = await cli.until('stdout', /^page (\S+)\ninspector (\S+)$/m)
  expect(page).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#\/q\/emails\/m\/e1$/)
  expect((await fetch(page!)).status).toBe(200)
  const said: Said[] = []
  createWebSocketReceiver({ server: address! }).subscribe((message) => void said.push(message))
  await until(() => said.length >= 3)
  expect(resolveAll(said)).toBe(2)
  cli.child.kill('SIGTERM')
  expect(await cli.ended).toMatchObject({ code: 0, stderr: '' })
})

test('names the page that hands data on to the hosted inspector only when asked, and says what it does', async () => {
  const cli = inspect('emails', '--stately')
  const [, page] = await cli.until('stdout', /^stately (\S+)\n.*data leaves this machine\.$/m)
  expect(await (await fetch(page!)).text()).toContain('Send the data to stately.ai')
  const plain = inspect('emails')
  await plain.until('stdout', /^inspector \S+$/m)
  expect(plain.stdout()).not.toContain('stately')
})

test('--json tells the wire itself, a message a line, and goes on as the message does', async () => {
  const cli = inspect('emails', '--json')
  await cli.until('stdout', /"@xstate\.snapshot"/)
  await backend.open().queue('emails').cancel('e1')
  backend
    .open()
    .queue('emails')
    .work(async () => {})
  await cli.until('stdout', /"value":"cancelled"/)
  cli.child.kill('SIGTERM')
  const { code, stdout } = await cli.ended
  const said = stdout
    .trim()
    .split('\n')
    .map((line): Said => JSON.parse(line))
  expect([code, said[0].type]).toEqual([0, '@xstate.actor'])
  expect(resolveAll(said)).toBe(3)
})

test.each([
  [['others'], 'E_UNKNOWN_MACHINE'],
  [['emails', 'e2'], 'E_NOT_FOUND'],
  [['emials'], 'E_UNKNOWN_QUEUE'],
  [['emials', '--module', MODULE], 'E_UNKNOWN_QUEUE'],
])('of %j says why it cannot', async (args, code) => {
  const { code: exit, stderr } = await inspect(...args).ended
  expect(exit).not.toBe(0)
  expect(stderr).toContain(code)
})
