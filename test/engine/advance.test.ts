import { describe, expect, test } from '@jest/globals'
import { assign, cancel, raise, sendTo, type AnyStateMachine, createMachine } from 'xstate'
import { stimuliOf } from '../../src/engine/claimed.ts'
import { step } from '../../src/engine/transition.ts'
import { stage, stageOf } from './stage.ts'

const after = (delay: number | string): string => `xstate.after.${delay}.m.a`

/** A chart that runs a handler, and tries again when told to. */
const working = {
  invoke: { id: 'work', src: 'job', input: { page: 1 }, onDone: 'b', onError: 'b' },
  on: { AGAIN: { target: 'a', reenter: true }, LEAVE: 'b' },
}

describe('timers', () => {
  test('are set by the step that enters their state, and cleared by the one that leaves it', () => {
    const { shelf, advance } = stage(
      createMachine({
        id: 'm',
        initial: 'z',
        states: { z: { on: { GO: 'a' } }, a: { after: { 50: 'z' }, on: { GO: 'z' } } },
      }) as AnyStateMachine,
    )
    const entered = advance('GO')
    expect(entered.entry.setTimers).toEqual([{ nonce: '1-0', text: after(50), delay: 50 }])
    expect(entered.entry.attention).toBe('timers')
    const due = shelf.now + 50
    expect(shelf.stored.timers).toEqual([{ nonce: '1-0', text: after(50), due }])
    const left = advance('GO')
    expect(left.entry.setTimers).toEqual([])
    expect(left.entry.clearTimers).toEqual([{ nonce: '1-0', text: after(50), due }])
    expect(shelf.stored.timers).toEqual([])
  })

  test('begin anew when their state is entered again', () => {
    const { advance, shelf } = stageOf({ after: { 50: 'b' }, on: { AGAIN: { target: 'a', reenter: true } } })
    shelf.now += 30
    const { entry } = advance('AGAIN')
    expect(entry.clearTimers.map(({ nonce }) => nonce)).toEqual(['0-0'])
    expect(entry.setTimers).toEqual([{ nonce: '1-0', text: after(50), delay: 50 }])
    expect(shelf.stored.timers).toEqual([{ nonce: '1-0', text: after(50), due: shelf.now + 50 }])
  })

  test('that stay are not written again, and the earliest of them is named', () => {
    const { advance, shelf } = stageOf({
      after: { 900: 'b', 70: 'b' },
      on: { NOTE: { actions: assign({ noted: true }) } },
    })
    const { entry } = advance('NOTE')
    expect(entry).toMatchObject({ setTimers: [], clearTimers: [], earliest: shelf.now + 70, disposal: 'release' })
  })

  test('fire in the order of their time, before the inbox is read', () => {
    const { claim, shelf } = stageOf({ after: { 900: 'b', 70: 'b', 200: 'b' } })
    shelf.deliver({ type: 'LATE' })
    const at = (ms: number): unknown[] =>
      stimuliOf(claim(), shelf.now + ms).map((each) => ('nonce' in each ? each.nonce : each.type))
    expect(at(0)).toEqual(['event'])
    expect(at(250)).toEqual(['0-0', '0-1', 'event'])
    expect(at(900)).toEqual(['0-0', '0-1', '0-2', 'event'])
    const message = claim()
    const shuffled = new Map([...message.timers].toReversed())
    expect(stimuliOf({ ...message, timers: shuffled, inbox: [] }, shelf.now + 900)).toEqual(
      ['0-0', '0-1', '0-2'].map((nonce) => ({ type: 'timer', nonce })),
    )
  })

  test('that fired are over, whatever the machine makes of them', () => {
    const { advance, timer, shelf } = stageOf({ after: { 50: { guard: () => false, target: 'b' } } })
    const { entry } = advance(timer())
    expect(entry).toMatchObject({ state: 'a', transitions: [], journal: [], disposal: 'release' })
    expect(shelf.stored.timers).toEqual([])
  })

  test('of a delay that is computed see the context as the step leaves it, and the event', () => {
    interface Situation {
      context: { by: number }
      event: { type: string }
    }
    const delays = { growing: ({ context, event: { type } }: Situation) => context.by + type.length }
    const actions = { grow: assign({ by: ({ context }: Situation) => context.by * 3 }) }
    const { advance, shelf } = stageOf(
      { after: { growing: 'b' }, on: { GROW: { target: 'a', reenter: true, actions: 'grow' } } },
      { implementations: { delays, actions }, root: { context: { by: 7 } } },
    )
    expect(shelf.stored.timers).toMatchObject([{ due: shelf.now + 7 + 'xstate.init'.length }])
    expect(advance('GROW').entry.setTimers).toMatchObject([{ delay: 7 * 3 + 'GROW'.length }])
    expect(advance('GROW').entry.setTimers).toMatchObject([{ delay: 7 * 3 * 3 + 'GROW'.length }])
  })

  test('have whole milliseconds, and none is set for the past', () => {
    const { shelf } = stageOf({
      entry: [1.4, 1.5, -5, -Infinity, 0.2].map((delay, i) => raise({ type: 'X' }, { id: `t${i}`, delay })),
    })
    expect(shelf.stored.timers.map(({ due }) => due - shelf.now).toSorted((a, b) => a - b)).toEqual([0, 0, 0, 1, 2])
  })

  test('of a raise carry its event, under its id or one of their own', () => {
    const { claim, advance, timer, shelf } = stageOf({
      entry: [
        raise({ type: 'GO', by: 'ada' } as never, { id: 'wake', delay: 50 }),
        raise({ type: 'GO', by: 'bob' } as never, { delay: 60 }),
        raise({ type: 'GO', by: 'cyd' } as never, { delay: 70 }),
      ],
      on: { GO: { actions: assign({ last: ({ event: { by } }: { event: { by?: string } }) => by }) } },
    })
    expect(
      [...claim().timers].map(
        ([
          id,
          {
            event: { by },
          },
        ]) => [id, by],
      ),
    ).toEqual([
      ['wake', 'ada'],
      ['0-1', 'bob'],
      ['0-2', 'cyd'],
    ])
    expect(advance(timer('0-1')).message.snapshot.context).toEqual({ last: 'bob' })
    expect(shelf.stored.timers.map(({ nonce }) => nonce)).toEqual(['0-0', '0-2'])
  })

  test('come back under their id, whatever it is', () => {
    const ids = ['wake', 'two\nlines', '\n', 'größe ~ 状態', 'X']
    const { claim } = stageOf({ entry: ids.map((id) => raise({ type: 'X' }, { id, delay: 50 })) })
    expect([...claim().timers.values()].map(({ id, event }) => [id, event])).toEqual(
      ids.map((id) => [id, { type: 'X' }]),
    )
    const states = { 'two\nlines': { after: { 50: { actions: assign({ rung: true }) } } } }
    const { advance, timer } = stageOf({ initial: 'two\nlines', states })
    expect(advance(timer()).message.snapshot.context).toEqual({ rung: true })
  })

  test('of a raise under an id that is taken replace the one before', () => {
    const { advance, shelf } = stageOf({ on: { REMIND: { actions: raise({ type: 'X' }, { id: 'wake', delay: 50 }) } } })
    advance('REMIND')
    const { entry } = advance('REMIND')
    expect(entry.clearTimers).toHaveLength(1)
    expect(shelf.stored.timers).toHaveLength(1)
  })

  test('are what a machine sends to itself, and cancel() finds them by the id of the send', () => {
    const { advance, timer, shelf } = stageOf({
      on: {
        LATER: { actions: sendTo(({ self }) => self, { type: 'GO' }, { id: 'letter', delay: 50 }) },
        NOW: { actions: sendTo(({ self }) => self, { type: 'GO' }) },
        CANCEL: { actions: cancel('letter') },
        GO: 'b',
      },
    })
    expect(advance('LATER').entry.setTimers).toEqual([{ nonce: '1-0', text: 'letter\n{"type":"GO"}', delay: 50 }])
    expect(advance('CANCEL').entry.clearTimers).toHaveLength(1)
    expect(advance('NOW').entry).toMatchObject({ state: 'a', setTimers: [{ delay: 0 }] })
    expect(advance(timer()).entry.state).toBe('b')
    expect(shelf.stored.timers).toEqual([])
  })
})

