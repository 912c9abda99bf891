/** A message whose machine no living worker knows is left by each to the others, and by all for ever: the doctor finds it. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import { examine } from '../../../src/client/doctor/examine.ts'
import { onRedis, until, type TestBackend } from '../../support/backends.ts'

const order = createMachine({ id: 'order', initial: 'open', states: { open: { on: { PAY: 'paid' } }, paid: {} } })
const newer = createMachine({
  id: 'order',
  version: '2',
  initial: 'fresh',
  states: { fresh: { on: { PAY: 'paid' } }, paid: {} },
})

let backend: TestBackend
beforeAll(async () => {
  backend = await onRedis()
})
afterAll(() => backend.stop())

test('the doctor names the messages that workers claim and put back, and the fix', async () => {
  const queue = backend.open().queue('orders', { machine: order })
  const worker = queue.work()
  await worker.ready()
  await until(async () => (await queue.workers()).length === 1)
  // Sent by the next deployment, whose workers are gone again.
  const next = backend.open().queue('orders', { machine: newer })
  await next.send({}, { id: 'm' })
  await next.send({}, { id: 'waits' })
  await next.signal('m', { type: 'PAY' })
  await until(async () => ((await queue.get('m'))?.revision ?? 0) > 3)
  const address = { redis: backend.redis!.url, prefix: 'rd', commandTimeout: 5000 }
  const { findings } = await examine(address)
  expect(findings.filter(({ code }) => code === 'D_CLAIMED_IN_VAIN')).toMatchObject([
    {
      queue: 'orders',
      severity: 'error',
      count: 1,
      examples: ['m'],
      found: expect.stringContaining(`no worker that is alive knows the machine ${next.machineRef}`),
      mend: expect.stringContaining('Start a worker that has this machine'),
    },
  ])
  const other = next.work()
  await until(async () => (await next.get('m'))?.state === 'paid')
  await until(async () => (await next.workers()).length === 2)
  const after = await examine(address)
  expect(after.findings.map(({ code }) => code)).not.toContain('D_CLAIMED_IN_VAIN')
  await Promise.all([worker.stop(), other.stop()])
})
