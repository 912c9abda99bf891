import { assign, fromPromise, setup } from 'xstate'

const region = (name) => ({
  initial: 'on',
  states: {
    on: {
      invoke: {
        id: name,
        src: 'work',
        onDone: { target: 'off', actions: assign({ [name]: ({ event }) => event.output }) },
        onError: { target: 'failed', actions: assign({ why: ({ event }) => event.error.code }) },
      },
    },
    off: {},
    failed: {},
  },
})

export const first = setup({ actors: { work: fromPromise(async () => 'never asked') } }).createMachine({
  id: 'one',
  context: {},
  type: 'parallel',
  states: { left: region('left'), right: region('right') },
})

export const second = setup({}).createMachine({
  id: 'two',
  initial: 'waiting',
  states: { waiting: { after: { 3_600_000: 'over' } }, over: { type: 'final' } },
})
