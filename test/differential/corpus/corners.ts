import { raise } from 'xstate'
import { blank, note, notebook } from './notebook.ts'

/** Ways into a state: by its own first state, past it, and past that of a state within. */
export const doors = notebook.createMachine({
  id: 'doors',
  context: blank,
  entry: note('+doors'),
  exit: note('-doors'),
  initial: 'street',
  states: {
    street: { on: { IN: 'house', UP: 'house.attic', BED: '#doors.house.attic.bed', END: 'over', ALL: '#doors' } },
    house: {
      entry: note('+house'),
      exit: note('-house'),
      initial: { target: 'hall', actions: note('first hall') },
      states: {
        hall: { entry: note('+hall'), exit: note('-hall') },
        attic: {
          entry: note('+attic'),
          exit: note('-attic'),
          initial: { target: 'stairs', actions: note('first stairs') },
          states: { stairs: { entry: note('+stairs') }, bed: { entry: note('+bed') } },
        },
      },
      on: { IN: { target: 'house', reenter: true }, UP: '.attic', SELF: 'house', BED: '.attic.bed', OUT: 'street' },
    },
    over: { type: 'final', entry: note('+over'), exit: note('-over') },
  },
})

/** Transitions without an event: of a state and of that around it, and some that change nothing. */
export const springs = notebook.createMachine({
  id: 'springs',
  context: blank,
  always: { guard: 'isMany', actions: ['reset', note('outer')] },
  initial: 'still',
  states: {
    still: {
      on: { ADD: { actions: ['add', note('added')] }, GO: 'telling', TURN: { actions: raise({ type: 'GO' }) } },
    },
    telling: {
      // Only on a known event, and not where the outer one waits: else an event that no message hears would tell XState from Redrive.
      always: { guard: ({ context, event }) => event.type === 'ADD' && context.count < 5, actions: 'tell' },
      on: { ADD: { actions: 'add' }, GO: 'tense' },
    },
    tense: {
      always: { guard: ({ context }) => context.count > 6, target: 'still', actions: note('inner') },
      on: { ADD: { actions: 'add' }, GO: 'hasty' },
    },
    // A delay that is a text is none: the event comes at once.
    hasty: { after: { none: { target: 'still', actions: note('at once') } }, on: { GO: 'still' } },
  },
})
