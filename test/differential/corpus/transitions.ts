import { blank, note, notebook } from './notebook.ts'

/** Transitions to oneself, inner and outer, with and without leaving. */
export const selves = notebook.createMachine({
  id: 'selves',
  context: blank,
  initial: 'a',
  entry: note('+selves'),
  on: { ROOT: { target: '#selves', reenter: true }, INTO: '.a', PLAIN: { actions: 'count' } },
  states: {
    a: {
      entry: note('+a'),
      exit: note('-a'),
      initial: 'x',
      on: {
        INNER: '.y',
        OUTER: { target: '.y', reenter: true },
        SELF: 'a',
        AGAIN: { target: 'a', reenter: true },
        FORBID: { actions: 'count' },
      },
      states: {
        x: { entry: note('+x'), exit: note('-x'), on: { FORBID: {}, DOWN: 'y' } },
        y: {
          entry: note('+y'),
          exit: note('-y'),
          on: { FORBID: undefined, SELF: { target: 'y', reenter: true }, DOWN: '#selves.b' },
        },
      },
    },
    b: { on: { DOWN: { target: 'a.y', actions: 'keep' } }, exit: ['tell', note('-b')] },
  },
})

/** Chains of transitions without an event, that end where the counter says. */
export const chains = notebook.createMachine({
  id: 'chains',
  context: blank,
  initial: 'start',
  states: {
    start: {
      on: { ADD: { actions: 'add' }, GO: 'first', ONE: { actions: 'count' } },
      always: { guard: { type: 'isOver', params: 60 }, target: 'spent' },
    },
    first: { entry: note('first'), always: [{ guard: 'isEven', target: 'even' }, { target: 'odd' }] },
    even: {
      entry: 'count',
      always: [
        { guard: 'isMany', target: 'many' },
        { target: 'few', actions: note('few') },
      ],
    },
    odd: { exit: note('-odd'), always: { target: 'few', guard: { type: 'isOver', params: 2 } }, on: { GO: 'start' } },
    few: { on: { BACK: 'start', GO: 'first' } },
    many: { entry: { type: 'act', params: { what: 'many' } }, always: { target: 'few', actions: ['tell', 'reset'] } },
    spent: { on: { BACK: { target: 'start', actions: 'reset' } } },
  },
})

/** Loops without an event that act until a guard ends them. */
export const countdown = notebook.createMachine({
  id: 'countdown',
  context: blank,
  initial: 'idle',
  states: {
    idle: { on: { SET: { target: 'counting', actions: 'add' }, KEEP: { actions: 'keep' } } },
    counting: {
      always: [
        { guard: { type: 'isOver', params: 30 }, target: 'overflow' },
        { guard: ({ context }) => context.count % 7 !== 0, actions: ['count', note('tick')] },
        { target: 'idle', actions: 'tell' },
      ],
    },
    overflow: { entry: 'reset', on: { SET: 'idle' }, after: { byValue: 'idle' } },
  },
})

/** Wildcards of all kinds, beside exact names, at three levels. */
export const listeners = notebook.createMachine({
  id: 'listeners',
  context: blank,
  initial: 'idle',
  on: { 'mouse.*': { actions: note('root mouse') }, '*': { actions: 'noteEvent' } },
  states: {
    idle: {
      on: {
        'mouse.click': 'pressed',
        'mouse.click.*': { actions: note('some click') },
        'mouse.move.*': { target: 'dragging', guard: 'isBig' },
      },
    },
    pressed: {
      on: { '*': [{ guard: 'isBig', target: 'idle' }, { actions: ['count', 'keep'] }], 'key.escape': 'idle' },
    },
    dragging: {
      initial: 'slow',
      on: { 'mouse.up': 'idle', 'key.*': { actions: note('key') } },
      states: {
        slow: { on: { 'mouse.move.*': 'fast', 'key.*': undefined } },
        fast: { on: { 'mouse.move.stop': 'slow', '*': { target: '#listeners.idle', guard: 'isEven' } }, exit: 'count' },
      },
    },
  },
})

/** The nearest guarded transition wins, and an outer one when none of the inner does. */
export const priorities = notebook.createMachine({
  id: 'priorities',
  context: blank,
  initial: 'outer',
  states: {
    outer: {
      on: { E: [{ guard: 'isBig', target: 'other' }, { actions: note('outer') }], F: 'other' },
      initial: 'inner',
      states: {
        inner: {
          on: {
            E: { guard: 'isEven', actions: ['count', note('inner')] },
            F: { guard: 'isMany', target: 'innermost' },
          },
        },
        innermost: { on: { E: { target: 'inner', actions: 'reset' }, F: { actions: 'add' } } },
      },
    },
    other: {
      meta: { why: 'elsewhere' },
      on: { E: 'outer', F: { target: 'outer.innermost', guard: 'isBig' }, G: { actions: 'count' } },
    },
  },
})
