import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { setup } from 'xstate'
import { errorFacts } from '../../../src/client/steering/error-facts.ts'
import { NonRetryableError, type Queue, type Redrive } from '../../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../../support/backends.ts'

/** As a library throws it. */
const addressError = (text: string): Error =>
  Object.assign(new Error(text), { name: 'AddressError', code: 'E_ADDRESS', retryable: false })

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
] as const)('operations on %s', (_, open) => {
  let backend: TestBackend
  let redrive: Redrive
  let queue: Queue
  let mended = false

  /** Ten dead ones: even ones of an address, odd ones of another error; and one that waits. */
  beforeEach(async () => {
    backend = await open()
    redrive = backend.open()
    queue = redrive.queue('mails', { retry: { attempts: 1 }, partitions: 2 })
    mended = false
    queue.work(({ i }: { i: number }) => {
      if (mended) return i
      throw i % 2 === 0 ? addressError(`no user ${i}`) : new NonRetryableError('boom')
    })
    const sent = Array.from({ length: 10 }, (_, i) => ({
      input: { i, to: { city: i < 4 ? 'Riga' : 'Oslo' } },
      id: `m${i}`,
    }))
    await queue.sendBulk(sent)
    await queue.send({ i: 99 }, { id: 'waits', delay: '1h' })
    await until(async () => (await queue.stats()).states['dead'] === 10)
  })
  afterEach(() => backend.stop())
  const idsIn = async (state: string) => (await queue.list({ state })).map(({ id }) => id).toSorted()

  test('a preview of as many as it looks at knows whether these were all', async () => {
    const many = redrive.queue('many')
    const send = (count: number) => many.sendBulk(Array.from({ length: count }, () => ({ input: {} })))
    for (let i = 0; i < 10; i++) await send(1000)
    const preview = () => many.preview({ action: 'cancel', filter: { state: 'pending' } })
    expect(await preview()).toMatchObject({ matching: 10_000, examined: 10_000, complete: true })
    await send(1)
    expect(await preview()).toMatchObject({ matching: 10_000, examined: 10_000, complete: false })
  })

  test('redrive the dead of one error class', async () => {
    mended = true
    const filter = { state: 'dead', errorName: 'AddressError', errorCode: 'E_ADDRESS' }
    const preview = await queue.preview({ action: 'redrive', filter })
    expect(preview).toMatchObject({ matching: 5, examined: 10, complete: true })
    const outcomes: string[] = []
    const operation = await queue.operate(
      { action: 'redrive', filter, actor: 'ada' },
      { onEach: ({ id, status }) => void outcomes.push(`${id} ${status}`) },
    )
    expect(await operation.finished).toEqual({ matching: 5, done: 5, skipped: 0, failed: 0, state: 'done' })
    expect(outcomes.toSorted()).toEqual([0, 2, 4, 6, 8].map((i) => `m${i} done`))
    await until(async () => (await queue.stats()).states['succeeded'] === 5)
    expect(await idsIn('dead')).toEqual(['m1', 'm3', 'm5', 'm7', 'm9'])
    expect(await redrive.audit()).toMatchObject([
      { actor: 'ada', action: 'redrive', count: 5, operation: operation.id, what: 'done: 5 done, 0 skipped, 0 failed' },
      { actor: 'ada', action: 'redrive', count: 5, operation: operation.id },
    ])
  })

  test.each([
    [{ idPrefix: 'm1' }, ['m1']],
    [{ field: 'to.city', equals: 'Riga' }, ['m0', 'm1', 'm2', 'm3']],
    [{ minAttempts: 2 }, []],
    [{ maxAttempts: 1, errorName: 'NonRetryableError' }, ['m1', 'm3', 'm5', 'm7', 'm9']],
    [{ minAgeMs: 3_600_000 }, []],
    [{ maxAgeMs: 3_600_000, field: 'i', equals: 7 }, ['m7']],
  ])('find by %j', async (filter, expected) => {
    const { matching, sample } = await queue.preview({ action: 'redrive', filter: { state: 'dead', ...filter } })
    expect([matching, sample.toSorted()]).toEqual([expected.length, expected])
  })

  test('group errors that differ in numbers alone', async () => {
    const operation = await queue.operate({ action: 'remove', ids: ['m2'] })
    await operation.finished
    const message = await queue.get('m0')
    const errorFingerprint = errorFacts(message!, (value) => value)!.fingerprint
    const preview = await queue.preview({ action: 'redrive', filter: { state: 'dead', errorFingerprint } })
    expect(preview.sample.toSorted()).toEqual(['m0', 'm4', 'm6', 'm8'])
  })

  test('come to each message once, at the rate that was asked for, and stop when told', async () => {
    mended = true
    let done = 0
    let stop = (): void => {}
    const operation = await queue.operate(
      { action: 'redrive', filter: { state: 'dead' }, ratePerSecond: 20 },
      { onEach: () => void (++done === 4 && stop()) },
    )
    stop = operation.stop
    const progress = await operation.finished
    expect(progress).toMatchObject({ state: 'stopped', matching: 10, done: 4 })
    await until(async () => (await queue.stats()).states['succeeded'] === 4)
    expect((await queue.stats()).states['dead']).toBe(6)
  })

  test('skip what has changed meanwhile', async () => {
    mended = true
    const skipped: string[] = []
    let first: ((id: string) => void) | undefined
    const begun = new Promise<string>((resolve) => {
      first = resolve
    })
    const operation = await queue.operate(
      { action: 'redrive', filter: { state: 'dead' }, ratePerSecond: 5 },
      { onEach: ({ id, status, why }) => (status === 'done' ? first?.(id) : void skipped.push(`${id}: ${why}`)) },
    )
    const done = await begun
    // Those that it comes to last.
    const [gone, redriven] = (await queue.list({ state: 'dead', newestFirst: true })).map(({ id }) => id)
    expect([gone, redriven]).not.toContain(done)
    await queue.remove(gone!)
    await queue.redrive(redriven!)
    expect(await operation.finished).toMatchObject({ matching: 10, done: 8, skipped: 2, failed: 0 })
    expect(skipped.toSorted()).toEqual([`${gone}: it is gone`, `${redriven}: it has changed`].toSorted())
  })

  test('skip what they do nothing to', async () => {
    const why: (string | undefined)[] = []
    const other = await queue.operate(
      { action: 'redrive', ids: ['waits', 'nobody'] },
      { onEach: (outcome) => void why.push(outcome.why) },
    )
    expect(await other.finished).toMatchObject({ done: 0, skipped: 2, failed: 0 })
    expect(new Set(why)).toEqual(new Set(['REDRIVE does nothing in pending', 'it is gone']))
    const released = await queue.operate({ action: 'release', ids: ['waits'] })
    expect(await released.finished).toMatchObject({ done: 0, skipped: 1 })
    const cancelled = await queue.operate({ action: 'cancel', ids: ['waits', 'waits'] })
    expect(await cancelled.finished).toMatchObject({ matching: 1, done: 1 })
    await expect(queue.result('waits', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_CANCELLED' })
  })

  test('remove, and bring back what was removed', async () => {
    const before = await Promise.all(['m0', 'm1'].map((id) => queue.get(id)))
    const operation = await queue.operate({ action: 'remove', filter: { state: 'dead' } })
    expect(await operation.finished).toMatchObject({ done: 10, state: 'done' })
    expect((await queue.stats()).states['dead']).toBe(0)
    await queue.send({ i: 5, to: {} }, { id: 'm5', delay: '1h' })
    // By any client: what is needed for it is in the store.
    const elsewhere = backend.open().queue('mails', { retry: { attempts: 1 }, partitions: 2 })
    expect(await elsewhere.undo(operation.id)).toEqual({ restored: 9, present: 1, gone: 0 })
    expect(await Promise.all(['m0', 'm1'].map((id) => queue.get(id)))).toEqual(before)
    expect((await queue.get('m5'))?.state).toBe('pending')
    expect(await queue.undo('nothing')).toEqual({ restored: 0, present: 0, gone: 0 })
    mended = true
    await queue.redrive('m0')
    await until(async () => (await queue.get('m0'))?.state === 'succeeded')
  })

  test('send any event of a machine, and find those within a compound state', async () => {
    const machine = setup({}).createMachine({
      id: 'review',
      initial: 'open',
      states: {
        open: { initial: 'a', states: { a: { on: { NEXT: 'b' } }, b: {} }, on: { CLOSE: 'closed' } },
        closed: { type: 'final' },
      },
    })
    const reviews = redrive.queue('reviews', { machine })
    await reviews.sendBulk(['r1', 'r2', 'r3'].map((id) => ({ input: {}, id })))
    reviews.work()
    const next = await reviews.operate({ action: 'event', event: { type: 'NEXT' }, ids: ['r1'] })
    await next.finished
    await until(async () => (await reviews.get('r1'))?.state === 'open.b')
    const close = await reviews.operate({ action: 'event', event: { type: 'CLOSE' }, filter: { state: 'open' } })
    expect(await close.finished).toMatchObject({ matching: 3, done: 3 })
    await until(async () => (await reviews.stats()).states['closed'] === 3)
    await expect(
      reviews.operate({ action: 'event', event: { type: 'CLOSED' }, filter: { state: 'open' } }),
    ).rejects.toMatchObject({ code: 'E_UNKNOWN_EVENT' })
  })

  test.each([
    ['E_EMPTY_FILTER', { action: 'remove' }],
    ['E_EMPTY_FILTER', { action: 'remove', ids: [] }],
    ['E_EMPTY_FILTER', { action: 'remove', filter: {} }],
    ['E_EMPTY_FILTER', { action: 'remove', filter: { errorName: 'AddressError' } }],
    ['E_INVALID_OPTION', { action: 'drop', ids: ['m1'] }],
    ['E_INVALID_OPTION', { action: 'remove', ids: ['m1'], filter: { state: 'dead' } }],
    ['E_INVALID_OPTION', { action: 'remove', filter: { state: 'dead', errorname: 'x' } }],
    ['E_INVALID_OPTION', { action: 'remove', filter: { state: 'dead', field: 'a' } }],
    ['E_INVALID_OPTION', { action: 'event', ids: ['m1'] }],
    ['E_INVALID_OPTION', { action: 'retry', ids: ['m1'], ratePerSecond: 0 }],
    ['E_INVALID_OPTION', { action: 'retry', ids: ['m1'], ratePerSecond: '5' }],
    ['E_INVALID_OPTION', { action: 'retry', ids: ['m1'], ratePerSecond: Object.create(null) }],
    ['E_INVALID_ID', { action: 'retry', ids: ['a{b}'] }],
  ])('refuse with %s: %j', async (code, request) => {
    await expect(queue.operate(request as never)).rejects.toMatchObject({ code })
    expect(await redrive.audit()).toEqual([])
  })
})
