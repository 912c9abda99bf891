import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import type { Queue } from '../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'
import { openStage, type Stage } from './stage.ts'

const machine = createMachine({
  id: 'order',
  initial: 'charging',
  states: { charging: { invoke: { id: 'charge', src: 'charge', onDone: 'shipped' } }, shipped: { type: 'final' } },
})

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('a message that failed, on %s', (_, open) => {
  let backend: TestBackend
  let stage: Stage
  let orders: Queue
  let mended = false
  beforeAll(async () => {
    backend = await open()
    const redrive = backend.open()
    orders = redrive.queue('orders', { machine, redact: ['card'] })
    orders.work({
      charge: () => {
        if (!mended) throw new Error('refused')
        return 'paid'
      },
    })
    await orders.send({ card: '4111' }, { id: 'a' })
    await until(async () => (await orders.get('a'))?.state === '~failed')
    stage = await openStage(redrive)
  })
  afterAll(async () => {
    await stage?.close()
    await backend?.stop()
  })
  const path = 'api/v1/queues/orders'

  test('tells where it failed, what can be done, and what that would do', async () => {
    const { message } = (await stage.get(`${path}/messages/a`)).body
    expect(message).toMatchObject({ state: '~failed', failedIn: { state: 'charging', event: 'error charge' } })
    const { events } = (await stage.get(`${path}/messages/a/next`)).body
    expect(events).toEqual([{ type: 'redrive', kind: 'operation', possible: true, target: 'charging' }])
    const { body } = await stage.post(`${path}/messages/a/dry-run`, { event: { type: 'REDRIVE' } })
    expect(body).toMatchObject({
      from: '~failed',
      to: 'charging',
      changed: true,
      effects: [{ type: 'invoke', id: 'charge', src: 'charge' }],
    })
  })

  test('is redriven as an operation', async () => {
    mended = true
    const { status } = await stage.post(`${path}/operations`, { action: 'redrive', filter: { state: '~failed' } })
    expect(status).toBe(202)
    await until(async () => (await orders.get('a'))?.state === 'shipped')
  })
})
