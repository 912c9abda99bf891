import { describe, expect, test } from '@jest/globals'
import { createMachine } from 'xstate'
import { revive, stimuliOf, type Revived } from '../../src/engine/claimed.ts'
import { advance } from '../../src/engine/advance.ts'
import { readFailure, REDRIVE } from '../../src/engine/failure.ts'
import { createVersions } from '../../src/engine/versions.ts'
import { stage, type Stage } from './stage.ts'

const SETTINGS = { worker: 'w', journal: 10, removes: () => false }

/** What a worker makes of the message that somebody wants redriven. */
function comeBack(it: Stage): Exclude<Revived, string> {
  const versions = createVersions(it.machine, [], undefined, { when: () => 0 })
  const revived = revive(versions, it.shelf.claim(), it.shelf.now)
  if (typeof revived === 'string') throw new Error(`it is ${revived}`)
  const { entry } = advance(revived.message, revived.stimuli, SETTINGS)
  it.shelf.commit(entry)
  return revived
}

function redrive(it: Stage): void {
  it.shelf.deliver({ type: REDRIVE, failure: readFailure(it.shelf.stored.fields)!.id })
}

const waiting = (root: object = {}): Stage =>
  stage(
    createMachine({
      id: 'm',
      initial: 'a',
      states: {
        a: { after: { 60_000: 'late' }, invoke: { id: 'work', src: 'work', input: { n: 1 }, onDone: 'done' } },
        done: {},
        late: {},
      },
      on: { NOTE: { actions: [] } },
      ...root,
    } as never),
  )

describe('a message that failed', () => {
  test('keeps where it was beside its error, and nothing twice', () => {
    const it = waiting()
    it.advance()
    it.advance(it.error('work', new Error('refused')))
    const { fields, timers } = it.shelf.stored
    expect(Object.keys(fields).toSorted()).toEqual(['F', 'c', 'e', 'm', 'p', 'x'])
    expect(timers).toEqual([])
    expect(readFailure(fields)).toMatchObject({ state: 'a', event: 'error work' })
    expect(Object.values(readFailure(fields)!.fields)).toEqual(['-work\nwork\n:{"n":1}'])
  })

  test('has what was left of its timers when it comes back, however long that took', () => {
    const it = waiting()
    it.advance()
    it.shelf.now += 20_000
    it.advance(it.error('work', new Error('refused')))
    it.shelf.now += 86_400_000
    redrive(it)
    comeBack(it)
    expect(it.shelf.stored).toMatchObject({ state: 'a', inbox: [], enteredAt: it.shelf.now })
    expect(it.shelf.stored.timers.map(({ due }) => due - it.shelf.now)).toEqual([40_000])
    expect(it.shelf.stored.fields).not.toHaveProperty('F')
    expect(it.shelf.stored.fields).not.toHaveProperty('x')
    expect(it.advance(it.timer()).entry.state).toBe('late')
  })

  test('is parked where nobody wants it, or wants an earlier failure of it undone', () => {
    const it = waiting()
    it.advance()
    it.advance(it.error('work', new Error('refused')))
    const versions = createVersions(it.machine, [], undefined, { when: () => 0 })
    expect(revive(versions, it.shelf.claim(), it.shelf.now)).toBe('parked')
    it.shelf.deliver({ type: REDRIVE, failure: 'earlier' })
    expect(revive(versions, it.shelf.claim(), it.shelf.now)).toBe('parked')
  })

  test('comes back without the leases that were lost before', () => {
    const it = waiting()
    it.advance()
    it.advance(...stimuliOf(it.claim(), it.shelf.now))
    it.advance(it.error('work', new Error('refused')))
    redrive(it)
    comeBack(it)
    expect(Object.entries(it.shelf.stored.fields).find(([field]) => field.startsWith('I'))?.[1]).toMatch(/^\+work\n/)
  })
})
