import { describe, expect, test } from '@jest/globals'
import { assign } from 'xstate'
import { encode } from '../../src/codec.ts'
import type { Stimulus } from '../../src/engine/stimulus.ts'
import { stageOf, type Stage, type StageOptions } from './stage.ts'

// Custom actions are stored with the step that asks for them, until a later commit tells that they have run.

const notify = (text: string): object => ({ type: 'notify', params: { text } })
const implementations = { actions: { notify: () => {} } }

const ranAll = ({ claim }: Stage): Stimulus => ({ type: 'ran', nonces: [...claim().actions.keys()] })
const stored = ({ shelf }: Stage): string[] => Object.keys(shelf.stored.fields).filter((field) => field.startsWith('A'))

describe('custom actions', () => {
  const chart = {
    on: {
      GO: { target: 'b', actions: [notify('first'), notify('second')] },
      ONLY: { actions: notify('only') },
      PLAIN: { actions: () => {} },
    },
    exit: notify('left'),
  }

  test('are handed out in the order of the machine, and keep the message until they have run', () => {
    const it = stageOf(chart, { implementations })
    const { actions, entry } = it.advance('GO')
    expect(actions.map(({ params }) => params)).toEqual([{ text: 'left' }, { text: 'first' }, { text: 'second' }])
    expect(entry).toMatchObject({ state: 'b', disposal: 'keep' })
    expect(stored(it)).toHaveLength(3)
    const { entry: last } = it.advance(ranAll(it))
    expect(last).toMatchObject({ state: 'b', disposal: 'release', journal: [], transitions: [] })
    expect(stored(it)).toEqual([])
  })

  test('are taken also when they are all that a transition does', () => {
    const { advance } = stageOf(chart, { implementations })
    const { actions, entry } = advance('ONLY')
    expect(actions).toMatchObject([{ name: 'notify', params: { text: 'only' }, event: { type: 'ONLY' } }])
    expect(entry).toMatchObject({ state: 'a', entered: false, transitions: [expect.stringContaining('"ONLY"')] })
  })

  test('that were not told to have run are handed out again, in their order, with their event', () => {
    const it = stageOf(chart, { implementations })
    it.advance('ONLY', 'GO')
    const { actions, entry } = it.advance()
    expect(actions.map(({ params, event: { type } }) => [params, type])).toEqual([
      [{ text: 'only' }, 'ONLY'],
      [{ text: 'left' }, 'GO'],
      [{ text: 'first' }, 'GO'],
      [{ text: 'second' }, 'GO'],
    ])
    expect(entry).toMatchObject({ disposal: 'keep', changes: [] })
  })

  test('made in place are found again by their place', () => {
    const it = stageOf(chart, { implementations })
    it.advance('PLAIN')
    expect(it.claim().actions.size).toBe(1)
    expect([...it.claim().actions.values()][0]!.exec).toBe(chart.on.PLAIN.actions)
  })

  test('keep what an error said that could not be stored', () => {
    const it = stageOf(
      { invoke: { id: 'work', src: 'job', onError: { target: 'b', actions: notify('failed') } } },
      { implementations },
    )
    const thrown = Object.assign(new Error('hung up'), { code: 'ECONNRESET', socket: { destroy: () => {} } })
    const { actions, entry } = it.advance(it.error('work', thrown))
    expect(entry.state).toBe('b')
    expect(actions[0]!.event).toMatchObject({ error: thrown })
    expect(it.advance().actions[0]!.event).toMatchObject({
      type: 'xstate.error.actor.work',
      error: { message: 'hung up', code: 'ECONNRESET' },
    })
  })
})

describe('the last actions of a finished machine', () => {
  const ending = (more: StageOptions = {}): Stage =>
    stageOf(
      { on: { END: 'c', COUNT: { actions: assign({ n: 1 }) } } },
      {
        implementations,
        ...more,
        root: {
          output: { total: 3n },
          states: {
            a: { on: { END: 'c', COUNT: { actions: assign({ n: 1 }) } } },
            c: { type: 'final', tags: 'sold', entry: notify('sold') },
          },
        },
      },
    )

  test('keep it until they have run; then it is settled', () => {
    const it = ending()
    expect(it.advance('END').entry).toMatchObject({ state: 'c', disposal: 'keep' })
    expect(it.advance(ranAll(it)).entry).toMatchObject({ state: 'c', disposal: 'settle' })
  })

  test('or removed, if what ends like this leaves nothing behind', () => {
    const it = ending({ settings: { removes: (tags) => tags.includes('sold') } })
    expect(it.advance('END').entry.disposal).toBe('keep')
    expect(it.advance(ranAll(it)).entry.disposal).toBe('remove')
  })

  test('leave its output and its status alone, also when another worker runs them', () => {
    const it = ending()
    it.advance('END')
    const ended = { x: 'done', u: encode({ total: 3n }, 'output') }
    expect(it.shelf.stored.fields).toMatchObject(ended)
    expect(it.claim().snapshot).toMatchObject({ status: 'done', output: { total: 3n } })
    expect(it.advance().actions).toHaveLength(1)
    expect(it.advance(ranAll(it)).entry.changes.map(({ field }) => field[0])).toEqual(['A'])
    expect(it.shelf.stored.fields).toMatchObject(ended)
  })

  test('let no event wait that nobody will take', () => {
    const it = ending()
    const { entry } = it.advance('END', 'COUNT', 'END')
    expect(entry).toMatchObject({ consumed: 3, disposal: 'keep' })
    expect(entry.transitions).toHaveLength(1)
    expect(it.advance('COUNT').entry).toMatchObject({ consumed: 1, disposal: 'keep', transitions: [] })
    expect(it.shelf.stored.inbox).toEqual([])
  })

  test('are run also after its machine has failed', () => {
    const it = stageOf(
      { invoke: { id: 'work', src: 'job' }, on: { NOTE: { actions: notify('noted') } } },
      { implementations },
    )
    it.advance('NOTE')
    const { entry } = it.advance(it.error('work', new Error('nobody takes it')))
    expect(entry).toMatchObject({ state: '~failed', disposal: 'keep' })
    const { e: error } = it.shelf.stored.fields
    expect(it.advance().actions).toMatchObject([{ params: { text: 'noted' } }])
    expect(it.advance(ranAll(it)).entry).toMatchObject({ state: '~failed', disposal: 'release' })
    expect(it.shelf.stored.fields).toMatchObject({ x: 'error', e: error })
  })
})
