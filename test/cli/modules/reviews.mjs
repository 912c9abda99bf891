import { setup } from 'xstate'

const machine = setup({ types: {} }).createMachine({
  id: 'review',
  context: {},
  initial: 'review',
  states: {
    review: {
      initial: 'waiting',
      states: { waiting: {} },
      on: { APPROVE: 'approved', CANCEL: 'rejected' },
    },
    approved: { type: 'final' },
    rejected: { type: 'final' },
  },
})

export default (redrive) => {
  redrive.queue('reviews', { machine }).work({})
}
