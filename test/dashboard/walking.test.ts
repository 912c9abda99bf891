import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import type { Queue } from '../../src/index.ts'
import { inMemory, onRedis, type TestBackend } from '../support/backends.ts'
import { openStage, type Stage } from './stage.ts'

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('a queue of several partitions on %s', (_, open) => {
  let backend: TestBackend
  let stage: Stage
  let queue: Queue
  const sent = Array.from({ length: 60 }, (_, i) => `m${String(i).padStart(2, '0')}`)

  beforeAll(async () => {
    backend = await open()
    const redrive = backend.open()
    queue = redrive.queue('many', { partitions: 4 })
    // Each is due at a time of its own, in an order that is none of ids.
    await queue.sendBulk(sent.map((id, i) => ({ input: { i }, id, delay: 1_000_000 + ((i * 7) % 60) * 1000 })))
    stage = await openStage(redrive)
  })
  afterAll(async () => {
    await stage?.close()
    await backend?.stop()
  })

  const inOrder = sent.toSorted((a, b) => ((Number(a.slice(1)) * 7) % 60) - ((Number(b.slice(1)) * 7) % 60))

  test.each([
    ['asc', inOrder],
    ['desc', inOrder.toReversed()],
  ])('is listed in one order over all of them: %s', async (direction, expected) => {
    const ids: string[] = []
    for (let cursor = ''; ;) {
      const { body } = await stage.get(
        `api/v1/queues/many/messages?state=pending&limit=7&direction=${direction}${cursor}`,
      )
      ids.push(...body.items.map(({ id }: { id: string }) => id))
      if (body.next === null) break
      cursor = `&cursor=${body.next}`
    }
    expect(ids).toEqual(expected)
  })

  test('is counted, found and shown as one', async () => {
    const [overview, hits, message] = await Promise.all([
      stage.get('api/v1/overview'),
      stage.get('api/v1/search?id=m1'),
      stage.get('api/v1/queues/many/messages/m42'),
    ])
    expect(overview.body.queues[0]).toMatchObject({ partitions: 4, states: { pending: 60 } })
    expect(hits.body.items).toHaveLength(10)
    expect(message.body.message.input).toEqual({ i: 42 })
  })
})

test('a filter that matches little looks at five thousand a call, and goes on where it ended', async () => {
  const backend = await onRedis()
  const redrive = backend.open()
  const queue = redrive.queue('crowd')
  const ids = Array.from({ length: 6000 }, (_, i) => `c${String(i).padStart(4, '0')}`)
  for (let i = 0; i < ids.length; i += 1000)
    await queue.sendBulk(
      ids.slice(i, i + 1000).map((id, j) => ({ input: { i: i + j }, id, delay: 1_000_000 + (i + j) * 10 })),
    )
  const stage = await openStage(redrive)
  try {
    const path = 'api/v1/queues/crowd/messages?state=pending&field=i&equals=5500'
    const first = (await stage.get(path)).body
    expect(first).toMatchObject({ items: [], examined: 5000, complete: false, next: expect.any(String) })
    const second = (await stage.get(`${path}&cursor=${first.next}`)).body
    expect(second).toMatchObject({ items: [{ id: 'c5500' }], examined: 1000, complete: true, next: null })
    const entered = (await stage.get('api/v1/queues/crowd/messages?state=pending&order=entered&limit=3')).body
    expect(entered).toMatchObject({ examined: 5000, complete: false })
  } finally {
    await stage.close()
    await backend.stop()
  }
})
