import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import { inMemory, onRedis, type TestBackend } from '../support/backends.ts'

// A state with a `route` is for others to go to, from wherever the machine is; its event is one of XState's own.

const form = createMachine({
  id: 'form',
  context: { locked: true },
  initial: 'name',
  states: {
    name: { id: 'name', route: {}, on: { NEXT: 'address' } },
    address: { id: 'address', route: {} },
    payment: { id: 'payment', route: { guard: ({ context }) => !context.locked } },
    sent: { id: 'sent' },
  },
})

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('routes on %s', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  test('are taken as XState takes them', async () => {
    const queue = backend.open().queue('forms', { machine: form })
    queue.work()
    await queue.send({}, { id: 'a' })
    const goTo = async (to: string): Promise<string | undefined> =>
      (await queue.signal('a', { type: 'xstate.route', to }, { wait: '10s' })).state
    expect(await goTo('#address')).toBe('address')
    expect(await goTo('#name')).toBe('name')
    // One is guarded, and one has no route.
    expect(await goTo('#payment')).toBe('name')
    expect(await goTo('#sent')).toBe('name')
  })

  test('are refused by a machine that has none, as all other events of XState are', async () => {
    const plain = createMachine({ id: 'plain', initial: 'a', states: { a: { id: 'a', on: { GO: {} } } } })
    const queue = backend.open().queue('plain', { machine: plain })
    await queue.send({}, { id: 'a' })
    await expect(queue.signal('a', { type: 'xstate.route', to: '#a' })).rejects.toMatchObject({
      code: 'E_UNKNOWN_EVENT',
    })
    await expect(queue.signal('a', { type: 'xstate.done.state.a' })).rejects.toMatchObject({ code: 'E_INVALID_EVENT' })
  })
})
