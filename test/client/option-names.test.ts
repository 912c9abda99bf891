/** A member of options that a call does not know is refused: one that is misspelt would do nothing, without a word. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import { createMemoryStore, Redrive, type Queue, type Worker } from '../../src/index.ts'
import { createTestRedrive, machinePaths } from '../../src/testing/index.ts'

const redrive = new Redrive({ store: createMemoryStore() })
const other = new Redrive({ store: createMemoryStore() })
let queue: Queue
let worker: Worker

beforeAll(async () => {
  queue = redrive.queue('letters')
  worker = queue.work(() => 'sent')
  await queue.send('hello', { id: 'a', delay: '1h' })
})
afterAll(async () => {
  await Promise.all([redrive.close(), other.close()])
})

const machine = createMachine({ id: 'm', initial: 'a', states: { a: { type: 'final', tags: 'archived' } } })
const t = createTestRedrive()
afterAll(() => t.close())

let count = 0
/** Of a name that is not open yet. */
const open = (options: object): unknown => redrive.queue(`q${count++}`, options)

/** What is called, the member that is misspelt, its right name, all names, and the call. */
type Case = readonly [owner: string, wrong: string, right: string, names: string, call: (options: never) => unknown]

const SIGNAL = 'eventId, wait, actor'
const BACKOFF = 'type, delay, factor, exponent, max, jitter, compute'
const cases: readonly Case[] = [
  ['work()', 'concurency', 'concurrency', 'concurrency, prefetch, name, drain', (o) => queue.work(() => 'x', o)],
  ['stop()', 'timout', 'timeout', 'timeout', (o) => worker.stop(o)],
  ['close()', 'timout', 'timeout', 'timeout', (o) => redrive.close(o)],
  ['audit()', 'limt', 'limit', 'limit', (o) => redrive.audit(o)],
  ['a send', 'dealy', 'delay', 'id, delay, retry', (o) => queue.send('x', o)],
  ['a send', 'dealy', 'delay', 'id, delay, retry', (o) => queue.sendBulk([{ input: 'x', ...(o as object) }])],
  ['signal()', 'eventID', 'eventId', SIGNAL, (o) => queue.signal('a', { type: 'RETRY' }, o)],
  ['signal()', 'wiat', 'wait', SIGNAL, (o) => queue.cancel('a', o)],
  ['signal()', 'actr', 'actor', SIGNAL, (o) => queue.retry('a', o)],
  ['redrive()', 'wait_', 'wait', SIGNAL, (o) => queue.redrive('a', o)],
  ['release()', 'acter', 'actor', 'actor', (o) => queue.release('a', o)],
  ['remove()', 'acter', 'actor', 'actor', (o) => queue.remove('a', o)],
  ['result()', 'timeOut', 'timeout', 'timeout, signal', (o) => queue.result('a', o)],
  ['watch()', 'form', 'from', 'from, signal', (o) => queue.watch('a', o).next()],
  ['feed()', 'form', 'from', 'from, signal', (o) => queue.feed(o).next()],
  ['list()', 'limits', 'limit', 'state, limit, offset, newestFirst', (o) => queue.list(o)],
  ['hold()', 'tll', 'ttl', 'ttl', (o) => queue.hold('a', async () => {}, o)],
  ['pause()', 'acter', 'actor', 'actor', (o) => queue.pause(o)],
  ['resume()', 'acter', 'actor', 'actor', (o) => queue.resume(o)],
  ['undo()', 'acter', 'actor', 'actor', (o) => queue.undo('op-1', o)],
  ['edit()', 'wiat', 'wait', 'wait, actor', (o) => queue.edit('a', 'x', o)],
  [
    'operate()',
    'onEch',
    'onEach',
    'see, signal, onEach',
    (o) => queue.operate({ action: 'cancel', filter: { state: 'x' } }, o),
  ],
  ['preview()', 'sea', 'see', 'see, signal', (o) => queue.preview({ action: 'cancel', filter: { state: 'x' } }, o)],
  [
    'an operation',
    'ratePerSec',
    'ratePerSecond',
    'action, event, ids, filter, limit, ratePerSecond, actor',
    (o) => queue.operate({ action: 'cancel', filter: { state: 'x' }, ...(o as object) }),
  ],
  [
    'filter',
    'minAttempt',
    'minAttempts',
    'state, errorName, errorCode, errorFingerprint, idPrefix, field, minAttempts, maxAttempts, minAgeMs, maxAgeMs, equals',
    (o) => queue.preview({ action: 'cancel', filter: { state: 'x', ...(o as object) } }),
  ],
  ['retry', 'atempts', 'attempts', 'attempts, backoff, timeout, deadline, maxLeasesLost', sendWith((o) => o)],
  ['retry.backoff', 'dealy', 'delay', BACKOFF, sendWith((o) => ({ backoff: o }))],
  [
    'retry',
    'retryif',
    'retryIf',
    'attempts, backoff, timeout, deadline, maxLeasesLost, nonRetryable, retryIf',
    (o) => open({ retry: o }),
  ],
  ['retry.backoff', 'factr', 'factor', BACKOFF, (o) => open({ retry: { backoff: o } })],
  ['journal', 'context', 'contexts', 'entries, contexts', (o) => open({ journal: o })],
  ['feed', 'entires', 'entries', 'entries, bytes', (o) => open({ feed: o })],
  ['retention', 'archive', 'archived', 'succeeded, cancelled, dead, archived', (o) => open({ machine, retention: o })],
  ['retention.dead', 'cout', 'count', 'age, count, bytes', (o) => open({ retention: { dead: o } })],
  ['createMemoryStore()', 'clok', 'clock', 'clock, feed, tokenTtl', (o) => createMemoryStore(o)],
  ['createTestRedrive()', 'sead', 'seed', 'start, seed, patience, logger', (o) => createTestRedrive(o)],
  ['crashAt()', 'nht', 'nth', 'queue, id, nth', (o) => t.crashAt('after-claim', o)],
  [
    'machinePaths()',
    'limt',
    'limit',
    'input, events, outcomes, paths, serializeState, stopWhen, limit',
    (o) => machinePaths(machine, o),
  ],
]

