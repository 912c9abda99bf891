import { fork } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { createMachine, setup, type AnyStateMachine } from 'xstate'
import type { Handlers, Queue, QueueOptions, Transition } from '../../src/index.ts'
import { onRedis, until } from '../support/backends.ts'

let backend: Awaited<ReturnType<typeof onRedis>>
beforeAll(async () => {
  backend = await onRedis()
})
afterAll(() => backend.stop())

const charge = { id: 'charge', src: 'charge' }

/** The order of the README, as plain data that a worker process can be given. */
const order = (invoke: object) => ({
  id: 'order',
  initial: 'charging',
  states: {
    charging: { invoke: { ...charge, onDone: 'shipped', ...invoke } },
    shipped: { type: 'final' },
    refunded: { type: 'final' },
  },
})

interface Scene {
  readonly config: object
  readonly below?: Readonly<Record<string, object>>
  readonly options?: Omit<QueueOptions, 'machine'>
  readonly act?: () => void
}

function machineOf({ config, below = {}, act = () => {} }: Scene): AnyStateMachine {
  const actors = Object.fromEntries(Object.entries(below).map(([src, each]) => [src, createMachine(each)]))
  return setup({ actors, actions: { act } }).createMachine(config) as AnyStateMachine
}

const open = (name: string, scene: Scene): Queue =>
  backend.open().queue(name, { machine: machineOf(scene), lease: 500, ...scene.options })

/** Lets worker processes die, one after another, of what they run for a message. */
async function killWorkers(name: string, { config, below = {}, options = {} }: Scene, count: number): Promise<void> {
  const args = [backend.redis.url, name, ...[config, below, options].map((each) => JSON.stringify(each))]
  for (let i = 0; i < count; i++) {
    const child = fork(new URL('dying-worker.mjs', import.meta.url), args, { stdio: 'ignore' })
    const [, signal] = (await once(child, 'exit')) as [number | null, string | null]
    expect(signal).toBe('SIGKILL')
  }
}

/** The message that so many workers have died of, once it has come to an end among those that are well. */
async function afterDeaths(name: string, scene: Scene, count: number, handlers: Handlers) {
  const queue = open(name, scene)
  await queue.send({ card: 'x' }, { id: 'm' })
  await killWorkers(name, scene, count)
  const told: Transition[] = []
  queue.on('leaseLost', (transition) => told.push(transition))
  const worker = queue.work(handlers)
  const message = await until(async () => {
    const found = await queue.get('m')
    return found && (found.status !== 'active' || found.state === '~quarantined') ? found : undefined
  })
  return { queue, worker, message, told }
}

describe('a machine of one own whose worker is killed', () => {
  test.each([
    ['with onError', { onError: 'refunded' }],
    ['without', {}],
  ])('%s runs its handler again, and comes to the end that it had without', async (kind, invoke) => {
    const counts: number[] = []
    const { message, told } = await afterDeaths(`killed ${kind}`.replaceAll(' ', '-'), { config: order(invoke) }, 1, {
      charge: (_input, { leasesLost }) => void counts.push(leasesLost),
    })
    expect(message).toMatchObject({ state: 'shipped', status: 'done' })
    expect(counts).toEqual([1])
    expect(message.history.map(({ event }) => event)).toEqual(['init', 'lost charge', 'done charge'])
    expect(message.history[1]?.error).toMatch(/E_LEASE_LOST: .*"charge".* is run again, for the 1\. time of at most 3/)
    await until(() => told.length === 1)
    expect(told[0]).toMatchObject({ id: 'm', event: 'lost charge', from: 'charging', to: 'charging' })
  })

  test('hears E_LEASE_LOST once more workers were lost than the queue allows', async () => {
    const scene = { config: order({ onError: 'refunded' }), options: { maxLeasesLost: 1 } }
    const { message } = await afterDeaths('poison', scene, 2, { charge: () => 'never' })
    expect(message.state).toBe('refunded')
    expect(message.history.map(({ event }) => event)).toEqual(['init', 'lost charge', 'error charge'])
    expect(message.history[2]?.error).toMatch(/E_LEASE_LOST: .*happened 2 times/)
  })

  test.each([
    ['of the queue', { leaseLost: 'error' }],
    ['of the handler', { leaseLost: { charge: 'error' } }],
  ] as const)('hears it at once by the word %s', async (kind, options) => {
    const scene = { config: order({ onError: 'refunded' }), options }
    const { message } = await afterDeaths(`word-${kind.replaceAll(' ', '-')}`, scene, 1, { charge: () => 'never' })
    expect(message.history.map(({ event }) => event)).toEqual(['init', 'error charge'])
  })

  test('runs what a machine below invoked again', async () => {
    const scene = {
      config: {
        id: 'shop',
        initial: 'paying',
        states: { paying: { invoke: { id: 'payment', src: 'payment', onDone: 'done' } }, done: { type: 'final' } },
      },
      below: { payment: order({}) },
    }
    const { message } = await afterDeaths('below', scene, 1, { charge: () => 'paid' })
    expect(message).toMatchObject({ state: 'done', status: 'done' })
    expect(message.history.map(({ event }) => event)).toEqual(['init', 'lost @payment/charge', 'done @payment/charge'])
  })

  test('is put in quarantine when an action takes its workers with it, and runs it again once it is released', async () => {
    const ran: string[] = []
    const scene = {
      config: { id: 'acting', initial: 'a', states: { a: { entry: 'act', on: { GO: 'b' } }, b: {} } },
      options: { maxLeasesLost: 1 },
      act: () => void ran.push('act'),
    }
    const { queue, message } = await afterDeaths('action', scene, 2, {})
    expect(message.quarantine?.reason).toMatch(/E_LEASE_LOST: .*the action "act".*happened 2 times/)
    expect(ran).toEqual([])
    await queue.release('m')
    await until(async () => (await queue.get('m'))?.state === 'a' && ran.length === 1)
    await until(async () => (await queue.get('m'))?.worker === undefined)
    expect(ran).toEqual(['act'])
  })
})
