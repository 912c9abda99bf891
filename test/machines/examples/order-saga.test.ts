import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import { orderSaga, type OrderSagaContext, type OrderSagaInput } from '../../../machines/examples/order-saga.ts'
import { initialTransition } from 'xstate'
import { happened, pathsOf, implies, walkAll, type Model, type Path, type Promises, type Walk } from './paths.ts'
import { playWorkflow } from './play-workflow.ts'

const ORDER = { items: [{ sku: 'book', quantity: 2 }], cents: 4200, card: 'card-1', address: 'London' }
const input: OrderSagaInput = {
  order: ORDER,
  retry: { attempts: 2, backoff: { jitter: 'none' } },
  undo: { attempts: 2, backoff: { delay: 500, jitter: 'none' } },
}
const STEPS = ['reserveStock', 'chargeCard', 'ship']
const UNDOES: Readonly<Record<string, string>> = {
  reserveStock: 'releaseStock',
  chargeCard: 'refundCard',
  ship: 'cancelShipment',
}
const REFUSED = { name: 'NonRetryableError', message: 'card refused', retryable: false }
const BUSY = { name: 'Error', message: 'busy' }
const LEASE_LOST = { name: 'RedriveError', message: 'the worker is gone', code: 'E_LEASE_LOST' }

const model = (errors: readonly unknown[], commands: Model['commands']): Model => ({
  machine: orderSaga,
  input,
  outputs: { reserveStock: ['r-1'], chargeCard: ['p-1'], ship: ['s-1'] },
  errors,
  commands,
})

const unique = (names: readonly string[]): string[] => [...new Set(names)]

function promises({ runs, state, context }: Walk, path: Path): Promises {
  const names = runs.map(({ src }) => src)
  const forward = names.filter((name) => STEPS.includes(name))
  const begun = unique(forward)
  const undone = unique(runs.filter(({ src, ended }) => !STEPS.includes(src) && ended === 'done').map(({ src }) => src))
  const reverse = begun.toReversed().map((name) => UNDOES[name])
  const byHand = happened(path, 'UNDONE')
  const left = (context as OrderSagaContext).begun.length
  return {
    'the steps are taken in their order': isDeepStrictEqual(begun, STEPS.slice(0, begun.length)),
    'no step is taken once it is being undone': isDeepStrictEqual(names.slice(0, forward.length), forward),
    'what is undone is the exact reverse': byHand || isDeepStrictEqual(undone, reverse.slice(0, undone.length)),
    'what is still to be undone is told': byHand || left === begun.length - undone.length,
    'nothing is left of an order that is undone': implies(state === 'undone', left === 0),
    'nothing is undone of one that is fulfilled': implies(state === 'fulfilled', undone.length === 0),
  }
}

describe('what was begun is undone in reverse order', () => {
  test('on the shortest path to every state, with every kind of failure and command', async () => {
    const commands = [{ type: 'CANCEL' }, { type: 'RETRY' }, { type: 'REDRIVE' }, { type: 'UNDONE', by: 'ada' }]
    const all = model([REFUSED, BUSY, LEASE_LOST], commands)
    const paths = pathsOf(all, 'shortest')
    expect(paths.length).toBeGreaterThan(3300)
    expect(await walkAll(all, paths, promises)).toEqual([
      'fulfilled',
      'fulfilling.charging',
      'fulfilling.reserving',
      'fulfilling.shipping',
      'retrying',
      'stuck',
      'undoing.cancellingShipment',
      'undoing.refunding',
      'undoing.releasing',
      'undoingLater',
      'undone',
    ])
  })

  test('on every simple path with failures that are retried, and a CANCEL', async () => {
    const plain = model([BUSY], [{ type: 'CANCEL' }])
    const all = { ...plain, allows: (_: unknown, { type }: { type: string }) => !type.includes('timeLimit') }
    const paths = pathsOf(all, 'simple')
    expect(paths.length).toBeGreaterThan(650)
    expect(await walkAll(all, paths, promises)).toEqual(expect.arrayContaining(['fulfilled', 'undone', 'stuck']))
  })
})

test('a step is tried again after the backoff, and not a millisecond before; the next one begins its count anew', async () => {
  const play = playWorkflow(orderSaga, { input })
  await play.fail(BUSY)
  expect(play.state()).toBe('retrying')
  play.clock.increment(999)
  expect(play.state()).toBe('retrying')
  play.clock.increment(1)
  await play.succeed('r-1')
  await play.fail(BUSY)
  play.clock.increment(1000)
  await play.succeed('p-1')
  await play.succeed('s-1')
  expect(play.ran()).toEqual(['reserveStock', 'reserveStock', 'chargeCard', 'chargeCard', 'ship'])
  expect(play.actor.getSnapshot().output).toEqual({
    status: 'fulfilled',
    reservation: 'r-1',
    payment: 'p-1',
    shipment: 's-1',
  })
})

test('a charge that hangs is aborted, and refunded though it never said that it was made', async () => {
  const play = playWorkflow(orderSaga, { input: { ...input, retry: { attempts: 1, timeout: 5000 } } })
  await play.succeed('r-1')
  play.clock.increment(5000)
  expect(play.runs[1]?.signal.aborted).toBe(true)
  expect(play.runs.at(-1)).toMatchObject({
    src: 'refundCard',
    input: { order: ORDER, results: { reservation: 'r-1' } },
  })
  await play.succeed()
  await play.succeed()
  expect(play.state()).toBe('undone')
  expect(play.actor.getSnapshot().context.error).toMatchObject({ code: 'E_ATTEMPT_TIMEOUT' })
})

test('an order that cannot be undone waits for a person, who tries again or says that it is done', async () => {
  const play = playWorkflow(orderSaga, { input })
  await play.succeed('r-1')
  play.send({ type: 'CANCEL' })
  for (const wait of [500, 0]) {
    await play.fail(BUSY)
    play.clock.increment(wait)
  }
  expect(play.state()).toBe('stuck')
  expect(play.actor.getSnapshot().tags).toEqual(new Set(['dead', 'settled']))
  play.send({ type: 'REDRIVE' })
  await play.fail(REFUSED)
  expect(play.state()).toBe('stuck')
  play.send({ type: 'UNDONE', by: 'ada' })
  expect(play.state()).toBe('undoing.releasing')
  await play.succeed()
  expect(play.state()).toBe('undone')
  expect(play.ran().slice(2)).toEqual(['refundCard', 'refundCard', 'refundCard', 'releaseStock'])
})

test('retries that cannot work are refused when the order is sent', () => {
  for (const wrong of [{ retry: { attempts: 0 } }, { undo: { backoff: { delay: -1 } } }]) {
    const start = () => initialTransition(orderSaga, { ...input, ...wrong })[0].error
    expect(start()).toMatchObject({ code: 'E_INVALID_OPTION' })
  }
})
