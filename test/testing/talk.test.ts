import { afterEach, expect, test } from '@jest/globals'
import type { Heard } from '../machine-queues/talking-machines.ts'
import { parentOf } from '../machine-queues/talking-machines.ts'
import { createTestRedrive, type TestRedrive } from '../../src/testing/index.ts'

let t: TestRedrive
afterEach(() => t.close())

/** A parent of two letters, one of them due in a day. */
function family(): { sent: string[]; heard(): Promise<string[]> } {
  t = createTestRedrive()
  const sent: string[] = []
  const parents = t.queue('parents', { machine: parentOf({ failed: 'collect' }) })
  parents.work()
  t.queue('letters', { retention: { succeeded: 0 } }).work((to: string) => {
    sent.push(to)
    return `for ${to}`
  })
  return {
    sent,
    async heard() {
      const { events } = (await parents.get('p'))!.context as unknown as Heard
      return events.flatMap((event) =>
        event.type === 'allDone' ? event.results.map(({ output }) => String(output)) : [],
      )
    },
  }
}

const children = [
  { queue: 'letters', input: 'ada' },
  { queue: 'letters', input: 'bob', delay: '1d' },
]

test('children of a message live on the simulated clock', async () => {
  const { sent, heard } = family()
  await t.queue('parents').send({ children }, { id: 'p' })
  await t.drain()
  expect(sent).toEqual(['ada'])
  await t.expectState('parents', 'p', 'waiting')
  await t.advance('1d')
  await t.expectState('parents', 'p', 'over')
  expect(await heard()).toEqual(['for ada', 'for bob'])
})

test.each(['after-claim', 'before-commit', 'after-commit'] as const)(
  'a parent whose worker dies %s hears of each child once',
  async (point) => {
    const { sent, heard } = family()
    t.crashAt(point, { queue: 'parents' })
    await t.queue('parents').send({ children }, { id: 'p' })
    await t.advance('2d')
    expect(sent.toSorted()).toEqual(['ada', 'bob'])
    expect(await heard()).toEqual(['for ada', 'for bob'])
  },
)
