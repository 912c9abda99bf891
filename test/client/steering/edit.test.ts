import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { assign, setup } from 'xstate'
import { z } from 'zod'
import { NonRetryableError, type Redrive } from '../../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../../support/backends.ts'

const types = {} as {
  input: { lines: string[]; to: string }
  context: { lines: string[]; to: string; seen: number }
}

/** Is put aside by a payload without lines, and dies of one that is empty. */
const parcel = setup({
  types,
  guards: { isEmpty: ({ context }) => context.lines.length === 0 },
}).createMachine({
  id: 'parcel',
  context: ({ input }) => ({ ...input, seen: 0 }),
  initial: 'waiting',
  states: {
    waiting: { on: { PACK: [{ guard: 'isEmpty', target: 'dead' }, { target: 'packed' }] } },
    packed: { entry: assign({ to: ({ context }) => context.to.toUpperCase(), seen: 1 }), after: { 0: 'dead' } },
    dead: { tags: ['dead', 'settled'], on: { AGAIN: 'waiting' } },
  },
})

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
] as const)('an edited input on %s', (_, open) => {
  let backend: TestBackend
  let redrive: Redrive
  beforeEach(async () => {
    backend = await open()
    redrive = backend.open()
  })
  afterEach(() => backend.stop())

  test('is what a redriven message goes on with; the one that was sent is kept', async () => {
    const queue = redrive.queue('mails', { input: z.object({ to: z.string() }), retry: { attempts: 7 } })
    const worker = queue.work(({ to }) => {
      if (!to.includes('@')) throw new NonRetryableError('no such address')
      return `sent to ${to}`
    })
    await queue.send({ to: 'ada' }, { id: 'a', retry: { attempts: 3 } })
    await expect(queue.result('a', { timeout: '60s' })).rejects.toMatchObject({ code: 'E_DEAD' })

    await expect(queue.edit('a', { to: 1 as never })).rejects.toMatchObject({ code: 'E_INVALID_PAYLOAD' })
    const edited = await queue.edit('a', { to: 'ada@example' }, { wait: '10s', actor: 'bob' })
    expect(edited).toEqual({ id: 'a', status: 'applied', previous: { to: 'ada' } })
    await queue.edit('a', { to: 'ada@example.com' }, { wait: '10s' })
    const message = await queue.get('a')
    expect(message).toMatchObject({ state: 'dead', input: { to: 'ada@example.com' }, sentInput: { to: 'ada' } })
    expect(message?.context).toMatchObject({ payload: { to: 'ada@example.com' }, retry: { attempts: 3 } })
    expect(message?.history.slice(-2).map(({ event, to }) => [event, to])).toEqual([
      ['edit', 'dead'],
      ['edit', 'dead'],
    ])

    await queue.redrive('a')
    await until(async () => (await queue.get('a'))?.state === 'succeeded')
    expect(await queue.get('a')).toMatchObject({ output: 'sent to ada@example.com', sentInput: { to: 'ada' } })
    const [, first] = await redrive.audit()
    expect(first).toMatchObject({ actor: 'bob', action: 'edit', queue: 'mails', count: 1 })
    await worker.stop()
  })

  test('is refused while a message is on its way, finished, or not there', async () => {
    const queue = redrive.queue('mails')
    await queue.send('x', { id: 'waits', delay: '1h' })
    await queue.send('x', { id: 'done' })
    const worker = queue.work(() => 'ok')
    await queue.result('done', { timeout: '60s' })
    for (const id of ['waits', 'done'])
      await expect(queue.edit(id, 'y')).rejects.toMatchObject({ code: 'E_NOT_EDITABLE', details: { id } })
    await expect(queue.edit('nobody', 'y')).rejects.toMatchObject({ code: 'E_NOT_FOUND' })
    expect(await queue.get('waits')).toMatchObject({ input: 'x', inbox: [] })
    await worker.stop()
  })

  test('that comes too late changes nothing, and says so', async () => {
    const queue = redrive.queue('mails', { retry: { attempts: 1 } })
    await queue.send('bad', { id: 'a' })
    const first = queue.work(() => Promise.reject(new Error('no')))
    await until(async () => (await queue.get('a'))?.state === 'dead')
    await first.stop()
    // Both wait in its inbox: it is redriven first.
    await queue.redrive('a')
    const refused = queue.edit('a', 'good', { wait: '10s' }).catch((error: unknown) => error)
    await until(async () => (await queue.get('a'))?.inbox.length === 2)
    queue.work((input: string) => input)
    expect(await refused).toMatchObject({ code: 'E_NOT_EDITABLE' })
    expect(await queue.result('a', { timeout: '60s' })).toBe('bad')
    expect((await queue.get('a'))?.sentInput).toBeUndefined()
  })

  test('lets a message out of quarantine that its machine could not take', async () => {
    const queue = redrive.queue('parcels', { machine: parcel })
    queue.work({})
    await queue.send({ to: 'ada' } as never, { id: 'a' })
    await queue.signal('a', { type: 'PACK' })
    await until(async () => (await queue.get('a'))?.state === '~quarantined')
    expect(await queue.edit('a', { to: 'bob', lines: ['book'] })).toMatchObject({
      status: 'delivered',
      previous: { to: 'ada' },
    })
    expect(await queue.get('a')).toMatchObject({ state: '~quarantined', input: { to: 'ada' } })
    await queue.release('a')
    const message = await until(async () => {
      const now = await queue.get('a')
      return now?.state === 'dead' ? now : undefined
    })
    expect(message.context).toEqual({ to: 'BOB', lines: ['book'], seen: 1 })
    expect(message).toMatchObject({ input: { to: 'bob', lines: ['book'] }, sentInput: { to: 'ada' }, inbox: [] })
    expect(message.history.map(({ event }) => event)).toEqual([
      'init',
      'quarantine',
      'release',
      'edit',
      'PACK',
      'after 0',
    ])

    // What the machine has made of it is no more the input's, and stays.
    await queue.edit('a', { to: 'eve', lines: [] }, { wait: '10s' })
    expect((await queue.get('a'))?.context).toEqual({ to: 'BOB', lines: [], seen: 1 })
  })

  test('cannot be sent by those who only send events', async () => {
    const queue = redrive.queue('mails')
    await queue.send('x', { id: 'a', delay: '1h' })
    const forged = queue.signal('a', { type: 'redrive.edit', input: 'y' } as never)
    await expect(forged).rejects.toMatchObject({ code: 'E_INVALID_EVENT' })
  })
})
