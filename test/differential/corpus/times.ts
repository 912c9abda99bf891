import { cancel, raise, sendTo } from 'xstate'
import { blank, note, notebook } from './notebook.ts'

/** Timers at three levels that go on while inner ones come and go. */
export const layers = notebook.createMachine({
  id: 'layers',
  context: blank,
  initial: 'shift',
  after: { 100000: '.end' },
  states: {
    shift: {
      after: { 1000: { target: 'night', actions: note('shift over') } },
      initial: 'work',
      on: { RESTART: { target: 'shift', reenter: true }, SKIP: 'night' },
      states: {
        work: {
          entry: 'count',
          after: { 300: 'pause', growing: { guard: 'isMany', target: 'pause', actions: 'reset' } },
        },
        pause: { after: { 50: 'work', byValue: { actions: 'tell' } }, on: { CALL: 'work' } },
      },
    },
    night: {
      after: { 2000: 'shift', short: { actions: ['noteEvent'] } },
      on: { CALL: { actions: 'keep' }, RESTART: 'shift' },
    },
    end: { type: 'final' },
  },
})

/** Delayed raises with ids that are cancelled, by name and from elsewhere. */
export const reminders = notebook.createMachine({
  id: 'reminders',
  context: blank,
  initial: 'open',
  states: {
    open: {
      on: {
        REMIND: [
          {
            guard: 'isBig',
            actions: raise(({ context }) => ({ type: 'DUE', value: context.count }), { id: 'due', delay: 'byValue' }),
          },
          { actions: raise({ type: 'DUE', value: 1 }, { delay: ({ event }) => 10 + (event.value ?? 0) }) },
        ],
        FORGET: { actions: cancel('due') },
        FORGET_SOME: { actions: cancel(({ context }) => (context.count % 2 === 0 ? 'due' : 'late')) },
        DUE: { actions: ['count', 'noteEvent', 'tell'] },
        CLOSE: 'closed',
      },
    },
    closed: {
      entry: raise({ type: 'LATE' }, { id: 'late', delay: 400 }),
      exit: [cancel('late'), cancel('due')],
      on: { DUE: { actions: 'add' }, LATE: { target: 'closed', reenter: true, actions: note('late') }, OPEN: 'open' },
    },
  },
})

/** Messages to itself, at once and later. */
export const letters = notebook.createMachine({
  id: 'letters',
  context: blank,
  initial: 'desk',
  states: {
    desk: {
      entry: note('+desk'),
      on: {
        WRITE: {
          actions: [
            sendTo(
              ({ self }) => self,
              ({ event }) => ({ type: 'LETTER', value: event.value ?? 0 }),
            ),
            note('written'),
          ],
        },
        POST: { actions: sendTo(({ self }) => self, { type: 'LETTER', value: 9 }, { id: 'post', delay: 250 }) },
        STOP: { actions: cancel('post') },
        LETTER: [{ guard: 'isBig', target: 'reading', actions: 'add' }, { actions: ['count', 'tell'] }],
      },
    },
    reading: { on: { LETTER: { actions: note('second') }, DONE: 'desk' }, after: { 80: 'desk' } },
  },
})

/** Several timers of one delay fire in the order in which they were set. */
export const simultaneous = notebook.createMachine({
  id: 'simultaneous',
  context: blank,
  type: 'parallel',
  on: { ALL: { target: ['.a.wait', '.b.wait', '.c.wait'] } },
  states: {
    a: {
      initial: 'wait',
      states: { wait: { after: { 100: 'rest' } }, rest: { entry: note('a'), after: { 100: 'wait' } } },
    },
    b: {
      initial: 'wait',
      states: { wait: { after: { 100: 'rest' } }, rest: { entry: note('b'), after: { 50: 'wait' } } },
    },
    c: {
      initial: 'wait',
      states: {
        wait: { after: { 100: { target: 'rest', guard: 'isEven' }, 200: 'rest' } },
        rest: { entry: [note('c'), 'count'], after: { 0: 'wait' } },
      },
    },
  },
})

const ring = (name: string) => ({
  initial: 'wait',
  states: { wait: { after: { 100: 'rung' } }, rung: { entry: note(name), after: { 100: 'wait' } } },
})

/** The same in a message with a long text, which Redis keeps in a hash that forgets the order of its fields. */
export const bells = notebook.createMachine({
  id: 'bells',
  context: { ...blank, kept: 'ding dong '.repeat(500) },
  type: 'parallel',
  on: { RING: { target: ['.a.wait', '.b.wait', '.c.wait', '.d.wait', '.e.wait'] } },
  states: { a: ring('a'), b: ring('b'), c: ring('c'), d: ring('d'), e: ring('e') },
})
