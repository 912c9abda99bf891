/**
 * Machines of a user, made with the XState of the build that runs them. Each has one handler, `work`.
 * @type {Record<string, (xstate: typeof import('xstate')) => import('xstate').AnyStateMachine>}
 */
export const MACHINES = {
  /** One invoke, three timers that do not fire, two signals. */
  order({ assign, fromPromise, setup }) {
    return setup({
      actors: { work: fromPromise(async () => {}) },
      delays: { approval: 86_400_000, payment: 3_600_000, charge: 60_000 },
    }).createMachine({
      id: 'order',
      context: ({ input }) => ({ order: input, approvedBy: '', charge: '' }),
      initial: 'waiting',
      states: {
        waiting: {
          on: { APPROVE: { target: 'approved', actions: assign({ approvedBy: ({ event }) => event.by }) } },
          after: { approval: 'expired' },
        },
        approved: { on: { PAY: 'charging' }, after: { payment: 'expired' } },
        charging: {
          invoke: {
            id: 'charge',
            src: 'work',
            input: ({ context }) => context.order,
            onDone: { target: 'shipped', actions: assign({ charge: ({ event }) => event.output }) },
            onError: 'expired',
          },
          after: { charge: 'expired' },
        },
        shipped: { type: 'final', tags: ['succeeded'] },
        expired: { type: 'final', tags: ['dead'] },
      },
    })
  },

  /** A machine that invokes another, which has the invoke. */
  parcel({ fromPromise, setup }) {
    const label = setup({ actors: { work: fromPromise(async () => {}) } }).createMachine({
      id: 'label',
      context: ({ input }) => ({ address: input }),
      initial: 'printing',
      states: {
        printing: {
          invoke: {
            id: 'print',
            src: 'work',
            input: ({ context }) => context.address,
            onDone: 'printed',
            onError: 'jammed',
          },
        },
        printed: { type: 'final' },
        jammed: { type: 'final' },
      },
      output: ({ context }) => ({ address: context.address.customer }),
    })
    return setup({ actors: { label } }).createMachine({
      id: 'parcel',
      context: ({ input }) => ({ parcel: input }),
      initial: 'labelling',
      states: {
        labelling: {
          invoke: {
            id: 'label',
            src: 'label',
            input: ({ context }) => context.parcel,
            onDone: 'sent',
            onError: 'lost',
          },
        },
        sent: { type: 'final', tags: ['succeeded'] },
        lost: { type: 'final', tags: ['dead'] },
      },
    })
  },
}
