import { createMessageMachine } from '../../../machines/index.ts'
import { actions } from './actions.ts'
import type { Chart } from './chart.ts'
import { delays } from './delays.ts'
import { guards } from './guards.ts'
import { history } from './history.ts'
import { invokes } from './invokes.ts'
import { nested } from './nested.ts'
import { order } from './order.ts'
import { parallel } from './parallel.ts'
import { raised } from './raised.ts'
import { rich, type RichInput } from './rich.ts'
import { wildcards } from './wildcards.ts'

/** Time and chance of the message machines: the same at every call, so that two runs of one step see the same. */
const steady = { now: () => 1_900_000_000_000, random: () => 0.618 }

const message = createMessageMachine(steady)
const strictMessage = createMessageMachine({
  ...steady,
  attempts: 3,
  backoff: { type: 'polynomial', delay: 700, jitter: 'equal' },
  timeout: 30_000,
  deadline: 4_000,
  maxLeasesLost: 1,
  nonRetryable: ['E_FATAL'],
})

const richInput: RichInput = {
  payload: { to: 'ada', nested: { deep: [1, { two: 'II' }, null] } },
  items: [{ price: 12n }, { price: 10n ** 30n }, { price: 0n }],
}

export const charts: readonly Chart[] = [
  { name: 'the default message', machine: message, input: { payload: { to: 'ada' }, delay: 500 } },
  {
    name: 'a message with a deadline',
    machine: strictMessage,
    input: { payload: { list: [1, 2, 3] }, retry: { attempts: 4, backoff: { delay: 1500 } } },
  },
  { name: 'guards', machine: guards },
  { name: 'raised events', machine: raised, transient: ['raised.second'] },
  {
    name: 'nested states',
    machine: nested,
    transient: [
      'shop.paid',
      'shop.payment.card.confirmed',
      'shop.payment.cash',
      'shop.payment.booked',
      'delivery.home',
    ].map((path) => `nested.${path}`),
  },
  { name: 'parallel regions', machine: parallel },
  { name: 'history', machine: history },
  { name: 'invocations', machine: invokes },
  { name: 'wildcards', machine: wildcards },
  { name: 'order of entries and exits', machine: order },
  { name: 'actions', machine: actions },
  { name: 'delays', machine: delays },
  { name: 'a rich context', machine: rich, input: richInput },
]
