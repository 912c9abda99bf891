/** Whatever a program passes to the public entries: it works, or a RedriveError says what came; and the next message goes its way. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { decode, encode } from '../../src/codec.ts'
import { createMemoryStore, Redrive, RedriveError, silentLogger, type Queue } from '../../src/index.ts'
import { QUEUE_OPTIONS } from '../../src/client/queue-options.ts'
import { ERROR_CODES, isError } from '../../src/errors.ts'
import { gate, inMemory, onRedis, type TestBackend } from '../support/backends.ts'
import { attack, checkPrototypes, LONG } from './fuzz.ts'
import { id, options, text, value } from './values.ts'

let backends: Readonly<Record<string, TestBackend>>
beforeAll(async () => {
  backends = { redis: await onRedis(), memory: await inMemory() }
})
afterAll(async () => {
  for (const backend of Object.values(backends)) await backend.stop()
})

/** Errors that the caller's own values threw are the caller's. */
function checkRefusal(error: unknown): void {
  if (isError(error) && error.message === 'this getter throws') return
  if (error instanceof RedriveError && Object.hasOwn(ERROR_CODES, error.code) && error.message.length < 10_100) return
  throw new Error(`not a RedriveError of a known code: ${isError(error) ? error.stack : String(error)}`)
}

function tried<T>(make: () => T): T | undefined {
  try {
    return make()
  } catch (error) {
    checkRefusal(error)
    return undefined
  }
}

const REDRIVE = ['redis', 'locks', 'durability', 'outbox', 'prefix', 'commandTimeout', 'feed', 'logger', 'embedded']

test(
  'new Redrive() takes options or refuses them',
  async () => {
    const fate = await attack(
      fc.asyncProperty(
        fc.oneof(
          {
            weight: 5,
            arbitrary: options(REDRIVE, {
              redis: text.map((part) => `redis://${part}`),
              embedded: fc.constant(false),
              outbox: fc.constant(undefined),
              logger: fc.constant(silentLogger),
            }),
          },
          value,
        ),
        async (given) => {
          // A directory or a server of its own is begun at once, and is tested elsewhere.
          const safe =
            typeof given === 'object' && given !== null
              ? Object.entries(Object.getOwnPropertyDescriptors(given)).filter(
                  ([name]) => name !== 'embedded' && name !== 'outbox',
                )
              : undefined
          const made = tried(
            () => new Redrive((safe ? Object.defineProperties({}, Object.fromEntries(safe)) : given) as never),
          )
          await made?.close()
          checkPrototypes()
        },
      ),
      { sample: 300, share: 0.1 },
    )
    expect(fate).toBe('held')
  },
  LONG,
)

const retry = options(['attempts', 'backoff', 'timeout', 'deadline', 'retryIf', 'nonRetryable', 'maxLeasesLost'], {
  backoff: options(['type', 'delay', 'max', 'jitter', 'factor', 'exponent']),
})

test(
  'queue() takes a name and options or refuses them',
  async () => {
    const fate = await attack(
      fc.asyncProperty(
        id,
        fc.oneof(
          {
            weight: 5,
            arbitrary: options(QUEUE_OPTIONS, {
              retry,
              retention: options(['succeeded', 'dead'], { dead: options(['age', 'count', 'bytes']) }),
            }),
          },
          value,
        ),
        async (name, given) => {
          const redrive = new Redrive({ store: createMemoryStore(), logger: silentLogger })
          const queue = tried(() => redrive.queue(name as never, given as never))
          expect(queue?.name ?? name).toBe(name)
          await redrive.close()
          checkPrototypes()
        },
      ),
      { sample: 500, share: 0.15 },
    )
    expect(fate).toBe('held')
  },
  LONG,
)

type Call = readonly [what: string, run: (queue: Queue) => unknown]