describe('what comes too late', () => {
  const nothing = { state: 'a', changes: [], setTimers: [], clearTimers: [], journal: [], transitions: [], consumed: 0 }

  test('is a timer that was cancelled, or set again', () => {
    const { advance, timer } = stageOf({ after: { 50: 'b' }, on: { AGAIN: { target: 'a', reenter: true } } })
    const late = timer()
    advance('AGAIN')
    expect(advance(late).entry).toMatchObject(nothing)
    expect(advance({ type: 'timer', nonce: 'never-set' }).entry).toMatchObject(nothing)
    expect(advance(timer()).entry.state).toBe('b')
  })

  test('is the result of an attempt that was left, which XState would take for the next one', () => {
    const { advance, done, claim, machine } = stageOf(working)
    const late = done('work', 'old news')
    advance('AGAIN')
    expect(advance(late).entry).toMatchObject(nothing)
    const unguarded = { type: 'xstate.done.actor.work', output: 'old news', actorId: 'work' }
    expect(step(machine.machine, claim().snapshot, unguarded).snapshot.value).toBe('b')
  })

  test('is the error of an attempt that was left, which would end the machine', () => {
    const { advance, error, claim, machine } = stageOf({
      initial: 'x',
      states: { x: { invoke: { id: 'work', src: 'job', onError: 'y' }, on: { LEAVE: 'y' } }, y: {} },
    })
    const late = error('work', new Error('too late'))
    advance('LEAVE')
    expect(advance(late).entry).toMatchObject({ ...nothing, state: 'a.y' })
    const unguarded = { type: 'xstate.error.actor.work', error: new Error('too late'), actorId: 'work' }
    expect(step(machine.machine, claim().snapshot, unguarded).snapshot.status).toBe('error')
  })

  test('leaves alone what goes on: the running attempt, its timers, its state', () => {
    const { advance, error } = stageOf({ ...working, after: { 50: 'b' } })
    const late = error('work', new Error('too late'))
    const before = advance('AGAIN').message
    const { message, started, stopped, entry } = advance(late)
    expect({ ...message, revision: 0, timers: [...message.timers.keys()] }).toMatchObject({
      state: 'a',
      invocations: before.invocations,
      timers: [after(50)],
    })
    expect({ started, stopped, disposal: entry.disposal }).toEqual({ started: [], stopped: [], disposal: 'keep' })
  })

  test('never has the nonce of something that goes on', () => {
    const { advance, shelf } = stageOf({ ...working, after: { 50: 'b' }, entry: raise({ type: 'X' }, { delay: 9 }) })
    const nonces = shelf.stored.timers.map(({ nonce }) => nonce)
    for (let i = 0; i < 40; i++) {
      const { entry, started } = advance('AGAIN', 'AGAIN')
      nonces.push(...entry.setTimers.map(({ nonce }) => nonce), ...started.map(({ nonce }) => nonce))
    }
    expect(nonces).toHaveLength(2 + 40 * 4)
    expect(new Set(nonces).size).toBe(nonces.length)
  })
})

