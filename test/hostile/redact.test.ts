/** What a queue hides stands nowhere but in Redis and in its handlers' hands. */
import { inspect } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { z } from 'zod'
import { dashboard } from '../../src/dashboard/index.ts'
import { NonRetryableError, type Queue, type Redrive } from '../../src/index.ts'
import { createRedaction, scrubError } from '../../src/redaction.ts'
import { cli } from '../cli/run-cli.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

let backend: Awaited<ReturnType<typeof onRedis>>
let memory: TestBackend
beforeAll(async () => {
  ;[backend, memory] = [await onRedis(), await inMemory()]
})
afterAll(async () => {
  await backend.stop()
  await memory.stop()
})

const SECRET = 'sesame-4711'
const redact = ['card.number', 'password', 'items.*.token', 'pin']
const payload = {
  to: 'ada',
  card: { number: SECRET, name: 'Ada' },
  password: SECRET,
  pin: 47_114_711,
  items: [{ token: SECRET, sku: 'a' }],
}

async function everything(client: Redrive, queue: Queue, ids: readonly string[]): Promise<string> {
  const told: unknown[] = []
  for (const id of ids) {
    told.push(await queue.get(id), await queue.history(id))
    told.push(await queue.result(id, { timeout: 0 }).catch((error: unknown) => error))
  }
  for (const state of Object.keys((await queue.stats()).states)) told.push(await queue.list({ state }))
  const { fetch } = dashboard(client)
  const paths = [
    `queues/${queue.name}/messages`,
    `queues/${queue.name}/errors`,
    ...ids.map((id) => `queues/${queue.name}/messages/${id}`),
  ]
  for (const path of ['overview', ...paths, `queues/${queue.name}/versions`, `search?q=dead`]) {
    const answer = await fetch(new Request(`http://127.0.0.1/api/v1/${path}`), { address: '127.0.0.1' })
    told.push(await answer.text())
  }
  return inspect(told, { depth: 20, maxStringLength: null, maxArrayLength: null })
}

describe.each([['redis'], ['memory']])('on %s', (name) => {
  test('handlers get it whole, and nobody else sees it', async () => {
    const on = name === 'redis' ? backend : memory
    const logged: string[] = []
    const note = (text: string, facts?: object): unknown => logged.push(text + inspect(facts))
    const logger = { debug: note, info: note, warn: note, error: note } as never
    const worker = on.open({ logger })
    const queue = worker.queue<typeof payload>('cards', {
      journal: { contexts: true },
      redact,
      retry: { attempts: 2, backoff: { type: 'fixed', delay: 1 } },
    })
    const other = on.open()
    const got: unknown[] = []
    const heard: unknown[] = []
    const told = gate()
    await queue.stats()
    const looker = other.queue('cards')
    for (const each of ['transition', 'progress'] as const) looker.on(each, (detail) => heard.push(detail))
    const working = queue.work((input, { attempt, progress, log, message }) => {
      got.push(input)
      progress({ password: SECRET, done: attempt })
      log(`charging ${input.card.number} with ${input.pin}`)
      const cause = new Error(`caused by ${JSON.stringify(input)}`)
      if (message.id === 'bad')
        throw Object.assign(new Error(`card ${SECRET} refused`, { cause }), {
          request: { body: `n=${SECRET}`, password: SECRET },
        })
      if (message.id === 'worse') throw new NonRetryableError(`pin 47114711 of ${SECRET}`)
      // oxlint-disable-next-line typescript/only-throw-error -- what careless code does
      if (message.id === 'odd') throw SECRET
      return { card: input.card, fine: true }
    })
    working.on('transition', (detail) => heard.push(detail))
    for (const id of ['good', 'bad', 'worse', 'odd']) await queue.send(payload, { id })
    for (const id of ['good', 'bad', 'worse', 'odd'])
      await until(async () => ['succeeded', 'dead'].includes((await queue.get(id))?.state ?? ''))
    await until(() => heard.length > 10)
    told.open()
    expect(got[0]).toEqual(payload)
    const seen = await everything(worker, queue, ['bad', 'worse', 'odd'])
    const elsewhere = await everything(other, looker, ['bad', 'worse', 'odd'])
    for (const text of [seen, elsewhere, inspect(heard, { depth: 20 }), logged.join('\n')]) {
      expect(text).not.toContain(SECRET)
      expect(text).not.toContain('47114711')
    }
    expect(seen).toContain('[redacted]')
    expect((await queue.history('good'))[0]?.changed).toBeDefined()
    expect(inspect(heard, { depth: 20 })).toContain('fine')
    expect(await looker.get('good')).toMatchObject({
      input: { to: 'ada', card: { number: '[redacted]', name: 'Ada' }, items: [{ token: '[redacted]', sku: 'a' }] },
    })
    expect(await queue.result('good', { timeout: '60s' })).toMatchObject({ card: { number: SECRET } })
    await working.stop()
  })
})

