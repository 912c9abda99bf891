import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { inMemory, onRedis, type TestBackend } from '../support/backends.ts'
import { parentOf, type Heard } from './talking-machines.ts'

const WAIT = { timeout: '10s' }

describe.each([
  ['redis', onRedis],
  ['memory', inMemory],
])('children on %s', (_, openBackend) => {
  let backend: TestBackend
  beforeAll(async () => {
    backend = await openBackend()
  })
  afterAll(() => backend.stop())

  test('are started by the first step, and their parent hears once that all are done, in their order', async () => {
    const redrive = backend.open()
    const parents = redrive.queue('plain-parents', { machine: parentOf({ join: 'letters', failed: 'collect' }) })
    const letters = redrive.queue('plain-letters', { partitions: 4, retry: { attempts: 1 } })
    letters.work(async (letter: { fails?: boolean; n: number }) => {
      if (letter.fails) throw new Error('no such street')
      return letter.n * 10
    })
    parents.work()
    await parents.send(
      {
        children: [
          { queue: 'plain-letters', input: { n: 1 } },
          { queue: 'plain-letters', input: { n: 2, fails: true }, id: 'second' },
          { queue: 'plain-letters', input: { n: 3 }, delay: '30ms' },
        ],
      },
      { id: 'p' },
    )
    const { events } = (await parents.result('p', WAIT)) as Heard
    expect(events).toEqual([
      {
        type: 'allDone',
        join: 'letters',
        results: [
          { queue: 'plain-letters', id: expect.stringMatching(/^p\./), status: 'done', output: 10 },
          {
            queue: 'plain-letters',
            id: 'second',
            status: 'failed',
            error: { name: 'Error', message: 'no such street' },
          },
          { queue: 'plain-letters', id: expect.stringMatching(/^p\./), status: 'done', output: 30 },
        ],
      },
    ])
    expect((await letters.get('second'))?.parent).toEqual({ queue: 'plain-parents', id: 'p' })
    const { joins } = (await parents.get('p'))!
    expect(joins).toMatchObject([
      {
        join: 'letters',
        failed: 'collect',
        over: true,
        children: [{ status: 'done' }, { id: 'second', status: 'failed' }, { status: 'done' }],
      },
    ])
  })

  test('no children are all done at once', async () => {
    const parents = backend.open().queue('no-children', { machine: parentOf({ failed: 'report' }) })
    parents.work()
    await parents.send({ children: [] }, { id: 'p' })
    expect(await parents.result('p', WAIT)).toEqual({ events: [{ type: 'allDone', join: 'children', results: [] }] })
  })
})
