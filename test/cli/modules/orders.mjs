import { createMachine, fromPromise } from 'xstate'

/** The versions of one queue's machine; `ORDERS` in the environment says which one is deployed. */
const order = (version, states, delays = {}) =>
  createMachine({
    id: 'order',
    version,
    context: ({ input }) => ({ total: input?.total ?? 0 }),
    initial: 'waiting' in states ? 'waiting' : 'inReview',
    states: { ...states, paid: { type: 'final', output: ({ event }) => event.output }, gone: { type: 'final' } },
    output: ({ event }) => event.output,
  }).provide({ actors: { charge: fromPromise(async ({ input }) => ({ charged: input.total })) }, delays })

const charging = {
  invoke: { id: 'charge', src: 'charge', input: ({ context }) => context, onDone: 'paid', onError: 'gone' },
}
const on = { APPROVE: 'charging', REJECT: 'gone' }

const original = order('1', { waiting: { on: { ...on, HOLD: 'held' } }, held: { on }, charging })
/** Another structure, though nobody has counted the version up. */
const similar = order('1', { waiting: { on }, held: { on }, charging })
const renamed = order('2', { inReview: { on, after: { remind: 'gone' } }, charging }, { remind: 3_600_000 })

/** `held` is a state that nobody thought of. */
function migrate({ state, context }) {
  if (state === 'held') throw new Error('what is a held order?')
  return { state: state === 'waiting' ? 'inReview' : state, context }
}

export const deployments = {
  first: { machine: original },
  similar: { machine: similar },
  renamed: { machine: renamed },
  migrating: { machine: renamed, migrate },
}

export default (redrive) => {
  redrive.queue('orders', deployments[process.env.ORDERS ?? 'first']).work()
}