test('the command line of another process hides it too', async () => {
  const queue = backend.open().queue('shown', { redact })
  await queue.send(payload, { id: 'a', delay: '1h' })
  await queue.signal('a', { type: 'RETRY', password: SECRET } as { type: 'RETRY' })
  for (const args of [
    ['show', 'shown', 'a', '--json'],
    ['show', 'shown', 'a'],
    ['ls', 'shown', '--json'],
    ['history', 'shown', 'a', '--json'],
    ['inspect', 'shown', 'a', '--json', '--once'],
  ]) {
    const { stdout, stderr } = await cli([...args, '--redis', backend.redis.url])
    expect({ args, text: stdout + stderr }).toEqual({ args, text: expect.not.stringContaining(SECRET) })
  }
  const { stdout } = await cli(['show', 'shown', 'a', '--json', '--redis', backend.redis.url])
  expect(JSON.parse(stdout)).toMatchObject({
    input: { password: '[redacted]', to: 'ada' },
    inbox: [{ type: 'RETRY', password: '[redacted]' }],
  })
})

test('a refused payload is not quoted, and a field that cannot be read is not shown', async () => {
  const input = z.object({
    password: z.string().refine(() => false, { error: ({ input: value }) => `bad: ${String(value)}` }),
  })
  const queue = backend.open().queue('refused', { redact, input })
  const refused: unknown = await queue.send({ password: SECRET }).catch((error: unknown) => error)
  expect(refused).toMatchObject({ code: 'E_INVALID_PAYLOAD' })
  expect(inspect(refused, { depth: 10 })).not.toContain(SECRET)
  const broken = backend.open().queue('broken', { redact })
  await broken.send(1, { id: 'a' })
  await backend.redis.client().hset('rd:{broken:0}:m:a', 'p', `{"password":"${SECRET}`)
  const worker = broken.work(() => 1)
  await until(async () => (await broken.get('a'))?.state === '~quarantined')
  expect(inspect(await broken.get('a'), { depth: 10 })).not.toContain(SECRET)
  await worker.stop()
})

test('the last list that is given holds, for everybody', async () => {
  const first = backend.open().queue('changing', { redact: ['a'] })
  await first.send({ a: 'one', b: 'two' }, { id: 'm' })
  expect(await first.get('m')).toMatchObject({ input: { a: '[redacted]', b: 'two' } })
  const second = backend.open().queue('changing', { redact: ['b'] })
  // Whoever only reads gives no list.
  expect(await second.get('m')).toMatchObject({ input: { a: '[redacted]', b: 'two' } })
  await second.send({}, { id: 'n' })
  expect(
    await backend
      .open()
      .queue('changing', { redact: ['a'] })
      .get('m'),
  ).toMatchObject({
    input: { a: 'one', b: '[redacted]' },
  })
  expect(await backend.open().queue('changing').get('m')).toMatchObject({ input: { a: 'one', b: '[redacted]' } })
})

test('paths are checked', () => {
  const redrive = memory.open()
  for (const wrong of ['password', [''], ['a..b'], [7], ['.a'], [null]])
    expect(() => redrive.queue('paths', { redact: wrong as never })).toThrow(
      /E_INVALID_OPTION: redact must be a list of paths/,
    )
})

test('what contains itself, and all kinds of values, are looked through', () => {
  const redaction = createRedaction(['pin', 'a.*'])
  const loop: Record<string, unknown> = {
    pin: 1,
    map: new Map([['pin', 2]]),
    set: new Set([{ pin: 3 }]),
    at: new Date(0),
    a: { b: 4 },
  }
  loop['self'] = loop
  const clean = redaction.clean(loop) as typeof loop
  expect(clean['self']).toBe(clean)
  expect(clean).toMatchObject({
    pin: '[redacted]',
    map: new Map([['pin', '[redacted]']]),
    at: new Date(0),
    a: { b: '[redacted]' },
  })
  expect(loop['pin']).toBe(1)
  const error = new Error('pin 1234567', { cause: new Error('1234567') })
  error.cause = Object.assign(error.cause as Error, { cause: error })
  expect(inspect(scrubError(error, redaction, { pin: 1234567 }))).not.toContain('1234567')
})
