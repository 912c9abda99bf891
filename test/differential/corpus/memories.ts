import { assign, setup } from 'xstate'
import { inert } from '../inert.ts'
import { blank, note, notebook } from './notebook.ts'

/** Shallow history with and without a default, of a compound state. */
export const shallow = notebook.createMachine({
  id: 'shallow',
  context: blank,
  initial: 'off',
  states: {
    off: { on: { ON: 'on.last', PRESET: 'on.preset', FRESH: 'on' } },
    on: {
      initial: 'low',
      exit: 'count',
      on: { OFF: 'off' },
      states: {
        low: { entry: note('low'), on: { UP: 'middle' } },
        middle: {
          entry: note('middle'),
          initial: 'a',
          on: { UP: 'high', DOWN: 'low' },
          states: { a: { on: { SUB: 'b' } }, b: { entry: note('b') } },
        },
        high: { on: { DOWN: 'middle' }, after: { 1000: '#shallow.off' } },
        last: { type: 'history' },
        preset: { type: 'history', target: 'high' },
      },
    },
  },
})

/** Deep history through regions, kept while the machine is elsewhere for long. */
export const deep = notebook.createMachine({
  id: 'deep',
  context: blank,
  initial: 'editor',
  on: { PANIC: '.paused' },
  states: {
    editor: {
      type: 'parallel',
      exit: note('-editor'),
      states: {
        font: {
          initial: 'plain',
          states: {
            plain: { on: { BOLD: 'bold' } },
            bold: {
              initial: 'thin',
              on: { PLAIN: 'plain' },
              states: { thin: { on: { MORE: 'thick' } }, thick: { entry: 'count', on: { MORE: 'thin' } } },
            },
          },
        },
        pane: {
          initial: 'one',
          states: { one: { on: { SPLIT: 'two' } }, two: { on: { JOIN: 'one' }, tags: ['wide'] } },
        },
        memory: { type: 'history', history: 'deep' },
      },
    },
    paused: {
      on: { RESUME: 'editor.memory', RESET: 'editor', DEEPER: 'asleep' },
      initial: 'short',
      states: { short: { after: { 60000: 'long' } }, long: {} },
    },
    asleep: { on: { WAKE: [{ guard: 'isBig', target: 'editor.memory' }, { target: 'paused' }] } },
  },
})

/** Histories at several levels, one within the other. */
export const twofold = notebook.createMachine({
  id: 'twofold',
  context: blank,
  initial: 'home',
  states: {
    home: { on: { GO: 'trip.back', DEEP: 'trip.deepBack', CITY: 'trip.city.again' } },
    trip: {
      initial: 'road',
      on: { HOME: 'home' },
      states: {
        back: { type: 'history', history: 'shallow' },
        deepBack: { type: 'history', history: 'deep', target: 'city.inn' },
        road: { on: { ARRIVE: 'city' } },
        city: {
          initial: 'square',
          on: { ROAD: 'road' },
          states: {
            again: { type: 'history' },
            square: { on: { WALK: 'museum', SLEEP: 'inn' } },
            museum: {
              initial: 'hall',
              on: { OUT: 'square' },
              states: { hall: { on: { WALK: 'tower' } }, tower: { entry: ['count', 'tell'], on: { WALK: 'hall' } } },
            },
            inn: { entry: 'keep', after: { 8000: 'square' } },
          },
        },
      },
    },
  },
})

/** Without an id: XState calls it `(machine)`, and so do the ids of its states, timers and invocations. */
export const nameless = setup({ types: { context: {} as { rounds: number } }, actors: { work: inert } }).createMachine({
  context: { rounds: 0 },
  initial: 'open',
  states: {
    open: {
      initial: 'first',
      on: { PAUSE: 'paused' },
      states: {
        first: { after: { 50: 'second' } },
        second: { invoke: { src: 'work', onDone: 'last' } },
        last: { type: 'final' },
      },
      onDone: { target: 'paused', actions: assign({ rounds: ({ context }) => context.rounds + 1 }) },
    },
    paused: {
      on: { RESUME: 'open' },
      after: { 200: { guard: ({ context }) => context.rounds > 1, target: 'closed' } },
    },
    closed: { type: 'final' },
  },
})
