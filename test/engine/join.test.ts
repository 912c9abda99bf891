import { describe, expect, test } from '@jest/globals'
import { assign, createMachine } from 'xstate'
import { startChildren, type FailedPolicy } from '../../machines/index.ts'
import { encode } from '../../src/codec.ts'
import { advance } from '../../src/engine/advance.ts'
import { begins } from '../../src/engine/begin.ts'
import { reportEvent, type ChildReport } from '../../src/engine/join.ts'
import { OUTGOING } from '../../src/engine/outgoing.ts'
import { registerMachine } from '../../src/engine/registry.ts'
import { restore } from '../../src/engine/snapshot.ts'
import type { Stimulus } from '../../src/engine/stimulus.ts'
import { shelve } from './shelf.ts'
import { stage, type Stage } from './stage.ts'

interface Heard {
  readonly heard: readonly unknown[]
}

/** A parent of two children that writes down what it hears, and can be made to throw at it. */
function parent(failed: FailedPolicy, hear: (event: unknown) => unknown = (event) => event): Stage {
  const children = ['one', 'two'].map((id) => ({ queue: 'q', id }))
  const actions = assign({ heard: ({ context, event }) => [...(context as Heard).heard, hear(event)] })
  return stage(
    createMachine({
      id: 'parent',
      context: { heard: [] },
      initial: 'a',
      entry: startChildren(children, { failed }),
      states: {
        a: {
          on: {
            allDone: { actions },
            anyFailed: { actions },
            AGAIN: { actions: startChildren([], { failed }) },
            END: 'b',
          },
        },
        b: { type: 'final' },
      },
    }),
  )
}

const heardBy = (it: Stage): readonly unknown[] => (it.claim().snapshot.context as Heard).heard

function child(it: Stage, index: number, more: Partial<ChildReport> = {}): Stimulus {
  const report = {
    born: it.shelf.stored.createdAt,
    nonce: '0-0',
    index,
    at: 2,
    failed: false,
    text: encode(index, ''),
    ...more,
  }
  const event = reportEvent(report)
  it.shelf.deliver(event)
  return { type: 'event', event }
}

const failing = { failed: true, text: encode({ name: 'Error', message: 'no' }, '') }
const done = (id: string, output: number): object => ({ queue: 'q', id, status: 'done', output })
const failure = (id: string): object => ({ queue: 'q', id, status: 'failed', error: { name: 'Error', message: 'no' } })
const allDone = (...results: object[]): object => ({ type: 'allDone', join: 'children', results })

describe('the end of a child', () => {
  test('is written down by a commit of its own, without a step of the machine, and the last one is a step', () => {
    const it = parent('collect')
    const { entry } = it.advance(child(it, 1))
    expect(entry).toMatchObject({ consumed: 1, transitions: [], journal: [], changes: [{ field: 'R0-0-1' }] })
    const { entry: last } = it.advance(child(it, 0))
    expect(last.transitions).toEqual([expect.stringContaining('"allDone"')])
    expect(heardBy(it)).toEqual([allDone(done('one', 0), done('two', 1))])
    expect(Object.keys(it.shelf.stored.fields).filter((field) => field.startsWith('R'))).toEqual([])
  })

  test('that comes again, late, or for another message of the same id changes nothing', () => {
    const it = parent('report')
    it.advance(child(it, 0, { at: 5 }))
    for (const more of [{}, { at: 5, ...failing }, { at: 9, born: 1, ...failing }, { at: 9, nonce: '7-0', ...failing }])
      expect(it.advance(child(it, 0, more)).entry).toMatchObject({ changes: [], consumed: 1 })
    it.advance(child(it, 2), child(it, 1))
    expect(it.advance(child(it, 1, { at: 7, ...failing })).entry.changes).toEqual([])
    expect(heardBy(it)).toEqual([allDone(done('one', 0), done('two', 1))])
  })

  test('counts as the child ended last, by its revision, in whatever order that comes', () => {
    const it = parent('collect')
    it.advance(child(it, 0, { at: 2, ...failing }))
    it.advance(child(it, 0, { at: 6 }))
    it.advance(child(it, 0, { at: 4, ...failing }))
    it.advance(child(it, 1))
    expect(heardBy(it)).toEqual([allDone(done('one', 0), done('two', 1))])
  })

  test('of several at once is told in order: that one failed, then that all are done', () => {
    const it = parent('report')
    it.advance(child(it, 1, failing), child(it, 0))
    const { type, join } = { type: 'anyFailed', join: 'children' }
    expect(heardBy(it)).toEqual([
      { type, join, child: { queue: 'q', id: 'two' }, error: { name: 'Error', message: 'no' } },
      allDone(done('one', 0), failure('two')),
    ])
  })

  test('asks under `cancel` for the end of those that go on, and of nothing else', () => {
    const it = parent('cancel')
    const { actions } = it.advance(child(it, 0, failing))
    expect(actions.find(({ name }) => name === OUTGOING.cancel)?.params).toEqual({
      children: [{ queue: 'q', id: 'two' }],
    })
    expect(it.advance(child(it, 1)).entry.transitions).toEqual([])
    expect(heardBy(it)).toHaveLength(1)
  })

  test('is heard once more by a machine that threw at it and was mended', () => {
    let faulty = true
    const it = parent('collect', (event) => {
      if (faulty) throw new Error('cannot hear')
      return event
    })
    it.advance(child(it, 0))
    const { entry } = it.advance(child(it, 1))
    expect(entry).toMatchObject({ state: '~quarantined', consumed: 0 })
    faulty = false
    const message = restore(it.machine, { ...it.shelf.claim(), state: 'a' })
    const settings = { worker: 'w', journal: 10, removes: () => false }
    const stimuli = it.shelf.stored.inbox.map((text): Stimulus => ({
      type: 'event',
      event: JSON.parse(text) as { type: string },
    }))
    const { message: after } = advance(message, stimuli, settings)
    expect((after.snapshot.context as Heard).heard).toEqual([allDone(done('one', 0), done('two', 1))])
  })

  test('means nothing to a parent that is finished', () => {
    const it = parent('collect')
    expect(it.advance('END', child(it, 0), child(it, 1)).message.snapshot).toMatchObject({
      status: 'done',
      context: { heard: [] },
    })
  })
})

