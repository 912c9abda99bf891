import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { assign, createMachine, fromPromise, sendTo, setup, type AnyStateMachine } from 'xstate'
import type { Message, MigratedSnapshot, Queue } from '../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const types = {} as { context: { total: number; tried: number }; input: { total: number } }

const actors = { charge: fromPromise<string, { cents: number }>(() => Promise.reject(new Error('no handler'))) }

const order = setup({ types, actors }).createMachine({
  id: 'order',
  context: ({ input }) => ({ total: input.total, tried: 0 }),
  initial: 'packing',
  states: {
    packing: { on: { PACKED: { target: 'charging', actions: assign({ tried: ({ context }) => context.tried + 1 }) } } },
    charging: {
      invoke: { id: 'charge', src: 'charge', input: ({ context }) => ({ cents: context.total }), onDone: 'shipped' },
      on: { NOTE: { actions: assign({ tried: ({ context }) => context.tried + 1 }) } },
    },
    shipped: { type: 'final', output: ({ event }: { event: { output?: unknown } }) => event.output },
  },
  output: ({ event }) => (event as { output?: unknown }).output,
}) as unknown as AnyStateMachine

/** A machine below that throws at an event, where it has not been mended. */
function shop(isMended: boolean): AnyStateMachine {
  const payment = setup({
    actions: {
      check: assign({
        note: ({ event }) => {
          if (!isMended) throw new Error(`no way to take ${event.type}`)
          return event.type
        },
      }),
    },
  }).createMachine({
    id: 'payment',
    context: { note: '' },
    initial: 'open',
    states: { open: { on: { PAY: { target: 'paid', actions: 'check' } } }, paid: { type: 'final' } },
  })
  return setup({ actors: { payment } }).createMachine({
    id: 'shop',
    initial: 'paying',
    states: {
      paying: {
        invoke: { id: 'payment', src: 'payment', onDone: 'done' },
        on: { PAY: { actions: sendTo('payment', { type: 'PAY' }) } },
      },
      done: { type: 'final' },
    },
  })
}

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('a message whose machine ended in an error, on %s', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())
  const isIn = (queue: Queue, id: string, state: string): Promise<Message> =>
    until(async () => {
      const message = await queue.get(id)
      return message?.state === state && message.worker === undefined ? message : undefined
    })

  test('is brought back to where it failed, and what it waited for runs with the same input; as often as it fails', async () => {
    const queue = backend.open().queue('handler', { machine: order })
    const inputs: unknown[] = []
    const answers = ['refused', 'refused', 'ok']
    queue.work({
      charge: (input) => {
        inputs.push(input)
        const answer = answers.shift()
        if (answer !== 'ok') throw new Error(answer)
        return 'paid'
      },
    })
    await queue.send({ total: 42 }, { id: 'a' })
    await queue.signal('a', { type: 'PACKED' })
    const failed = await isIn(queue, 'a', '~failed')
    expect(failed).toMatchObject({
      status: 'error',
      tags: ['dead'],
      failedIn: { state: 'charging', event: 'error charge' },
      attentionAt: null,
      context: { total: 42, tried: 1 },
    })
    expect(failed.error).toMatchObject({ message: 'refused' })
    await expect(queue.result('a', { timeout: '5s' })).rejects.toMatchObject({ code: 'E_FAILED' })

    expect(await queue.redrive('a', { wait: '10s' })).toMatchObject({ status: 'applied' })
    await until(() => inputs.length === 2)
    await isIn(queue, 'a', '~failed')
    await queue.redrive('a')
    const done = await isIn(queue, 'a', 'shipped')
    expect(done).toMatchObject({ status: 'done', output: 'paid', context: { total: 42, tried: 1 } })
    expect(done).not.toHaveProperty('error')
    expect(done).not.toHaveProperty('failedIn')
    expect(inputs).toEqual([{ cents: 42 }, { cents: 42 }, { cents: 42 }])
    expect(done.history.map(({ event, to }) => `${event} ${to}`)).toEqual([
      'init packing',
      'PACKED charging',
      'error charge ~failed',
      'redrive charging',
      'error charge ~failed',
      'redrive charging',
      'done charge shipped',
    ])
    expect(await queue.redrive('a')).toEqual({ id: 'a', status: 'settled' })
  })

  test('takes each redrive of a failure once, and keeps the events that came before it', async () => {
    const queue = backend.open().queue('twice', { machine: order })
    await queue.send({ total: 1 }, { id: 'a' })
    let runs = 0
    const worker = queue.work({
      charge: () => {
        runs++
        throw new Error('refused')
      },
    })
    await queue.signal('a', { type: 'PACKED' })
    await isIn(queue, 'a', '~failed')
    await worker.stop()
    expect(await queue.signal('a', { type: 'NOTE' })).toMatchObject({ status: 'settled' })
    await Promise.all([queue.redrive('a'), queue.redrive('a')])
    queue.work({ charge: () => `run ${++runs}` })
    await isIn(queue, 'a', 'shipped')
    expect(runs).toBe(2)
  })

  test('takes the step again that its code could not take, once that is mended', async () => {
    const send = (queue: Queue) => queue.signal('a', { type: 'PAY' })
    const broken = backend.open().queue('mended', { machine: shop(false) })
    const worker = broken.work({})
    await broken.send({}, { id: 'a' })
    await send(broken)
    expect(await isIn(broken, 'a', '~failed')).toMatchObject({ failedIn: { state: 'paying', event: 'PAY' } })
    // Nothing is better yet: it fails again, and can be redriven again.
    await broken.redrive('a', { wait: '10s' })
    expect((await isIn(broken, 'a', '~failed')).history.map(({ event }) => event)).toEqual([
      'init',
      'PAY',
      'redrive',
      'PAY',
    ])
    await worker.stop()
    const mended = backend.open().queue('mended', { machine: shop(true) })
    mended.work({})
    await mended.redrive('a', { wait: '10s' })
    expect(await isIn(mended, 'a', 'done')).toMatchObject({ status: 'done' })
  })

  test('goes on in another version of its machine, by migrate; one that fits to none stays failed, and says why', async () => {
    const name = 'versions'
    const old = backend.open().queue(name, { machine: order })
    const worker = old.work({ charge: () => Promise.reject(new Error('refused')) })
    await old.send({ total: 7 }, { id: 'a' })
    await old.signal('a', { type: 'PACKED' })
    await isIn(old, 'a', '~failed')
    await worker.stop()

    const next = createMachine({
      id: 'order',
      version: '2',
      context: { total: 0 },
      initial: 'paying',
      states: {
        paying: { invoke: { id: 'pay', src: 'pay', input: ({ context }) => context.total, onDone: 'shipped' } },
        shipped: { type: 'final' },
      },
    })
    const unfit = backend.open().queue(name, { machine: next })
    const misfit = unfit.work({ pay: () => 'paid' })
    await unfit.redrive('a')
    const stays = await until(async () => {
      const message = await unfit.get('a')
      return message?.history.at(-1)?.event === 'redrive' && message.worker === undefined ? message : undefined
    })
    expect(stays).toMatchObject({ state: '~failed', failedIn: { state: 'charging' } })
    expect(stays.history.at(-1)?.error).toMatch(/does not invoke "charge"/)
    await misfit.stop()

    const paid: unknown[] = []
    const migrating = backend.open().queue(name, {
      machine: next,
      migrate: ({ context }: MigratedSnapshot<{ total: number }>) => ({ state: 'paying', context }),
    })
    migrating.work({ pay: (input) => void paid.push(input) })
    await migrating.redrive('a')
    await isIn(migrating, 'a', 'shipped')
    expect(paid).toEqual([7])
  })

  test('is redriven with many others; those that are finished are skipped', async () => {
    const queue = backend.open().queue('many', { machine: order })
    let refuses = true
    queue.work({
      charge: () => {
        if (refuses) throw new Error('refused')
        return 'paid'
      },
    })
    const ids = Array.from({ length: 20 }, (_, i) => `m${i}`)
    await queue.sendBulk(ids.map((id) => ({ input: { total: 1 }, id })))
    for (const id of ids) await queue.signal(id, { type: 'PACKED' })
    await until(async () => (await queue.stats()).states['~failed'] === 20)
    refuses = false
    expect(await queue.preview({ action: 'redrive', filter: { state: '~failed' } })).toMatchObject({ matching: 20 })
    const operation = await queue.operate({ action: 'redrive', filter: { state: '~failed' } })
    expect(await operation.finished).toMatchObject({ state: 'done', done: 20, skipped: 0, failed: 0 })
    await until(async () => (await queue.stats()).states['shipped'] === 20)
    const again = await queue.operate({ action: 'redrive', ids: ['m0'] })
    expect(await again.finished).toMatchObject({ done: 0, skipped: 1, failed: 0 })
  })
})
