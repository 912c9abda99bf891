import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMachine, type AnyStateMachine } from 'xstate'
import type { Queue, QueueOptions } from '../../src/index.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

/** A ticket that waits, for a while or for an answer. */
function ticket(version: string, waiting: string, answer: () => boolean = () => true): AnyStateMachine {
  return createMachine({
    id: 'ticket',
    version,
    context: { asked: 1 },
    initial: waiting,
    states: {
      [waiting]: {
        after: { 3_600_000: 'closed' },
        on: { ANSWER: { target: 'working', guard: answer }, CLOSE: 'closed' },
      },
      working: { invoke: { id: 'work', src: 'work', onDone: 'closed' } },
      closed: { type: 'final' },
    },
  })
}

const v1 = ticket('1', 'waiting')
const v2 = ticket('2', 'queued')

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('the population of a queue on %s', (_, openBackend) => {
  let backend: TestBackend
  let queues = 0
  let name = ''
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  const deploy = (options: QueueOptions & { machine: AnyStateMachine }): Queue => backend.open().queue(name, options)
  const fresh = (): string => (name = `tickets-${++queues}`)
  const fates = async (queue: Queue): Promise<string[]> =>
    (await queue.population()).groups.map(({ state, fate, to, count }) =>
      [count, state, fate, ...(to === undefined ? [] : [to])].join(' '),
    )

  test('is read whole, over pages and partitions, each message once', async () => {
    fresh()
    const queue = deploy({ machine: v1, partitions: 2 })
    await queue.sendBulk(Array.from({ length: 1203 }, (_, i) => ({ input: {}, id: `t${i}` })))
    const seen: string[] = []
    const { groups, machine, arrivals } = await queue.population((id) => seen.push(id))
    expect(groups).toMatchObject([{ state: 'waiting', fate: 'runs', count: 1203, machine }])
    expect(machine).toMatch(/^ticket@1#[0-9a-f]{8}$/)
    expect(Object.keys(arrivals)).toEqual([machine])
    expect(new Set(seen).size).toBe(1203)
    expect(seen).toHaveLength(1203)
    await expect(deploy({ machine: v1 }).population()).rejects.toThrow('E_INVALID_OPTION: the queue')
  })

  test('runs in an older version that is still there, and moves where a migration says', async () => {
    fresh()
    await deploy({ machine: v1 }).send({}, { id: 'a' })
    expect(await fates(deploy({ machine: v2 }))).toEqual(['1 waiting orphaned'])
    expect(await fates(deploy({ machine: v2, versions: [v1] }))).toEqual(['1 waiting runs'])
    const migrate: QueueOptions['migrate'] = ({ context }) => ({ state: 'working', context })
    const queue = deploy({ machine: v2, migrate })
    expect((await queue.population()).groups).toMatchObject([
      {
        fate: 'moves',
        to: 'working',
        begins: { work: 1 },
        ends: { 'xstate.after.3600000.ticket.waiting': 1 },
        example: 'a',
      },
    ])
    // Looking has moved nothing.
    expect(await queue.get('a')).toMatchObject({ state: 'waiting', revision: 0 })
  })

  test('does not believe a migration whose result cannot be stored, or is no state', async () => {
    fresh()
    await deploy({ machine: v1 }).send({}, { id: 'a' })
    const unstorable = deploy({ machine: v2, migrate: () => ({ state: 'queued', context: { now: () => 1 } }) })
    const nowhere = deploy({ machine: v2, migrate: ({ context }) => ({ state: 'waiting', context }) })
    for (const [queue, reason] of [
      [unstorable, /E_UNSERIALIZABLE/],
      [nowhere, /waiting/],
    ] as const) {
      const { groups } = await queue.population()
      expect(groups).toMatchObject([{ fate: 'orphaned', reasons: [{ count: 1, example: 'a' }] }])
      expect(groups[0]!.reasons[0]!.reason).toMatch(reason)
    }
  })

  test('in quarantine is stuck until the machine is mended', async () => {
    fresh()
    const broken = deploy({
      machine: ticket('1', 'waiting', () => {
        throw new Error('a guard with a fault')
      }),
    })
    const worker = broken.work({ work: () => 'done' })
    await broken.send({}, { id: 'a' })
    await broken.signal('a', { type: 'ANSWER' })
    await until(async () => (await broken.get('a'))?.state === '~quarantined')
    await worker.stop()
    const { groups } = await broken.population()
    expect(groups).toMatchObject([{ state: 'waiting', fate: 'stuck', reasons: [{ count: 1, example: 'a' }] }])
    expect(groups[0]!.reasons[0]!.reason).toContain('a guard with a fault')

    const mended = deploy({ machine: v1 })
    expect(await fates(mended)).toEqual(['1 waiting releasable waiting'])
    mended.work({ work: () => 'done' })
    await mended.release('a')
    await mended.result('a', { timeout: '60s' })
    expect(await fates(mended)).toEqual(['1 closed finished'])
  })

  test('is none of a machine that was never here', async () => {
    fresh()
    await deploy({ machine: v1 }).send({}, { id: 'a' })
    const { groups } = await deploy({
      machine: createMachine({ id: 'other', initial: 'waiting', states: { waiting: {} } }),
    }).population()
    expect(groups).toMatchObject([{ fate: 'orphaned' }])
    expect(groups[0]!.reasons[0]!.reason).toMatch(/E_UNKNOWN_MACHINE.*ticket@1#/)
  })

  test('keeps to a few reasons, however many there are', async () => {
    fresh()
    const queue = deploy({ machine: v1 })
    await queue.sendBulk(Array.from({ length: 30 }, (_, i) => ({ input: { i }, id: `t${i}` })))
    let thrown = 0
    const migrating = deploy({
      machine: v2,
      migrate: () => {
        throw new Error(`reason ${++thrown}`)
      },
    })
    const [group] = (await migrating.population()).groups
    expect(group).toMatchObject({ fate: 'orphaned', count: 30 })
    expect(group!.reasons).toHaveLength(10)
  })
})
