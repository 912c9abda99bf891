import * as examples from '../../../machines/examples/index.ts'
import { charts } from '../../engine/charts/index.ts'
import type { Part } from '../play.ts'
import * as actors from './actors.ts'
import * as commerce from './commerce.ts'
import * as corners from './corners.ts'
import * as devices from './devices.ts'
import * as endings from './endings.ts'
import * as memories from './memories.ts'
import * as people from './people.ts'
import * as raising from './raising.ts'
import * as regions from './regions.ts'
import * as sales from './sales.ts'
import * as services from './services.ts'
import * as systems from './systems.ts'
import * as times from './times.ts'
import * as transitions from './transitions.ts'
import type { AnyStateMachine } from 'xstate'

const themes = {
  ...regions,
  ...memories,
  ...transitions,
  ...corners,
  ...endings,
  ...times,
  ...raising,
  ...actors,
  ...commerce,
  ...people,
  ...devices,
  ...sales,
  ...services,
  ...systems,
}

/** What is special about some of them; why, says `docs/reference/xstate-differences.md`. */
const special: Readonly<Record<string, Partial<Part>>> = {
  // Several regions ring at once, in the order in which they were entered last.
  bells: { known: { order: true } },
  shop: { known: { timers: true } },
  counterBox: { known: { timers: true } },
  letters: { alone: true, known: { timers: true } },
  reminders: { known: { timers: true } },
  actions: { alone: true, known: { timers: true, sends: true } },
  'raised events': { known: { timers: true } },
  'a rich context': { known: { timers: true } },
}

const parts = Object.entries<unknown>(themes).map(([name, machine]) => ({ name, machine: machine as AnyStateMachine }))

const steady = { backoff: { type: 'exponential', delay: 500, jitter: 'none' } } as const

/** What the shipped workflows are started with: chance is taken out of their delays, or two runs would not be alike. */
const shipped: readonly Part[] = [
  {
    name: 'order saga',
    machine: examples.orderSaga,
    input: {
      order: { items: [{ sku: 'a', quantity: 2 }], cents: 900, card: 'c', address: 'x' },
      retry: steady,
      undo: steady,
    },
  },
  {
    name: 'approval',
    machine: examples.approval,
    input: { request: { what: 'a desk' }, approver: 'ada', deputy: 'bob', retry: steady },
  },
  {
    name: 'polling',
    machine: examples.polling,
    input: { job: { n: 1 }, poll: steady.backoff, retry: steady },
  },
  {
    name: 'dunning',
    machine: examples.dunning,
    input: { invoice: 'i1', retry: steady },
  },
]

/** Every machine by hand. */
export const corpus: readonly Part[] = [...parts, ...shipped, ...charts].map((part) => ({
  ...part,
  ...special[part.name],
}))
