import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { insideOf } from '../../src/client/inside.ts'
import type { ChildOrder, StartTerms } from '../../src/engine/post.ts'
import { inMemory, onRedis, until, type TestBackend } from '../support/backends.ts'

/** What a worker knows that has the parent and tries for the first time. */
const FIRST: StartTerms = { again: false, holds: () => true, ended: async () => () => false }

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
] as const)('children of a queue that keeps nothing, on %s', (_, open) => {
  let backend: TestBackend
  beforeEach(async () => {
    backend = await open()
  })
  afterEach(() => backend.stop())

  /** A starter of its own, as the worker of each process is. */
  function starter() {
    const client = backend.open()
    const queue = client.queue('leaves', { retention: { succeeded: 0 } })
    const start = (order: ChildOrder, terms: StartTerms) =>
      insideOf(client).opened('leaves')!.runtime.post.start([order], terms)
    return { queue, start }
  }

  /** Starts a child, and lets it come to its end and vanish. */
  async function lived(order: ChildOrder): Promise<string[]> {
    const runs: string[] = []
    const { queue, start } = starter()
    expect(await start(order, FIRST)).toEqual([undefined])
    queue.work((_input, { message }) => void runs.push(message.id))
    await until(async () => runs.length === 1 && (await queue.get(order.ref.id)) === undefined)
    return runs
  }

  test('a start that arrives late, from one who tries for the first time, begins nothing anew', async () => {
    await lived(order('a'))
    const late = starter()
    expect(await late.start(order('a'), FIRST)).toEqual([undefined])
    expect(await late.queue.get('a')).toBeUndefined()
  })

  test('a repeated start asks the parent, when its token is forgotten', async () => {
    await lived(order('a'))
    const later = starter()
    // Another nonce has another token, as if a minute had passed.
    const again = { ...order('a'), parent: { ...order('a').parent, nonce: '3-0' } }
    const terms = { ...FIRST, again: true, ended: async () => (index: number) => index === 0 }
    expect(await later.start(again, terms)).toEqual([undefined])
    expect(await later.queue.get('a')).toBeUndefined()
  })

  test('one who lost the parent starts nothing', async () => {
    const { queue, start } = starter()
    await expect(start(order('a'), { ...FIRST, holds: () => false })).rejects.toThrow('E_LEASE_LOST')
    expect(await queue.get('a')).toBeUndefined()
  })

  test('an id that a stranger has, and leaves, is the child’s then', async () => {
    const { queue, start } = starter()
    await queue.send({}, { id: 'a' })
    const [refusal] = await start(order('a'), FIRST)
    expect(refusal).toMatchObject({ code: 'E_ID_TAKEN' })
    await queue.remove('a')
    expect(await start(order('a'), { ...FIRST, again: true })).toEqual([undefined])
    expect(await queue.get('a')).toMatchObject({ parent: { id: 'p' } })
  })

  test('children that wait are known by their ids', async () => {
    const { queue, start } = starter()
    await start(order('a'), FIRST)
    expect(await start(order('a'), { ...FIRST, again: true })).toEqual([undefined])
    expect(await queue.stats()).toMatchObject({ states: { pending: 1 } })
  })
})

const order = (id: string): ChildOrder => ({
  ref: { queue: 'leaves', id },
  child: { queue: 'leaves', id },
  parent: { queue: 'parents', id: 'p', born: 1, nonce: '2-0', index: 0 },
})
