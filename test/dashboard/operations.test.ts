import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { NonRetryableError, type Queue, type Redrive } from '../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'
import { openStage, readLive, type Stage } from './stage.ts'

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
] as const)('what the dashboard does on %s', (_, open) => {
  let backend: TestBackend
  let redrive: Redrive
  let queue: Queue
  let stage: Stage
  let mended = false

  beforeEach(async () => {
    backend = await open()
    redrive = backend.open()
    queue = redrive.queue('mails', { retry: { attempts: 1 } })
    mended = false
    queue.work(
      ({ i }: { i: number }) => {
        if (!mended) throw i % 2 === 0 ? new NonRetryableError(`no user ${i}`) : new TypeError('boom')
      },
      { name: 'w1' },
    )
    await queue.sendBulk(Array.from({ length: 6 }, (_unused, i) => ({ input: { i }, id: `m${i}` })))
    await until(async () => (await queue.stats()).states['dead'] === 6)
    stage = await openStage(redrive, {
      authorize: (_request, { type }) => (type === 'undo' ? { actor: 'eve' } : { actor: 'ada' }),
      redact: (value, path) => (path.at(-1) === 'secret' ? '[hidden]' : value),
    })
  })
  afterEach(async () => {
    await stage.close()
    await backend.stop()
  })

  async function ended(id: string) {
    return until(async () => {
      const { body } = await stage.get(`api/v1/operations/${id}`)
      return body.state === 'running' ? undefined : body
    })
  }

  test('redrives the dead of one error class: preview, progress, audit', async () => {
    mended = true
    const order = { action: 'redrive', filter: { state: 'dead', errorName: 'TypeError' } }
    const preview = await stage.post('api/v1/queues/mails/operations', { ...order, preview: true })
    expect(preview).toMatchObject({ status: 200, body: { matching: 3, examined: 6, complete: true } })
    expect(preview.body.sample.toSorted()).toEqual(['m1', 'm3', 'm5'])
    expect((await stage.get('api/v1/operations')).body).toEqual({ items: [] })

    const { status, body } = await stage.post('api/v1/queues/mails/operations', { ...order, ratePerSecond: 100 })
    expect([status, body.operation]).toMatchObject([
      202,
      { queue: 'mails', action: 'redrive', actor: 'ada', matching: 3 },
    ])
    const end = await ended(body.operation.id)
    expect(end).toMatchObject({ state: 'done', done: 3, skipped: 0, failed: 0, undo: { possible: false } })
    expect(end.undo.why).toContain('cannot be taken back')
    await until(async () => (await queue.stats()).states['succeeded'] === 3)
    const undone = await stage.post(`api/v1/operations/${body.operation.id}/undo`, {})
    expect(undone).toMatchObject({ status: 409, body: { error: { code: 'E_NOT_UNDOABLE' } } })
    const { items } = (await stage.get('api/v1/audit?limit=2')).body
    expect(items).toMatchObject([
      { actor: 'ada', queue: 'mails', action: 'redrive', count: 3, operation: body.operation.id },
      { actor: 'ada', queue: 'mails', action: 'redrive', count: 3, operation: body.operation.id },
    ])
  })

  test('removes, and brings back', async () => {
    const { body } = await stage.post('api/v1/queues/mails/operations', { action: 'remove', filter: { state: 'dead' } })
    expect(await ended(body.operation.id)).toMatchObject({ done: 6, undo: { possible: true } })
    expect((await queue.stats()).states['dead']).toBe(0)
    const undone = await stage.post(`api/v1/operations/${body.operation.id}/undo`, {})
    expect(undone.body).toMatchObject({ undo: { possible: false, why: 'it was undone already.' } })
    expect((await queue.stats()).states['dead']).toBe(6)
    expect((await stage.get('api/v1/audit?limit=1')).body.items[0]).toMatchObject({
      actor: 'eve',
      action: 'undo',
      count: 6,
    })
  })

  test('stops an operation', async () => {
    const order = { action: 'redrive', filter: { state: 'dead' }, ratePerSecond: 0.1 }
    const { body } = await stage.post('api/v1/queues/mails/operations', order)
    await stage.post(`api/v1/operations/${body.operation.id}/stop`, {})
    expect(await ended(body.operation.id)).toMatchObject({ state: 'stopped', matching: 6 })
    expect((await stage.post('api/v1/operations/none/stop', {})).status).toBe(404)
  })

  test('another process tells of it, stops it, and brings back what it removed', async () => {
    const elsewhere = backend.open()
    elsewhere.queue('mails')
    const other = await openStage(elsewhere)
    try {
      const slow = { action: 'redrive', filter: { state: 'dead' }, ratePerSecond: 0.1 }
      const { id } = (await stage.post('api/v1/queues/mails/operations', slow)).body.operation
      const { items } = (await other.get('api/v1/operations')).body
      expect(items).toMatchObject([{ id, queue: 'mails', action: 'redrive', actor: 'ada', state: 'running' }])
      await other.post(`api/v1/operations/${id}/stop`, {})
      expect(await ended(id)).toMatchObject({ state: 'stopped', matching: 6 })

      // Begun by no dashboard at all.
      const removal = await queue.operate({ action: 'remove', filter: { state: 'dead' }, actor: 'cli' })
      const { done } = await removal.finished
      const told = (await other.get(`api/v1/operations/${removal.id}`)).body
      expect(told).toMatchObject({ actor: 'cli', state: 'done', done, undo: { possible: true } })
      expect((await other.post(`api/v1/operations/${removal.id}/undo`, {})).status).toBe(200)
      const undone = (await stage.get('api/v1/operations')).body.items.find(
        (each: { id: string }) => each.id === removal.id,
      )
      expect(undone.undo).toEqual({ possible: false, why: 'it was undone already.' })
    } finally {
      await other.close()
    }
  })

  test('pauses a queue, which its live picture tells, and lets it go on', async () => {
    const live = await readLive(`${stage.url}api/v1/queues/mails/live`)
    try {
      expect((await stage.post('api/v1/queues/mails/pause', {})).body).toEqual({ paused: true })
      await live.until(({ event, data }) => event === 'tick' && data.paused && data.workers.concurrency === 10)
      expect((await stage.get('api/v1/overview')).body.queues[0]).toMatchObject({ name: 'mails', paused: true })
      expect((await stage.post('api/v1/queues/mails/resume', {})).body).toEqual({ paused: false })
      await live.until(({ event, data }) => event === 'tick' && !data.paused)
      expect((await stage.post('api/v1/queues/nowhere/pause', {})).status).toBe(404)
    } finally {
      await live.close()
    }
  })

  test('edits the payload of a dead message, and keeps what is hidden hidden', async () => {
    await queue.send({ i: 0, secret: 'x' }, { id: 'hidden' })
    await until(async () => (await queue.get('hidden'))?.state === 'dead')
    const path = 'api/v1/queues/mails/messages/hidden/input'
    const edited = await stage.post(path, { input: { i: 7 } })
    expect(edited).toMatchObject({ status: 200, body: { id: 'hidden', previous: { i: 0, secret: '[hidden]' } } })
    await until(async () => (await queue.get('hidden'))?.sentInput !== undefined)
    expect(await queue.get('hidden')).toMatchObject({ input: { i: 7 }, sentInput: { i: 0, secret: 'x' } })
    mended = true
    await queue.redrive('m0')
    await until(async () => (await queue.get('m0'))?.state === 'succeeded')
    const late = await stage.post('api/v1/queues/mails/messages/m0/input', { input: {} })
    expect(late).toMatchObject({ status: 409, body: { error: { code: 'E_NOT_EDITABLE' } } })
    expect((await stage.post(path, {})).status).toBe(400)
  })

  test('tells who works', async () => {
    const { items } = await until(async () => {
      const { body } = await stage.get('api/v1/workers')
      return body.items[0]?.processed === 6 ? body : undefined
    })
    expect(items).toMatchObject([{ name: 'w1', queue: 'mails', pid: process.pid, concurrency: 10, holds: [] }])
    expect(items[0].lag).toEqual({ p50: expect.any(Number), p99: expect.any(Number), max: expect.any(Number) })
  })

  test('tells who removed a message', async () => {
    expect((await stage.remove('api/v1/queues/mails/messages/m1')).status).toBe(200)
    const { items } = (await stage.get('api/v1/audit')).body
    expect(items).toMatchObject([{ actor: 'ada', action: 'remove', what: '"m1"', count: 1 }])
    expect((await stage.get('api/v1/audit?limit=0')).status).toBe(400)
  })

  test.each([
    ['E_EMPTY_FILTER', { action: 'remove' }],
    ['E_EMPTY_FILTER', { action: 'remove', filter: { errorName: 'TypeError' } }],
    ['E_INVALID_REQUEST', { action: 'remove', filter: { state: 'dead', errorname: 'TypeError' } }],
    ['E_INVALID_REQUEST', { action: 'remove', filter: 'dead' }],
    ['E_INVALID_OPTION', { action: 'event', ids: ['m1'] }],
    ['E_UNKNOWN_EVENT', { action: 'event', event: { type: 'NO_SUCH' }, ids: ['m1'] }],
  ])('refuses with %s: %j', async (code, order) => {
    const { status, body } = await stage.post('api/v1/queues/mails/operations', order)
    expect([status, body.error.code]).toEqual([400, code])
    expect((await queue.stats()).states['dead']).toBe(6)
  })
})
