import { assign, enqueueActions, log, raise } from 'xstate'
import { blank, note, notebook } from './notebook.ts'

/** Raised events are taken in their order, after transitions without an event, and before anything from outside. */
export const inner = notebook.createMachine({
  id: 'inner',
  context: blank,
  initial: 'a',
  states: {
    a: {
      on: {
        GO: {
          target: 'b',
          actions: [
            raise({ type: 'ONE' }),
            raise(({ event }) => ({ type: 'TWO', value: event.value ?? 0 })),
            note('raised'),
          ],
        },
      },
    },
    b: {
      entry: [raise({ type: 'THREE' }), note('+b')],
      always: { guard: 'isMany', target: 'c', actions: note('always') },
      on: { ONE: { actions: ['count', note('one in b')] }, TWO: { guard: 'isBig', target: 'c' }, THREE: 'd' },
    },
    c: {
      on: {
        ONE: { actions: note('one in c') },
        TWO: { actions: note('two in c') },
        THREE: { target: 'a', actions: 'reset' },
        GO: 'a',
      },
    },
    d: { on: { ONE: 'c', GO: 'a', TWO: { actions: [raise({ type: 'GO' }), 'add'] } } },
  },
})

/** Actions that decide what to do, in code. */
export const chooser = notebook.createMachine({
  id: 'chooser',
  context: blank,
  initial: 'idle',
  states: {
    idle: {
      on: {
        WEIGH: {
          actions: enqueueActions(({ context, event, enqueue, check }) => {
            enqueue.assign({ count: context.count + (event.value ?? 0) })
            if (check('isBig')) enqueue('tell')
            else if (check({ type: 'isOver', params: 3 })) enqueue(note('over'))
            else enqueue.emit({ type: 'nothing', log: context.log.length })
            enqueue.raise({ type: 'WEIGHED', value: context.count })
          }),
        },
        WEIGHED: [
          { guard: 'isMany', target: 'full', actions: log(({ context }) => `full at ${context.count}`) },
          { actions: note('weighed') },
        ],
        LOG: { actions: [log('fixed'), log(({ event }) => ({ extra: event.extra }), 'extra')] },
      },
    },
    full: {
      entry: enqueueActions(({ enqueue, event }) => {
        enqueue({ type: 'act', params: { what: `after ${event.type}` } })
        enqueue.raise({ type: 'EMPTY' }, { id: 'empty', delay: 70 })
      }),
      exit: enqueueActions(({ enqueue }) => enqueue.cancel('empty')),
      on: {
        EMPTY: { target: 'idle', actions: 'reset' },
        WEIGH: { target: 'idle', actions: [assign({ count: 1 }), 'tell'] },
      },
    },
  },
})

/** Custom actions, named and inline, with parameters of all kinds. */
export const doer = notebook.createMachine({
  id: 'doer',
  context: blank,
  initial: 'a',
  entry: { type: 'act', params: { what: 'begin' } },
  on: { DO: { actions: [{ type: 'act', params: ({ event }) => ({ what: `do ${event.value}` }) }, () => {}, 'tell'] } },
  states: {
    a: {
      exit: { type: 'act', params: { what: 'leave a' } },
      on: { NEXT: 'b', BACK: { target: 'a', reenter: true } },
      after: { 40: 'b' },
    },
    b: {
      entry: ['count', { type: 'act', params: ({ context }) => ({ what: `b ${context.count}` }) }],
      on: { NEXT: 'c', BACK: 'a' },
    },
    c: { type: 'final', entry: { type: 'act', params: { what: 'the last' } } },
  },
})

/** A guard and an assign that throw: both sides must find it. */
export const fragile = notebook.createMachine({
  id: 'fragile',
  context: blank,
  initial: 'whole',
  states: {
    whole: {
      on: {
        TOUCH: { actions: ['count', 'tell'] },
        DROP: {
          guard: ({ context }) => {
            if (context.count > 2) throw new RangeError(`dropped at ${context.count}`)
            return true
          },
          actions: 'count',
        },
        BREAK: { target: 'cracked', actions: 'keep' },
      },
    },
    cracked: {
      entry: assign(({ event }) => {
        if (event.value === 7) throw new TypeError('seven')
        return { count: 0 }
      }),
      on: { MEND: 'whole', TOUCH: { actions: 'tell' } },
      after: { 90: 'whole' },
    },
  },
})