function sendWith(retry: (options: object) => object): Case[4] {
  return (options) => queue.send('x', { retry: retry(options) })
}

describe('a member that is no option is refused, with the nearest name and all of them', () => {
  test.each(cases)('%s: %s', async (owner, wrong, right, names, call) => {
    const refused = Promise.resolve().then(() => call({ [wrong]: 1 } as never))
    await expect(refused).rejects.toMatchObject({
      code: 'E_INVALID_OPTION',
      message: expect.stringContaining(`${owner} has no option "${wrong}". Did you mean "${right}"? It has: ${names}.`),
      details: { path: expect.stringMatching(new RegExp(`${wrong}$`)) },
    })
  })

  test('one that is like none gets the list alone', async () => {
    await expect(queue.send('x', { input: 'y' } as never)).rejects.toThrow(
      'a send has no option "input". It has: id, delay, retry.',
    )
    expect(() => queue.work(() => 'x', { zebra: 1 } as never)).toThrow(
      'work() has no option "zebra". It has: concurrency, prefetch, name, drain.',
    )
  })

  // An option of many calls is a duration, and is given bare by mistake.
  test.each(cases.filter(([owner]) => owner.endsWith(')')))(
    '%s, as %s, takes no text for its options',
    async (_owner, _wrong, _right, _names, call) => {
      await expect(Promise.resolve().then(() => call('5s' as never))).rejects.toMatchObject({
        code: 'E_INVALID_OPTION',
      })
    },
  )

  test('nothing has happened', async () => {
    expect(await queue.get('a')).toMatchObject({ inbox: [], tags: expect.not.arrayContaining(['cancelled']) })
    expect((await queue.stats()).states).toMatchObject({ pending: 1 })
    expect(worker.stats().active).toBe(0)
    await queue.send('hello', { id: 'b' })
    expect(await queue.result('b', { timeout: '60s' })).toBe('sent')
  })
})

test('a listener of a signal of the system can be stop() itself', async () => {
  const idle = other.queue('idle').work(() => 'x')
  const stop = idle.stop as (name: string, code: number) => Promise<void>
  await expect(stop('SIGTERM', 15)).resolves.toBeUndefined()
})
