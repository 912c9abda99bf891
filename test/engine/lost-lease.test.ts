import { describe, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import { stimuliOf } from '../../src/engine/claimed.ts'
import { handBack } from '../../src/engine/hand-back.ts'
import { createLeasePolicy, type LeaseSettings } from '../../src/engine/lease-policy.ts'
import { stage, stageOf, type Stage } from './stage.ts'

const leases = (leaseLost?: LeaseSettings['leaseLost'], maxLeasesLost = 3) => ({
  leases: createLeasePolicy({ maxLeasesLost, leaseLost }),
})

/** What a worker hears that claims the message now. */
function lose(it: Stage) {
  const message = it.claim()
  return it.advance(...stimuliOf(message, it.shelf.now))
}

const fields = ({ shelf }: Stage, letter: string): string[] =>
  Object.entries(shelf.stored.fields).flatMap(([field, text]) => (field.startsWith(letter) ? [text] : []))

/** A message in "a", which may go on to "b", or after an error to "c". */
const inA = (a: object, { settings = {}, meta = {} } = {}): Stage =>
  stageOf(a, { root: { states: { a, b: {}, c: {} }, meta }, settings })

const working = { invoke: { id: 'work', src: 'work', onDone: 'b', onError: 'c' } }

describe('an invocation whose worker was lost', () => {
  test('is run again under another nonce, with the number of leases lost in its own field', () => {
    const it = inA(working)
    it.advance()
    expect(fields(it, 'I')).toEqual(['+work\nwork\n'])
    const late = it.done('work', 'of the worker that was lost')
    const { started, entry, stopped } = lose(it)
    expect(started).toMatchObject([{ id: 'work', leasesLost: 1 }])
    expect(entry).toMatchObject({ state: 'a', disposal: 'keep', entered: false })
    expect(stopped).toEqual([])
    expect(fields(it, 'I')).toEqual(['1/+work\nwork\n'])
    expect(it.advance(late).entry.state).toBe('a')
    expect(it.advance(it.done('work')).entry.state).toBe('b')
  })

  test('is the error of its machine after three, and begins anew with a new invocation', () => {
    const it = stageOf({ invoke: { id: 'work', src: 'work', onDone: 'b', onError: { target: 'a', reenter: true } } })
    it.advance()
    for (const count of [1, 2, 3]) expect(lose(it).started).toMatchObject([{ leasesLost: count }])
    const { started, entry } = lose(it)
    expect(started).toMatchObject([{ id: 'work' }])
    expect(started[0]).not.toHaveProperty('leasesLost')
    expect(entry.journal[0]?.text).toMatch(/^error work\b.*E_LEASE_LOST/)
  })

  test('keeps its number through an orderly hand-back, which is no loss', () => {
    const it = inA(working)
    it.advance()
    const { message } = lose(it)
    it.shelf.commit(
      handBack({ ...message, token: it.shelf.claim().fence.split(':')[1]!, revision: it.shelf.stored.revision }),
    )
    expect(fields(it, 'I')).toEqual(['1/-work\nwork\n'])
    expect(lose(it).started).toMatchObject([{ leasesLost: 1 }])
    expect(fields(it, 'I')).toEqual(['1/+work\nwork\n'])
  })

  test('is not begun when a timer that fell due meanwhile leaves its state', () => {
    const it = inA({ ...working, after: { 50: 'c' } })
    it.advance()
    it.shelf.now += 100
    const { started, entry } = lose(it)
    expect([started, entry.state]).toEqual([[], 'c'])
  })

  test('is run again beside others, each with its own number', () => {
    const region = (src: string) => ({
      initial: 'x',
      states: { x: { invoke: { id: src, src, onError: '#m.failed' } } },
    })
    const machine = createMachine({
      id: 'm',
      initial: 'both',
      states: { both: { type: 'parallel', states: { one: region('one'), two: region('two') } }, failed: {} },
    } as never)
    const it = stage(machine, { settings: leases({ two: 'error' }) })
    it.advance()
    const { started, entry } = lose(it)
    expect([started, entry.state]).toEqual([[], 'failed'])

    const both = stage(machine)
    both.advance()
    both.advance({ type: 'lost', nonce: both.claim().invocations.get('one')!.nonce })
    const losses = lose(both).started.map(({ id, leasesLost }) => [id, leasesLost] as const)
    expect(Object.fromEntries(losses)).toEqual({ one: 2, two: 1 })
  })

  test.each([
    ['by its queue', {}, leases('error')],
    ['by its machine', { redrive: { leaseLost: 'error' } }, {}],
    ['by no reruns', {}, leases(undefined, 0)],
  ])('is an error at once %s', (_, meta, settings) => {
    const it = inA(working, { meta, settings })
    it.advance()
    expect(lose(it).entry.state).toBe('c')
  })

  test('is run again where the queue says so against its machine', () => {
    const it = inA(working, { meta: { redrive: { leaseLost: 'error' } }, settings: leases('rerun') })
    it.advance()
    expect(lose(it).started).toMatchObject([{ leasesLost: 1 }])
  })
})

describe('an action whose worker was lost', () => {
  const acting = () => stageOf({ entry: 'act' }, { implementations: { actions: { act: () => {} } } })

  test('is run again, with the number of leases lost in its own field; one that nobody had begun was not lost', () => {
    const it = acting()
    expect(fields(it, 'A').map((text) => text.split('\n')[0])).toEqual(['act'])
    expect(stimuliOf(it.claim(), it.shelf.now)).toEqual([])
    expect(it.advance().actions).toMatchObject([{ name: 'act' }])
    expect(fields(it, 'A').map((text) => text.split('\n')[0])).toEqual(['+act'])
    const { actions, entry } = lose(it)
    expect(actions).toMatchObject([{ name: 'act', leasesLost: 1 }])
    expect(entry.journal[0]?.text).toMatch(/^lost act\b/)
    expect(fields(it, 'A').map((text) => text.split('\n')[0])).toEqual(['1/+act'])
  })

  test('puts its message in quarantine after three, from where it is run again', () => {
    const it = acting()
    it.advance()
    for (let i = 0; i < 3; i++) lose(it)
    const { entry } = lose(it)
    expect(entry.state).toBe('~quarantined')
    expect(fields(it, 'A').map((text) => text.split('\n')[0])).toEqual(['act'])
  })
})