describe('several stimuli', () => {
  const counting = {
    on: {
      ADD: { actions: assign({ count: ({ context }: { context: { count: number } }) => context.count + 1 }) },
      GO: 'b',
      END: 'c',
    },
  }
  const root = {
    context: { count: 0 },
    states: { a: counting, b: {}, c: { type: 'final', tags: 'sold' } },
  }

  test('become one commit, with a transition and a line of the journal for each', () => {
    const { advance, shelf } = stageOf(counting, { root })
    const { entry, message } = advance('ADD', 'ADD', 'GO')
    expect(message.snapshot.context).toEqual({ count: 2 })
    expect(message.revision).toBe(2)
    expect(entry).toMatchObject({ state: 'b', consumed: 3, entered: true, fence: '1:token0' })
    expect(entry.transitions.map((text) => JSON.parse(text) as unknown)).toEqual([
      ['m1', 2, 'ADD', 'a', 'a', 'w1'],
      ['m1', 2, 'ADD', 'a', 'a', 'w1'],
      ['m1', 2, 'GO', 'a', 'b', 'w1'],
    ])
    expect(entry.journal.map(({ seq }) => seq)).toEqual([1, 2, 3])
    expect(shelf.stored.inbox).toEqual([])
  })

  test('are taken out of the inbox also when no state listens, or the machine knows no such event', () => {
    const { advance, shelf } = stageOf(counting, { root })
    advance('GO')
    const { entry } = advance('ADD', 'GO', 'NEVER_HEARD')
    expect(entry).toMatchObject({ state: 'b', consumed: 3, entered: false, changes: [], journal: [], transitions: [] })
    expect(shelf.stored.inbox).toEqual([])
  })

  test('leave nothing of what began and ended between them', () => {
    const { advance } = stage(
      createMachine({
        id: 'm',
        initial: 'z',
        states: {
          z: { on: { GO: 'a' } },
          a: { after: { 5: 'z' }, invoke: { id: 'work', src: 'job' }, on: { GO: 'z' } },
        },
      }) as AnyStateMachine,
    )
    const { entry, started } = advance('GO', 'GO')
    expect(entry).toMatchObject({ state: 'z', setTimers: [], clearTimers: [], changes: [], disposal: 'release' })
    expect(started).toEqual([])
  })

  test('after the one that ends the machine are not taken, and wait no more', () => {
    const { advance, shelf } = stageOf(counting, { root })
    const { entry, message } = advance('ADD', 'END', 'ADD')
    expect(message.snapshot.context).toEqual({ count: 1 })
    expect(entry).toMatchObject({ state: 'c', disposal: 'settle' })
    expect(entry.transitions).toHaveLength(2)
    expect(shelf.stored.inbox).toEqual([])
  })
})
