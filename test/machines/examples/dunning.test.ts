import { describe, expect, test } from '@jest/globals'
import { dunning, type Collection, type DunningContext, type DunningInput } from '../../../machines/examples/dunning.ts'
import { DAY } from '../../../machines/examples/duration.ts'
import { createTestRedrive } from '../../../src/testing/index.ts'
import { happened, pathsOf, implies, walkAll, type Model, type Path, type Promises, type Walk } from './paths.ts'
import { playWorkflow } from './play-workflow.ts'

const input: DunningInput = {
  invoice: { id: 'i-1', cents: 900 },
  schedule: [0, DAY],
  retry: { attempts: 2, backoff: { jitter: 'none' } },
}
const BUSY = { name: 'Error', message: 'busy' }
const PAID = { paid: true, receipt: 'r-1' }
const REFUSED: Collection = { paid: false, why: 'no funds' }

const model: Model = {
  machine: dunning,
  input,
  outputs: { collect: [PAID, REFUSED] },
  errors: [BUSY],
  commands: [{ type: 'PAID', receipt: 'cash' }, { type: 'CANCEL' }, { type: 'RETRY' }, { type: 'REDRIVE' }],
}

function promises({ runs, state, context }: Walk, path: Path): Promises {
  const names = runs.map(({ src }) => src)
  const { round, receipt } = context as DunningContext
  const ending = names.indexOf('cancelSubscription')
  const restored = runs.some(({ src, ended }) => src === 'restoreSubscription' && ended === 'done')
  const last = runs.at(-1)
  const paid = happened(path, 'PAID') || receipt !== undefined
  return {
    'no subscription ends before all attempts are over': implies(ending >= 0, round === 2),
    'nobody is dunned after that': implies(
      ending >= 0,
      names.slice(ending).every((name) => name.endsWith('Subscription')),
    ),
    'it has lapsed when it is cancelled': implies(
      state === 'lapsed',
      last?.src === 'cancelSubscription' && last.ended === 'done',
    ),
    'nobody loses what is paid': implies(paid, state !== 'lapsed' && state !== 'forgiven'),
    'what may have been cancelled is restored': implies(state === 'paid', restored === ending >= 0),
    'the receipt is kept': implies(state === 'paid', receipt === (happened(path, 'PAID') ? 'cash' : 'r-1')),
  }
}

describe('a payment ends it, and nothing else does before the last attempt', () => {
  test('on the shortest path to every state', async () => {
    const paths = pathsOf(model, 'shortest')
    expect(paths.length).toBeGreaterThan(320)
    expect(await walkAll(model, paths, promises)).toEqual([
      'ending.cancelling',
      'ending.restoring',
      'endingLater',
      'forgiven',
      'lapsed',
      'open.lastChance',
      'open.retrying',
      'open.waiting',
      'open.working.collecting',
      'open.working.writing',
      'paid',
      'stuck',
    ])
  })

  test('on every simple path without retries and time limits', async () => {
    const all: Model = {
      ...model,
      input: { ...input, retry: { attempts: 1 } },
      commands: model.commands.slice(0, 2),
      allows: (_, { type }) => !type.includes('timeLimit'),
    }
    const paths = pathsOf(all, 'simple')
    expect(paths.length).toBeGreaterThan(285)
    expect(await walkAll(all, paths, promises)).toEqual(expect.arrayContaining(['forgiven', 'lapsed', 'paid', 'stuck']))
  })
})

test('by the default schedule: days 0, 3, 8 and 15 with a letter each, and the end on day 22', async () => {
  const play = playWorkflow(dunning, { input: { invoice: input.invoice } })
  const calendar: string[] = []
  const letters: unknown[] = []
  for (let day = 0; day <= 22; day++) {
    play.clock.increment(day === 0 ? 0 : DAY)
    while (play.runs.length > calendar.length) {
      const { src, input: given } = play.runs.at(-1)!
      calendar.push(`${src} on day ${day}`)
      if (src === 'write') letters.push(given)
      await play.succeed(src === 'collect' ? REFUSED : undefined)
    }
  }
  expect(calendar).toEqual([
    ...[0, 3, 8, 15].flatMap((day) => [`collect on day ${day}`, `write on day ${day}`]),
    'cancelSubscription on day 22',
  ])
  const letter = { invoice: input.invoice, rounds: 4, why: 'no funds' }
  expect(letters).toEqual([
    { ...letter, round: 1, next: 3 * DAY, last: false },
    { ...letter, round: 2, next: 5 * DAY, last: false },
    { ...letter, round: 3, next: 7 * DAY, last: false },
    { ...letter, round: 4, next: 7 * DAY, last: true },
  ])
  expect(play.state()).toBe('lapsed')
  expect(play.actor.getSnapshot().output).toEqual({ rounds: 4 })
})

test('through Redrive on a simulated clock it is the same calendar, and PAID on day 10 ends it', async () => {
  const t = createTestRedrive()
  const start = t.now()
  const calendar: string[] = []
  const note = (name: string) => calendar.push(`${name} on day ${(t.now() - start) / DAY}`)
  const debts = t.queue('debts', { machine: dunning })
  debts.work({
    collect: async () => (note('collect'), REFUSED),
    write: async () => note('write'),
    cancelSubscription: async () => note('cancel'),
    restoreSubscription: async () => note('restore'),
  })
  await debts.send({ invoice: 'i-1' }, { id: 'unpaid' })
  await t.advance('22d')
  const rounds = [0, 3, 8, 15].flatMap((day) => [`collect on day ${day}`, `write on day ${day}`])
  expect(calendar).toEqual([...rounds, 'cancel on day 22'])
  await t.expectState(debts, 'unpaid', 'lapsed')

  await debts.send({ invoice: 'i-2' }, { id: 'paid' })
  await t.advance('10d')
  await debts.signal('paid', { type: 'PAID', receipt: 'cash' })
  await t.drain()
  await t.expectState(debts, 'paid', 'paid')
  await t.advance('30d')
  expect(calendar.slice(rounds.length + 1)).toHaveLength(6)
  await t.close()
})

test('a payment on the last day, while the subscription is being cancelled, restores it', async () => {
  const play = playWorkflow(dunning, { input: { ...input, schedule: [0], grace: DAY } })
  play.clock.increment(0)
  await play.succeed(REFUSED)
  await play.succeed()
  play.clock.increment(DAY)
  expect(play.ran().at(-1)).toBe('cancelSubscription')
  play.send({ type: 'PAID', receipt: 'cash' })
  expect(play.runs.at(-2)?.signal.aborted).toBe(true)
  await play.fail(BUSY)
  play.clock.increment(1000)
  await play.succeed()
  expect(play.actor.getSnapshot()).toMatchObject({ value: 'paid', output: { rounds: 1, receipt: 'cash' } })
  expect(play.ran().slice(-2)).toEqual(['restoreSubscription', 'restoreSubscription'])
})

test('a bank that does not answer is asked again at once, and is no refusal', async () => {
  const play = playWorkflow(dunning, { input })
  play.clock.increment(0)
  await play.fail(BUSY)
  play.clock.increment(1000)
  await play.fail(BUSY)
  expect(play.runs.at(-1)).toMatchObject({ src: 'write', input: { round: 1, why: null } })
})