test('a start that could do nothing is told of with its end, no children as all of them', () => {
  const it = parent('collect')
  it.advance('AGAIN')
  const { nonce } = [...it.claim().joins.values()][0]!
  it.advance({ type: 'ran', nonces: [...it.claim().actions.keys()] })
  expect(nonce).not.toBe('0-0')
  it.advance({ type: 'ran', nonces: [nonce] })
  expect(heardBy(it)).toEqual([allDone()])

  const other = parent('report')
  const refused = [0, 1].map((index) => ({
    born: other.shelf.stored.createdAt,
    nonce: '0-0',
    index,
    at: 0,
    ...failing,
  }))
  other.advance({ type: 'ran', nonces: ['0-0'], refused })
  expect(heardBy(other)).toMatchObject([{ type: 'anyFailed' }, allDone(failure('one'), failure('two'))])
})

test('joins that are over are kept for a look, ten of them', () => {
  const machine = createMachine({
    id: 'loop',
    initial: 'a',
    states: { a: { on: { NEXT: { actions: startChildren([], { failed: 'collect' }) } } } },
  })
  // The name of a join is fixed, so each loop has a machine of its own.
  const named = (join: string) => startChildren([], { failed: 'collect', join })
  const it = stage(
    createMachine({
      ...machine.config,
      states: {
        a: { on: Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`E${i}`, { actions: named(`j${i}`) }])) },
      },
    }),
  )
  for (let i = 0; i < 30; i++) {
    it.advance(`E${i}`)
    it.advance({ type: 'ran', nonces: [...it.claim().actions.keys()] })
  }
  expect([...it.claim().joins.values()].map(({ name }) => name)).toEqual(
    Array.from({ length: 11 }, (_, i) => `j${i + 19}`),
  )
})

describe('a child', () => {
  const machine = registerMachine(
    createMachine({
      id: 'child',
      initial: 'a',
      states: {
        a: { on: { DIE: 'dead', END: 'over' } },
        dead: { tags: ['dead', 'settled'], on: { REDRIVE: 'a', NOTE: { actions: () => {} }, MORE: 'deader' } },
        deader: { tags: ['dead', 'settled'] },
        over: { type: 'final' },
      },
      output: 'well',
    }),
  )
  const ref = { queue: 'parents', id: 'p', born: 5, nonce: '0-0', index: 3 }
  const settings = { worker: 'w', journal: 10, removes: () => true }

  function life(parentOfIt: typeof ref | undefined, ...events: string[]): unknown[] {
    const shelf = shelve(begins(machine, 'c', undefined, encode(undefined, ''), 'client', { parent: parentOfIt }))
    return events.map((type) => {
      shelf.deliver({ type })
      const message = restore(machine, shelf.claim())
      const { actions, entry } = advance(message, [{ type: 'event', event: { type } }], settings)
      shelf.commit(entry)
      const reports = actions.filter(({ name, nonce }) => name === OUTGOING.report && !message.actions.has(nonce))
      return [entry.disposal, ...reports.map(({ params }) => params)]
    })
  }

  test('reports each time when it settles, and is not let go before', () => {
    const dead = (state: string) => ({
      failed: true,
      value: expect.objectContaining({ code: 'E_DEAD', message: expect.stringContaining(`"${state}"`) }),
    })
    expect(life(ref, 'DIE', 'NOTE', 'MORE')).toEqual([['keep', dead('dead')], ['keep'], ['keep', dead('deader')]])
    expect(life(ref, 'DIE', 'REDRIVE', 'END')).toEqual([
      ['keep', dead('dead')],
      ['keep'],
      ['keep', { failed: false, value: 'well' }],
    ])
  })

  test('without a parent reports to nobody', () => {
    expect(life(undefined, 'END')).toEqual([['remove']])
  })
})
