import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { createMachine } from 'xstate'
import { createMemoryStore, Redrive, type Queue, type SendOptions } from '../../src/index.ts'
import { onRedis } from '../support/backends.ts'

let backend: Awaited<ReturnType<typeof onRedis>>
let queue: Queue
beforeAll(async () => {
  backend = await onRedis()
  queue = backend.open().queue('strict', {
    input: z.object({ to: z.email(), lines: z.array(z.object({ sku: z.string() })).default([]) }),
    maxPayloadBytes: 500,
  })
})
afterAll(() => backend.stop())

const good = { to: 'ada@example.com' }

describe('a send that cannot be is refused, and nothing is stored', () => {
  const cyclic: Record<string, unknown> = { ...good }
  cyclic['self'] = cyclic
  const cases: [what: string, input: unknown, options: SendOptions, code: string, message: RegExp][] = [
    ['a payload that the schema refuses', { to: 'nobody' }, {}, 'E_INVALID_PAYLOAD', /to: Invalid email/],
    [
      'deep in it',
      { ...good, lines: [{ sku: 'a' }, { sku: 7 }] },
      {},
      'E_INVALID_PAYLOAD',
      /lines\.1\.sku: .*expected string/,
    ],
    [
      'a payload over the limit',
      { ...good, lines: [{ sku: 'x'.repeat(600) }] },
      {},
      'E_PAYLOAD_TOO_LARGE',
      /takes \d+ bytes, the limit of this queue is 500/,
    ],
    ['an empty id', good, { id: '' }, 'E_INVALID_ID', /1 to 200 characters/],
    ['an id with braces', good, { id: 'a{b}' }, 'E_INVALID_ID', /braces/],
    ['an id with a line feed', good, { id: 'a\nb' }, 'E_INVALID_ID', /control characters/],
    ['an id with NUL', good, { id: 'a\u0000' }, 'E_INVALID_ID', /control characters/],
    ['half a character as an id', good, { id: '\ud800' }, 'E_INVALID_ID', /half|control/],
    ['a long id', good, { id: 'x'.repeat(201) }, 'E_INVALID_ID', /200/],
    ['an id that is no text', good, { id: 7 as never }, 'E_INVALID_ID', /got 7/],
    ['a negative delay', good, { delay: -1 }, 'E_INVALID_DURATION', /delay must be between 0 and .* got -1/],
    ['a delay that is NaN', good, { delay: NaN }, 'E_INVALID_DURATION', /got NaN/],
    ['a delay without end', good, { delay: Infinity }, 'E_INVALID_DURATION', /got Infinity/],
    ['a delay in microseconds', good, { delay: Date.now() * 1000 }, 'E_INVALID_DURATION', /delay must be between/],
    ['a delay in words', good, { delay: 'soon' }, 'E_INVALID_DURATION', /"10m".*got "soon"/],
    ['a delay without a unit', good, { delay: '10' }, 'E_INVALID_DURATION', /got "10"/],
    ['a policy that cannot work', good, { retry: { attempts: 0 } }, 'E_INVALID_OPTION', /attempts/],
    ['an option that is not there', good, { dealy: 5 } as SendOptions, 'E_INVALID_OPTION', /no option "dealy"/],
  ]
  test.each(cases)('%s', async (_what, input, options, code, message) => {
    const refused = await queue.send(input, options).catch((error: unknown) => error)
    expect(refused).toMatchObject({ code, message: expect.stringMatching(message) })
    expect((await queue.stats()).states).toEqual({})
  })

  test.each([
    ['a function', { call: () => {} }, /input\.payload\.call/],
    ['a symbol', { tag: Symbol('x') }, /input\.payload\.tag/],
    [
      'an object of a class',
      {
        list: [
          new (class Cart {
            items = 1
          })(),
        ],
      },
      /input\.payload\.list/,
    ],
    ['a key that bends prototypes', JSON.parse('{"__proto__":{"admin":true}}'), /__proto__/],
  ])('%s, which cannot be stored', async (_what, payload, message) => {
    const free = backend.open().queue('free')
    await expect(free.send(payload)).rejects.toMatchObject({
      code: 'E_UNSERIALIZABLE',
      message: expect.stringMatching(message),
    })
    expect((await free.stats()).states).toEqual({})
  })
})

test('what JSON would bend comes to the handler as it was', async () => {
  const free = backend.open().queue('rich')
  const payload = {
    at: new Date(0),
    tags: new Set(['a']),
    big: 10n,
    none: undefined,
    nan: NaN,
    map: new Map([['k', { deep: [1] }]]),
  }
  free.work((input: unknown) => input)
  await free.send(payload, { id: 'a' })
  expect(await free.result('a', { timeout: '60s' })).toEqual(payload)
})

test('what the schema makes of a payload is what is stored', async () => {
  await queue.send(good, { id: 'defaults' })
  expect((await queue.get('defaults'))?.input).toEqual({ ...good, lines: [] })
})