const call: fc.Arbitrary<Call> = fc.oneof(
  fc
    .tuple(value, options(['id', 'delay', 'retry', 'input'], { id, retry }))
    .map(([input, given]): Call => ['send', (queue) => sendBack(queue, input, given)]),
  fc
    .array(fc.oneof(options(['id', 'delay', 'retry', 'input'], { id }), value), { maxLength: 3 })
    .map((list): Call => ['sendBulk', (queue) => queue.sendBulk(list as never)]),
  value.map((list): Call => ['sendBulk', (queue) => queue.sendBulk(list as never)]),
  fc
    .tuple(
      fc.oneof(id, value),
      fc.oneof(
        options(['type', 'payload'], { type: fc.oneof(text, fc.constantFrom('RETRY', 'CANCEL', 'REDRIVE')) }),
        value,
      ),
      options(['eventId'], { eventId: id }),
    )
    .map(([at, event, given]): Call => ['signal', (queue) => queue.signal(at as never, event as never, given)]),
  fc
    .tuple(
      fc.constantFrom('get', 'history', 'cancel', 'retry', 'redrive', 'release', 'remove', 'result', 'hold'),
      fc.oneof(id, value),
    )
    .map(([name, at]): Call => [
      name,
      (queue) => {
        if (name === 'result') return queue.result(at as never, { timeout: 0 })
        return name === 'hold'
          ? queue.hold(at as never, async () => {}, { ttl: 100 })
          : (queue[name as 'get'] as (id: unknown) => unknown)(at)
      },
    ]),
  fc
    .oneof(options(['state', 'limit', 'offset', 'newestFirst'], { state: text }), value)
    .map((query): Call => ['list', (queue) => queue.list(query as never)]),
  fc
    .oneof(
      options(['filter', 'ids', 'action', 'event', 'limit', 'ratePerSecond', 'actor'], {
        filter: options(['state', 'id', 'error', 'field', 'olderThan', 'attempts'], { state: text }),
        action: fc.constantFrom('retry', 'remove', 'signal'),
        ids: fc.array(id),
      }),
      value,
    )
    .map((request): Call => ['preview', (queue) => queue.preview(request as never)]),
  fc
    .oneof(
      options(['filter', 'ids', 'action', 'event', 'limit', 'ratePerSecond'], {
        ids: fc.array(id),
        action: fc.constantFrom('retry', 'remove', 'cancel'),
      }),
      value,
    )
    .map((request): Call => [
      'operate',
      async (queue) => {
        const operation = await queue.operate(request as never)
        await operation.finished
      },
    ]),
  fc.tuple(fc.oneof(id, value), value).map(([at, input]): Call => ['edit', (queue) => queue.edit(at as never, input)]),
  fc.oneof(id, value).map((operation): Call => ['undo', (queue) => queue.undo(operation as never)]),
  options(['actor'], { actor: text }).map((given): Call => ['resume', (queue) => queue.resume(given)]),
  fc.oneof(text, value).map((from): Call => [
    'feed',
    async (queue) => {
      const ended = AbortSignal.abort()
      for await (const transition of queue.feed({ from: from as never, signal: ended })) return transition
      return undefined
    },
  ]),
)

/** What is stored is what was sent, or nothing is. */
async function sendBack(queue: Queue, input: unknown, given: object): Promise<void> {
  const { id: at, status } = await queue.send(input, given)
  if (status !== 'created') return
  const message = await queue.get(at)
  if (message && !isDeepStrictEqual(message.input, decode(encode(input, 'input'))))
    throw new Error(`"${at}" came back as something else`)
}

const calls = fc
  .array(call, { minLength: 1, maxLength: 10 })
  .map((list) => Object.assign(list, { [fc.toStringMethod]: () => list.map(([what]) => what).join(', ') }))

describe.each(['redis', 'memory'])('on %s', (name) => {
  test(
    'calls of a queue work or say why not, and the next message goes its way',
    async () => {
      const client = backends[name]!.open()
      let count = 0
      const unhandled: unknown[] = []
      const hear = (error: unknown): unknown => unhandled.push(error)
      process.on('unhandledRejection', hear)
      let arrived = gate<unknown>()
      const names = client.queue('calls', { retention: { succeeded: 0, cancelled: 0, dead: 0 } })
      names.work((input) => {
        if (input === `good${count}`) arrived.open(input)
      })
      try {
        await attack(
          fc.asyncProperty(calls, async (list) => {
            for (const [, run] of list) {
              try {
                await run(names)
              } catch (error) {
                checkRefusal(error)
              }
            }
            arrived = gate()
            count++
            await names.send(`good${count}`, { id: `good${count}` })
            expect(await arrived.opened).toBe(`good${count}`)
            expect(unhandled).toEqual([])
            checkPrototypes()
          }),
          { sample: 400, share: 0.15, batch: 5 },
        )
      } finally {
        process.off('unhandledRejection', hear)
      }
    },
    LONG,
  )
})
