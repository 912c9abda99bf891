import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import type { ChildMessage, JoinOptions } from '../../machines/index.ts'
import type { Queue } from '../../src/index.ts'
import { gate, inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'
import { parentOf, type Heard } from './talking-machines.ts'

const WAIT = { timeout: '20s' }

type Gate = ReturnType<typeof gate<void>>

interface Work {
  readonly name: string
  readonly fails?: boolean
}

/** Children that wait for their gate, then succeed or die; and parents of them. */
function family(backend: TestBackend, name: string, options: JoinOptions, settings: object = {}) {
  const redrive = backend.open()
  const gates = new Map<string, Gate>()
  const gateOf = (child: string): Gate => {
    const known = gates.get(child) ?? gate()
    gates.set(child, known)
    return known
  }
  const parents = redrive.queue(`${name}-parents`, { machine: parentOf(options), partitions: 4 })
  const children = redrive.queue(`${name}-children`, { partitions: 4, retry: { attempts: 1 }, ...settings })
  const aborted: string[] = []
  children.work(async ({ name: child, fails }: Work, { signal }) => {
    signal.addEventListener('abort', () => aborted.push(child))
    await Promise.race([gateOf(child).opened, new Promise((resolve) => signal.addEventListener('abort', resolve))])
    if (fails) throw new Error(`${child} failed`)
    return child
  })
  parents.work()
  const child = (of: string, more: object = {}): ChildMessage => ({
    queue: children.name,
    id: of,
    input: { name: of, ...more },
  })
  return { parents, children, gateOf, aborted, child }
}

const summary = ({ events }: Heard): unknown[] =>
  events.map((event) =>
    event.type === 'allDone'
      ? event.results.map(({ id, status }) => `${id} ${status}`)
      : `${event.child.id}: ${event.error.message}`,
  )

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('a join on %s', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  test('`report` tells of the first failure once, lets the others go on, and of the end of all', async () => {
    const { parents, gateOf, child } = family(backend, 'report', { failed: 'report' })
    await parents.send(
      { children: [child('a'), child('b', { fails: true }), child('c', { fails: true })] },
      { id: 'p' },
    )
    gateOf('b').open()
    await until(async () => (await parents.history('p')).some(({ event }) => event === 'anyFailed'))
    gateOf('c').open()
    gateOf('a').open()
    const heard = await parents.result('p', WAIT)
    expect(summary(heard)).toEqual(['b: b failed', ['a done', 'b failed', 'c failed']])
  })

  test('`cancel` tells of the first failure, sends the others CANCEL, and says no more', async () => {
    const { parents, children, gateOf, aborted, child } = family(backend, 'cancel', { failed: 'cancel' })
    await parents.send({ children: [child('a'), child('b', { fails: true }), child('c')] }, { id: 'p' })
    gateOf('a').open()
    await until(async () => (await parents.get('p'))?.joins?.[0]?.children[0]?.status === 'done')
    gateOf('b').open()
    await until(async () => (await children.get('c'))?.state === 'cancelled')
    expect(aborted).toEqual(['c'])
    // What the third child says of its end finds nobody who waits for it.
    await until(async () => (await children.get('c'))?.worker === undefined)
    await parents.signal('p', { type: 'STOP' })
    expect(summary(await parents.result('p', WAIT))).toEqual(['b: b failed'])
    const { joins = [] } = (await parents.get('p'))!
    expect(joins).toMatchObject([{ over: true, children: [{ status: 'done' }, { status: 'failed' }, { id: 'c' }] }])
    expect(joins[0]!.children[2]).not.toHaveProperty('status')
  })

  test('`cancel` of which none failed is all done', async () => {
    const { parents, gateOf, child } = family(backend, 'none-failed', { failed: 'cancel' })
    await parents.send({ children: [child('a'), child('b')] }, { id: 'p' })
    for (const name of ['a', 'b']) gateOf(name).open()
    expect(summary(await parents.result('p', WAIT))).toEqual([['a done', 'b done']])
  })

  test('a dead child that is redriven counts as it ended last', async () => {
    const { parents, children, gateOf, child } = family(backend, 'redriven', { failed: 'collect' })
    let healed = false
    const patients = backend.open().queue('redriven-patients', { retry: { attempts: 1 } })
    patients.work(() => {
      if (!healed) throw new Error('not yet')
      return 'well'
    })
    parents.work()
    const redrive = backend.open()
    redrive.queue(children.name, { partitions: 4 })
    const both = redrive.queue('redriven-both', { machine: parentOf({ failed: 'collect' }) })
    redrive.queue('redriven-patients')
    both.work()
    await both.send({ children: [child('slow'), { queue: 'redriven-patients', id: 'ill' }] }, { id: 'p' })
    await until(async () => (await both.get('p'))?.joins?.[0]?.children[1]?.status === 'failed')
    healed = true
    await patients.redrive('ill')
    await until(async () => (await both.get('p'))?.joins?.[0]?.children[1]?.status === 'done')
    gateOf('slow').open()
    const { events } = await both.result('p', WAIT)
    expect(events).toMatchObject([
      { type: 'allDone', results: [{ output: 'slow' }, { status: 'done', output: 'well' }] },
    ])
  })

  test('a second start under the same name replaces the first, whose late children nobody counts', async () => {
    const { parents, gateOf, child } = family(backend, 'replaced', { failed: 'collect' })
    const { queue, input } = child('twice')
    await parents.send({ children: [{ queue, input }] }, { id: 'p' })
    const first = await until(async () => (await parents.get('p'))?.joins?.[0]?.children[0]?.id)
    await parents.signal('p', { type: 'AGAIN' }, { wait: '5s' })
    const { joins } = (await parents.get('p'))!
    expect(joins).toHaveLength(1)
    const second = joins![0]!.children[0]!.id
    expect(second).not.toBe(first)
    gateOf('twice').open()
    const { events } = await parents.result('p', WAIT)
    expect(events).toMatchObject([{ type: 'allDone', results: [{ id: second, output: 'twice' }] }])
  })

  test('children whose queues keep nothing are counted all the same', async () => {
    const settings = { retention: { succeeded: 0, dead: 0 } }
    const { parents, children, gateOf, child } = family(backend, 'kept-nothing', { failed: 'report' }, settings)
    await parents.send({ children: [child('a'), child('b', { fails: true })] }, { id: 'p' })
    gateOf('a').open()
    await until(async () => (await children.get('a')) === undefined)
    gateOf('b').open()
    expect(summary(await parents.result('p', WAIT))).toEqual(['b: b failed', ['a done', 'b failed']])
    await until(async () => (await children.get('b')) === undefined)
  })

  test('a later parent of the same id has children of its own', async () => {
    const { parents, children, gateOf, child } = family(backend, 'namesake', { failed: 'collect' })
    const { queue, input } = child('one')
    gateOf('one').open()
    const ids: string[] = []
    for (let i = 0; i < 2; i++) {
      await parents.send({ children: [{ queue, input }] }, { id: 'p' })
      const { events } = await parents.result('p', WAIT)
      expect(events).toMatchObject([{ type: 'allDone', results: [{ status: 'done', output: 'one' }] }])
      ids.push(events[0]!.type === 'allDone' ? events[0]!.results[0]!.id : '')
      await until(async () => (await parents.get('p'))?.worker === undefined)
      await parents.remove('p')
    }
    expect(new Set(ids).size).toBe(2)
    expect(await children.get(ids[0]!)).toBeDefined()
  })

  test('a child may be of a machine of its own: it is told of when it settles, also in its first step', async () => {
    const redrive = backend.open()
    redrive.queue('own-finished', {
      machine: createMachine({ id: 'finished', initial: 'a', states: { a: { type: 'final' } }, output: 7 }),
    })
    redrive
      .queue('own-resting', {
        machine: createMachine({ id: 'resting', initial: 'a', states: { a: { tags: ['settled', 'dead'] } } }),
      })
      .work()
    const finished: Queue = redrive.queue('own-finished')
    finished.work()
    const parents = redrive.queue('own-parents', { machine: parentOf({ failed: 'report' }) })
    parents.work()
    await parents.send({ children: [{ queue: 'own-finished' }, { queue: 'own-resting' }] }, { id: 'p' })
    const { events } = await parents.result('p', WAIT)
    expect(events).toMatchObject([
      { type: 'anyFailed', child: { queue: 'own-resting' }, error: { code: 'E_DEAD' } },
      {
        type: 'allDone',
        results: [
          { status: 'done', output: 7 },
          { status: 'failed', error: { code: 'E_DEAD' } },
        ],
      },
    ])
  })

  test('children that cannot be started have failed, each with its reason', async () => {
    const redrive = backend.open()
    const number = {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value: unknown) => (typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] }),
      },
    } as const
    const children = redrive.queue('refused-children', { input: number })
    const started: unknown[] = []
    children.work((n) => started.push(n))
    await children.send(1, { id: 'taken' })
    const parents = redrive.queue('refused-parents', { machine: parentOf({ failed: 'collect' }) })
    parents.work()
    const queue = children.name
    await parents.send(
      {
        children: [
          { queue: 'refused-childern' },
          { queue, input: 'x' },
          { queue, input: 2, id: 'taken' },
          { queue, input: 3, id: 'not{an}id' },
          { queue, input: 4, delay: 'soon' },
          { queue, input: 5 },
        ],
      },
      { id: 'p' },
    )
    const { events } = await parents.result('p', WAIT)
    const [event] = events
    const codes = event?.type === 'allDone' ? event.results.map(({ status, error }) => error?.code ?? status) : []
    expect(codes).toEqual([
      'E_UNKNOWN_QUEUE',
      'E_INVALID_PAYLOAD',
      'E_ID_TAKEN',
      'E_INVALID_ID',
      'E_INVALID_DURATION',
      'done',
    ])
    expect(new Set(started)).toEqual(new Set([1, 5]))
  })
})
