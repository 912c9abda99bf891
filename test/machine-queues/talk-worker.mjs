// Workers of parents, children and the tally that parents report to. Arguments: the server, and `hang` to stand still within a delivery.
import { assign, setup } from 'xstate'
import { Redrive, sendToMessage, silentLogger, startChildren } from '../../dist/src/index.js'

const [, , redis, hang] = process.argv

const tally = setup({}).createMachine({
  id: 'tally',
  context: { parents: [] },
  initial: 'counting',
  states: {
    counting: {
      on: {
        COUNT: { actions: assign({ parents: ({ context, event }) => [...context.parents, event.parent] }) },
        // Delivered by the healthy only.
        SLOW: { actions: assign({ parents: ({ context }) => [...context.parents, 'slow'] }) },
      },
    },
  },
})

const parent = setup({}).createMachine({
  id: 'parent',
  context: ({ input }) => ({ ...input, heard: [] }),
  initial: 'waiting',
  entry: startChildren(({ context }) => context.children, { failed: 'report' }),
  states: {
    waiting: {
      on: {
        allDone: { target: 'over', actions: assign({ heard: ({ context, event }) => [...context.heard, event] }) },
        anyFailed: { actions: assign({ heard: ({ context, event }) => [...context.heard, event] }) },
      },
    },
    over: {
      type: 'final',
      entry: [
        sendToMessage({ queue: 'tallies', id: 'tally' }, ({ context }) => ({ type: 'COUNT', parent: context.name })),
        sendToMessage({ queue: 'tallies', id: 'tally' }, { type: 'SLOW' }),
      ],
    },
  },
  output: ({ context }) => context.heard,
})

/** Any of the schemas: one that is met by `hang` says so to the process that waits for it, and never answers. */
const schema = (name) => ({
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value) => {
      if (name !== hang || (name === 'events' && value.type !== 'SLOW')) return { value }
      process.send('hanging')
      return new Promise(() => {})
    },
  },
})

const redrive = new Redrive({ redis, logger: silentLogger })
const options = { lease: 500, partitions: 4 }
const tallies = redrive.queue('tallies', { ...options, machine: tally, events: schema('events') })
const children = redrive.queue('children', {
  ...options,
  input: schema('input'),
  retry: { attempts: 1 },
  retention: { succeeded: 0, dead: 0 },
})
const parents = redrive.queue('parents', { ...options, machine: parent })

if (process.env.SEND) {
  await tallies.send({}, { id: 'tally' })
  await parents.sendBulk(JSON.parse(process.env.SEND))
  await redrive.close()
  process.send('sent')
} else {
  tallies.work()
  children.work(({ n, fails }) => {
    if (fails) throw new Error('failed')
    return n
  })
  parents.work()
}
