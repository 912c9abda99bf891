import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { assign, createActor, fromPromise, setup, waitFor } from 'xstate'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

/** As machines do whose authors throw what they like: a guard looks into it, an assign keeps a part of it. */
const scan = (thrown: unknown) =>
  setup({
    types: { context: {} as { missing: unknown } },
    // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what users do
    actors: { scan: fromPromise(() => Promise.reject(thrown)) },
  }).createMachine({
    id: 'scanner',
    context: { missing: 'unknown' },
    initial: 'scanning',
    states: {
      scanning: {
        invoke: {
          id: 'scan',
          src: 'scan',
          onError: [
            {
              guard: ({ event }) => (event.error as { type?: unknown } | undefined)?.type === 'NotFound',
              target: 'reporting',
              actions: assign({ missing: ({ event }) => (event.error as { paths: unknown }).paths }),
            },
            { target: 'failed', actions: assign({ missing: ({ event }) => event.error }) },
          ],
        },
      },
      reporting: {},
      failed: {},
    },
  })

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('what is thrown and is no error, on %s', (name, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  test.each([
    ['data', { type: 'NotFound', paths: ['/a'] }],
    ['a text', 'not now'],
    ['nothing', undefined],
    ['null', null],
  ])('%s comes to the machine as it does in a live actor', async (kind, thrown) => {
    const live = createActor(scan(thrown)).start()
    const { value, context } = await waitFor(live, (snapshot) => !snapshot.matches('scanning'))

    const queue = backend.open().queue(`${name} ${kind}`.replaceAll(' ', '-'), { machine: scan(thrown) })
    queue.work()
    await queue.send({}, { id: 'a' })
    const message = await until(async () => {
      const found = await queue.get('a')
      return found?.state === 'scanning' ? undefined : found
    })
    expect([message.state, message.context]).toEqual([value, context])
    expect(message.history.at(-1)?.error).toMatch(/NonError/)
  })

  test('what cannot be stored comes as an error that says so', async () => {
    const queue = backend.open().queue('unstorable', { machine: scan(new URLSearchParams('a=1').entries()) })
    queue.work()
    await queue.send({}, { id: 'a' })
    await until(async () => (await queue.get('a'))?.state === 'failed')
    expect((await queue.get('a'))?.context['missing']).toMatchObject({
      code: 'E_NON_ERROR_THROWN',
      message: expect.stringContaining('which is no Error and cannot be stored'),
    })
  })

  test('an error that holds what cannot be stored may be kept in the context, without that', async () => {
    const thrown = Object.assign(new Error('503'), { status: 503, request: new WeakMap(), config: { map: () => {} } })
    const queue = backend.open().queue('http', { machine: scan(thrown) })
    queue.work()
    await queue.send({}, { id: 'a' })
    await until(async () => (await queue.get('a'))?.state === 'failed')
    const { missing } = (await queue.get('a'))!.context
    expect(missing).toMatchObject({ message: '503', status: 503 })
    expect(Object.keys(missing as Error)).toEqual(['status'])
  })

  test('a machine that ends with it says what it was', async () => {
    const machine = setup({
      // oxlint-disable-next-line typescript/prefer-promise-reject-errors -- what users do
      actors: { scan: fromPromise(() => Promise.reject({ type: 'ServiceNotAvailable' })) },
    }).createMachine({
      id: 'unhandled',
      initial: 'scanning',
      states: { scanning: { invoke: { id: 'scan', src: 'scan' } } },
    })
    const queue = backend.open().queue('unhandled', { machine })
    queue.work()
    await queue.send({}, { id: 'a' })
    await expect(queue.result('a', { timeout: '10s' })).rejects.toMatchObject({
      code: 'E_FAILED',
      message: expect.stringContaining('ServiceNotAvailable'),
    })
    expect((await queue.get('a'))?.error).toEqual({ type: 'ServiceNotAvailable' })
  })
})
