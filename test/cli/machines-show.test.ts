import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { messageMachine } from '../../machines/index.ts'
import { Redrive, silentLogger } from '../../src/index.ts'
import { toMermaid } from '../../src/inspect/mermaid.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { deployments } from './modules/orders.mjs'
import { cli, ndjson } from './run-cli.ts'

const moduleFile = (name: string): string => fileURLToPath(new URL(`./modules/${name}.mjs`, import.meta.url))
const ORDERS = moduleFile('orders')

/** Without a server: a machine is code. */
const show = (...args: string[]) => cli(['machines', 'show', ...args])

describe('machines show', () => {
  test('tells the states of a machine and what leads from one to the other', async () => {
    const { code, stdout, stderr } = await show('orders', '--module', ORDERS)
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toMatch(/^machine +order@1#[0-9a-f]{8}\nevents +APPROVE, REJECT, HOLD\nstates +waiting\n/)
    expect(stdout).toMatch(/^ +charging {2}runs charge$/m)
    expect(stdout).toMatch(/^ +paid {2}final$/m)
    expect(stdout).toMatch(/ waiting → held {2}HOLD$/m)
  })

  test('as data, with the one queue of the module', async () => {
    const { stdout } = await show('--module', ORDERS, '--json')
    const [chart, ...more] = ndjson(stdout)
    expect(more).toEqual([])
    expect(chart).toMatchObject({
      events: ['APPROVE', 'REJECT', 'HOLD'],
      root: { name: 'order', initial: ['waiting'] },
    })
    expect(chart!['edges']).toContainEqual({
      from: 'charging',
      to: 'paid',
      triggers: [{ events: ['done charge'], guards: [] }],
      label: 'done charge',
    })
  })

  test('the default machine where no module is named, as a diagram', async () => {
    const { code, stdout } = await show('--mermaid')
    expect({ code, stdout }).toEqual({ code: 0, stdout: `${toMermaid(messageMachine)}\n` })
  })

  test('as a picture, light or dark', async () => {
    const [light, dark] = await Promise.all([show('--svg'), show('--svg', '--dark')])
    for (const { code, stdout, stderr } of [light, dark]) {
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
      expect(stdout).toMatch(/^<svg [^]*data-state="processing"[^]*<\/svg>\n$/)
    }
    expect(dark.stdout).not.toBe(light.stdout)
  })

  test.each<[string, string[], number, RegExp]>([
    ['two forms at once', ['--svg', '--json'], 2, /one of --mermaid, --svg and --json/],
    ['colours of nothing', ['--dark'], 2, /--dark goes with --svg/],
    ['several queues and none named', ['--module', moduleFile('emails')], 2, /defines emails, reports: say which/],
    ['a queue that the module does not define', ['order', '--module', ORDERS], 3, /Did you mean "orders"\?/],
  ])('refuses %s', async (_, args, code, message) => {
    expect(await show(...args)).toMatchObject({ code, stdout: '', stderr: expect.stringMatching(message) })
  })

  describe('of a queue on a server, without a module', () => {
    let redis: TestRedis
    beforeAll(async () => {
      redis = await startTestRedis()
      const redrive = new Redrive({ redis: redis.url, logger: silentLogger })
      await redrive.queue('emails').send('x', { delay: '1h' })
      await redrive.queue('orders', deployments.first).send({ total: 1 })
      await redrive.close()
    })
    afterAll(() => redis.stop())

    test('is the default machine, where its messages are of that', async () => {
      expect(await show('emails', '--redis', redis.url)).toMatchObject({
        code: 0,
        stdout: expect.stringMatching(/^machine +message@0#/),
      })
    })

    test('is refused where they are of another one, and where there is no such queue', async () => {
      expect(await show('orders', '--redis', redis.url)).toMatchObject({
        code: 1,
        stderr: expect.stringMatching(/E_UNKNOWN_MACHINE: .*order@1#.*--module <file>/),
      })
      expect(await show('email', '--redis', redis.url)).toMatchObject({
        code: 3,
        stderr: expect.stringContaining('Did you mean "emails"?'),
      })
    })
  })
})
