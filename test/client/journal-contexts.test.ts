import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { assign, setup } from 'xstate'
import { RetryableError, type Redrive } from '../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

const counter = setup({
  types: { context: {} as { n: number; note?: string; big: string }, events: {} as { type: 'ADD'; big: string } },
}).createMachine({
  id: 'counter',
  context: { n: 0, big: '' },
  initial: 'counting',
  states: {
    counting: {
      on: { ADD: { actions: assign({ n: ({ context }) => context.n + 1, big: ({ event }) => event.big }) } },
    },
  },
})

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('a journal with contexts on %s', (_, open) => {
  let backend: TestBackend
  let redrive: Redrive
  beforeAll(async () => {
    backend = await open()
    redrive = backend.open()
  })
  afterAll(() => backend.stop())

  test('tells of each step what it changed, and names what was too large', async () => {
    const queue = redrive.queue('counters', { machine: counter, journal: { entries: 3, contexts: 300 } })
    queue.work()
    await queue.send({}, { id: 'c' })
    expect((await queue.history('c'))[0]!.changed).toEqual({ set: { n: 0, big: '' }, removed: [], truncated: [] })
    for (const big of ['a', 'b'.repeat(1000), 'c', 'c']) await queue.signal('c', { type: 'ADD', big }, { wait: '20s' })
    const changed = (await queue.history('c')).map((entry) => entry.changed)
    expect(changed).toEqual([
      { set: { n: 2 }, removed: [], truncated: ['big'] },
      { set: { n: 3, big: 'c' }, removed: [], truncated: [] },
      { set: { n: 4 }, removed: [], truncated: [] },
    ])
  })

  test('of the default machine, and none without the option', async () => {
    const handler = async (_input: unknown, { attempt }: { attempt: number }): Promise<void> => {
      if (attempt === 1) throw new RetryableError('busy', { retryAfter: 1 })
    }
    for (const [name, journal] of [
      ['with', { contexts: true }],
      ['without', {}],
    ] as const) {
      const queue = redrive.queue(name, { journal })
      queue.work(handler)
      await queue.send({ to: 'ada' }, { id: 'm' })
      await until(async () => (await queue.get('m'))?.state === 'succeeded')
    }
    const steps = await redrive.queue('with').history('m')
    expect(steps[0]!.changed?.set).toMatchObject({ payload: { to: 'ada' } })
    expect(steps.find(({ to }) => to === 'retrying')!.changed?.set).toMatchObject({ error: { message: 'busy' } })
    expect((await redrive.queue('without').history('m')).filter((entry) => 'changed' in entry)).toEqual([])
  })
})

test.each([
  [{ entries: 0 }, 'journal.entries'],
  [{ contexts: 10 }, 'journal.contexts'],
  [{ context: true }, 'journal.context'],
  ['many', 'journal'],
])('the option %j is refused', async (journal, path) => {
  const backend = await inMemory()
  try {
    const make = () => backend.open().queue('q', { journal: journal as object })
    expect(make).toThrow(
      expect.objectContaining({ code: 'E_INVALID_OPTION', details: expect.objectContaining({ path }) }),
    )
  } finally {
    await backend.stop()
  }
})
