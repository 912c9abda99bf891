import { fork } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMachine, emit, log, setup } from 'xstate'
import { silentLogger, type Logger } from '../../src/index.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

interface Call {
  readonly type: string
  readonly params: unknown
  readonly event: { readonly type: string }
  readonly context: unknown
}

/** A machine whose actions report to a list. */
function reporting(calls: Call[], slow?: Promise<void>) {
  return setup({
    types: { context: {} as { n: number }, events: {} as { type: 'GO' }, emitted: {} as { type: 'moved'; to: string } },
    actions: {
      // What an action returns is waited for, though XState's type says nothing of it.
      // oxlint-disable-next-line typescript/no-misused-promises -- what an action returns is waited for
      report: (info, params: { to: string }): void | Promise<void> => {
        calls.push({ ...(info as unknown as Call), params })
        return slow
      },
      fail: () => {
        throw new Error('an action with a fault')
      },
    },
  }).createMachine({
    id: 'actions',
    context: { n: 1 },
    initial: 'a',
    entry: { type: 'report', params: { to: 'root' } },
    states: {
      a: {
        entry: [{ type: 'report', params: { to: 'a' } }, log('entering a')],
        exit: { type: 'report', params: { to: 'out of a' } },
        on: {
          GO: { target: 'b', actions: ['fail', (info) => calls.push({ ...(info as object), type: 'inline' } as Call)] },
        },
      },
      b: { entry: [emit({ type: 'moved', to: 'b' }), { type: 'report', params: { to: 'b' } }], type: 'final' },
    },
  })
}

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('custom actions on %s', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  test('run after the commit, in their order, with what they need; one that throws stops nobody', async () => {
    const calls: Call[] = []
    const lines: string[] = []
    const logger: Logger = {
      debug() {},
      info: (text) => lines.push(text),
      warn: (text) => lines.push(text),
      error: (text) => lines.push(text),
    }
    const queue = backend.open({ logger }).queue('in-order', { machine: reporting(calls) })
    const emitted: unknown[] = []
    queue.on('transition', (transition) => emitted.push(...(transition.emitted ?? [])))
    queue.work()
    await queue.send({}, { id: 'x' })
    await queue.signal('x', { type: 'GO' }, { wait: '5s' })
    await until(() => calls.length === 5 && emitted.length === 1)
    expect(calls.map(({ type, params }) => (params as { to?: string } | undefined)?.to ?? type)).toEqual([
      'root',
      'a',
      'out of a',
      'inline',
      'b',
    ])
    expect(calls[1]).toMatchObject({ type: 'report', event: { type: 'xstate.init' }, context: { n: 1 } })
    expect(calls[4]).toMatchObject({ type: 'report', event: { type: 'GO' } })
    expect(emitted).toEqual([{ type: 'moved', to: 'b' }])
    expect(lines.some((line) => line.includes('an action with a fault'))).toBe(true)
    // The first step is the sender's, and so is what it logs.
    expect(lines.filter((line) => line.includes('entering a'))).toHaveLength(1)
    await until(async () => (await queue.get('x'))?.worker === undefined)
    expect((await queue.get('x'))?.status).toBe('done')
  })

  test('may log whatever the machine has, under a label: nothing stays away for it', async () => {
    const calls: string[] = []
    const lines: string[] = []
    const logger: Logger = { ...silentLogger, info: (text) => lines.push(text) }
    const machine = createMachine({
      id: 'logging',
      context: { cents: 5n },
      entry: log(({ context }) => context, 'first'),
      on: {
        GO: {
          actions: [
            log(({ context }) => context.cents),
            log(() => undefined, 'none'),
            log({ a: 1 } as never),
            () => calls.push('then'),
          ],
        },
      },
    })
    const queue = backend.open({ logger }).queue('logs', { machine })
    queue.work()
    await queue.send({}, { id: 'x' })
    await queue.signal('x', { type: 'GO' }, { wait: '5s' })
    await until(() => calls.length === 1)
    expect(lines).toEqual(['"x": first: { cents: 5n }', '"x": 5n', '"x": none: undefined', '"x": {"a":1}'])
  })

  test('are waited for before the message is let go', async () => {
    const calls: Call[] = []
    const go = gate()
    const queue = backend.open().queue('waited', { machine: reporting(calls, go.opened), retention: { succeeded: 0 } })
    queue.work()
    await queue.send({}, { id: 'x' })
    await until(() => calls.length === 2)
    expect((await queue.get('x'))?.worker).toBeDefined()
    await queue.signal('x', { type: 'GO' })
    go.open()
    // Removed with its last commit, once its last action is done.
    await until(async () => (await queue.get('x')) === undefined)
    expect(calls).toHaveLength(5)
  })
})

test('an action whose worker dies before it is done is run again elsewhere', async () => {
  const backend = await onRedis()
  const queue = backend.open().queue('again', { machine: reporting([]), lease: 500 })
  await queue.send({}, { id: 'x' })
  const child = fork(new URL('dying-in-action.mjs', import.meta.url), [backend.redis.url], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })
  await once(child, 'message')
  child.kill('SIGKILL')
  await once(child, 'exit')

  const calls: Call[] = []
  const healthy = backend.open().queue('again', { machine: reporting(calls), lease: 500 })
  healthy.work()
  await until(() => calls.length === 2)
  expect(calls.map(({ params }) => params)).toEqual([{ to: 'root' }, { to: 'a' }])
  await backend.stop()
})