describe('options that are wrong are refused at once, with the nearest name', () => {
  const redrive = new Redrive({ store: createMemoryStore() })
  test.each([
    [() => new Redrive({ rediss: 'x' } as never), /no option "rediss". Did you mean "redis"/],
    [() => new Redrive({ redis: 'localhost:6379' }), /redis must be a URL such as/],
    [() => new Redrive({ prefix: 'a b' }), /prefix must be/],
    [() => new Redrive({ commandTimeout: '1ms' }), /commandTimeout must be between 100/],
    [() => redrive.queue(''), /queue name/],
    [() => redrive.queue('a{b'), /queue name/],
    [() => redrive.queue('q1', { retrie: 3 } as never), /no option "retrie". Did you mean "retry"/],
    [() => redrive.queue('q2', { partitions: 0 }), /partitions must be a whole number from 1 to 1024; got 0/],
    [() => redrive.queue('q3', { lease: '1ms' }), /lease must be between 500/],
    [() => redrive.queue('q4', { retry: { backoff: { type: 'expo' as never } } }), /backoff.type/],
    [() => redrive.queue('q5', { retry: { timeout: 'never' } }), /retry.timeout/],
    [() => redrive.queue('q6', { retention: { dead: true as never } }), /retention.dead/],
    [() => redrive.queue('q6b', { retention: { dead: { cnt: 5 } as object } }), /retention.dead has no option "cnt"/],
    [() => redrive.queue('q7', { machine: {} as never }), /E_INVALID_MACHINE: machine must be a machine of XState 5/],
    [
      // @ts-expect-error -- the compiler says so too
      () => redrive.queue('q8', { machine: createMachine({ id: 'm' }), retry: {} }),
      /retry belongs to the default machine/,
    ],
    [
      () => redrive.queue('q9', { machine: createMachine({ initial: 'a', states: { a: { entry: 'notify' } } }) }),
      /a machine cannot be made durable:\n- state "\(machine\).a" names the action "notify"/,
    ],
    // @ts-expect-error -- likewise
    [() => redrive.queue('w').work({ handlr: () => {} }), /invokes no "handlr". Did you mean "handler"/],
    [() => redrive.queue('w').work(() => {}, { concurrency: 0 }), /concurrency must be a whole number from 1/],
    [() => redrive.queue('w').work('x' as never), /E_/],
  ])('%#', (make, message) => expect(make).toThrow(message))
})

test('a machine that throws in its first step is told as that to who sends, and nothing is stored', async () => {
  const orders = backend.open().queue('orders', {
    machine: createMachine({
      id: 'order',
      context: ({ input }) => ({ total: (input as { total: number }).total }),
      initial: 'a',
      states: { a: {} },
    }),
  })
  await expect(orders.send(undefined, { id: 'none' })).rejects.toMatchObject({
    code: 'E_STEP_FAILED',
    message: expect.stringMatching(
      /the machine "order" threw in its first step, so nothing was sent: .*'total'\)\. It was given no input\.$/,
    ),
    cause: expect.any(TypeError),
  })
  expect(await orders.get('none')).toBeUndefined()
})

test('events that the machine can never take are refused at the door', async () => {
  await queue.send(good, { id: 'event' })
  await expect(queue.signal('event', { type: 'RETRY_NOW' })).rejects.toMatchObject({
    code: 'E_UNKNOWN_EVENT',
    message: expect.stringMatching(/"RETRY_NOW".*Possible: .*RETRY/),
  })
  await expect(queue.signal('event', {} as never)).rejects.toMatchObject({ code: 'E_INVALID_EVENT' })
  await expect(queue.signal('nobody', { type: 'CANCEL' })).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
  expect((await queue.get('event'))?.inbox).toEqual([])
})

test('a Redis that is away is named, without its password, and not waited for longer than the command timeout', async () => {
  const redrive = new Redrive({ redis: 'redis://user:secret@127.0.0.1:1', commandTimeout: 500 })
  const refused = (await redrive
    .queue('q')
    .send(good)
    .catch((error: unknown) => error)) as Error
  expect(refused).toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
  expect(refused.message).toContain('redis://127.0.0.1:1')
  expect(JSON.stringify(refused) + refused.message).not.toContain('secret')
  await redrive.close()
})

test('a full Redis refuses new messages, and the backlog still drains', async () => {
  const full = await onRedis()
  try {
    const letters = full.open().queue('letters', { retention: { succeeded: 0 } })
    await letters.sendBulk(Array.from({ length: 50 }, (_unused, i) => ({ input: i, id: `m${i}` })))
    const client = full.redis.client()
    await client.config('SET', 'maxmemory', '1')
    await expect(letters.send('one too many')).rejects.toMatchObject({ code: 'E_REDIS_FULL' })
    letters.work(() => 'ok')
    await letters.result('m49', { timeout: '60s' }).catch(() => {})
    const deadline = Date.now() + 10_000
    while (((await letters.stats()).states['pending'] ?? 0) > 0 && Date.now() < deadline)
      await new Promise(setImmediate)
    expect((await letters.stats()).states).toEqual({ pending: 0, processing: 0 })
  } finally {
    await full.stop()
  }
})
