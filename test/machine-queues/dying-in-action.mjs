// A worker that says when it begins an action, and never ends it. Argument: the server.
import { setup } from 'xstate'
import { Redrive } from '../../dist/src/index.js'

const machine = setup({
  actions: {
    // oxlint-disable-next-line typescript/no-misused-promises -- what an action returns is waited for
    report: () => {
      process.send('begun')
      return new Promise(() => {})
    },
    fail: () => {},
  },
}).createMachine({
  id: 'actions',
  context: { n: 1 },
  initial: 'a',
  entry: { type: 'report', params: { to: 'root' } },
  states: { a: { entry: { type: 'report', params: { to: 'a' } }, on: { GO: 'b' } }, b: { type: 'final' } },
})

new Redrive({ redis: process.argv[2] }).queue('again', { machine, lease: 500 }).work()
