import type { AnyStateMachine } from 'xstate'
import { createMessageMachine } from '../../machines/index.ts'
import type { QueueOptions, SendOptions } from '../../src/index.ts'
import { chance } from './chance.ts'
import { acting, nested, ordered, timed } from './charts.ts'

export const LEASE = 1500

/** The queues of a run. `fleeting` keeps nothing of what is done; the others keep all, so that the checker finds it. */
export const QUEUES = ['plain', 'fleeting', 'timed', 'ordered', 'nested', 'acting'] as const
export type QueueName = (typeof QUEUES)[number]

/** Which queue the messages of ten go to. */
const MIX: readonly QueueName[] = [
  'plain',
  'fleeting',
  'timed',
  'plain',
  'ordered',
  'fleeting',
  'nested',
  'plain',
  'acting',
  'plain',
]

const RETRY = {
  attempts: 4,
  backoff: { type: 'fixed', delay: 30, jitter: 'none' },
  maxLeasesLost: 10,
  nonRetryable: ['E_FATAL'],
} as const

export type Mark = (id: string, name: string) => void

const CHARTS = { timed: () => timed, ordered: () => ordered, nested: () => nested, acting }

const hasChart = (queue: QueueName): queue is keyof typeof CHARTS => queue in CHARTS

/** The machine of a queue as it was written; `mark` hears of its custom actions. */
export function machineOf(queue: QueueName, mark: Mark): AnyStateMachine {
  return hasChart(queue) ? CHARTS[queue](mark) : createMessageMachine(RETRY)
}

export function optionsOf(queue: QueueName, mark: Mark): QueueOptions {
  const common = { lease: LEASE, journal: 100 }
  const kept = { succeeded: 'forever', cancelled: 'forever', dead: 'forever' } as const
  // One whose actions lost their workers once too often would rest in quarantine, which is no end.
  const patience = queue === 'acting' ? { maxLeasesLost: 1000 } : {}
  if (hasChart(queue)) return { ...common, ...patience, machine: CHARTS[queue](mark), retention: kept }
  return { ...common, retry: RETRY, retention: queue === 'fleeting' ? { ...kept, succeeded: 0 } : kept }
}

/** One message of a run, known by its number alone. */
export interface Plan {
  readonly queue: QueueName
  readonly id: string
  readonly input: object
  readonly send: SendOptions
  /** Sent to it as soon as it is there. */
  readonly signal?: 'CANCEL' | 'RETRY'
}

export function planOf(seed: number, number: number): Plan {
  const queue = MIX[number % MIX.length]!
  const id = `${queue}-${number}`
  const luck = (what: string): number => chance(seed, id, what)
  const input = {
    id,
    seed,
    ...(queue === 'timed'
      ? { first: Math.floor(luck('first') * 400), second: 10 + Math.floor(luck('second') * 200) }
      : {}),
  }
  if (hasChart(queue)) return { queue, id, input, send: { id } }
  const delay = luck('delayed') < 0.3 ? 1 + Math.floor(luck('delay') * 400) : 0
  const signal = luck('signal') < 0.04 ? (luck('which') < 0.5 ? 'CANCEL' : 'RETRY') : undefined
  return { queue, id, input, send: { id, ...(delay ? { delay } : {}) }, ...(signal ? { signal } : {}) }
}

/** The queue that a message belongs to, by its id. */
export const queueOf = (id: string): QueueName => id.slice(0, id.indexOf('-')) as QueueName
export const numberOf = (id: string): number => Number(id.slice(id.indexOf('-') + 1))

/** The input of a message's machine, as the queue wraps it. */
export function machineInput({ queue, input, send: { delay } }: Plan): object {
  return hasChart(queue) ? input : { payload: input, ...(delay === undefined ? {} : { delay }) }
}

/** What a handler does at one of its turns, by lot. */
export interface Turn {
  /** Milliseconds. */
  readonly takes: number
  readonly fails?: 'E_BUSY' | 'E_FATAL'
}

export function turnOf(seed: number, id: string, src: string, turn: number): Turn {
  const luck = (what: string): number => chance(seed, id, src, turn, what)
  // A check has a time limit to run into.
  const takes =
    luck('slow') < (src === 'check' ? 0.15 : 0.03)
      ? 100 + Math.floor(luck('takes') * 500)
      : Math.floor(luck('takes') * 12)
  const dice = luck('fails')
  return { takes, ...(dice < 0.02 ? { fails: 'E_FATAL' as const } : dice < 0.2 ? { fails: 'E_BUSY' as const } : {}) }
}

export const resultOf = (id: string, src: string): string => `${src} of ${id}`
