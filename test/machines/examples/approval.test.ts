import { describe, expect, test } from '@jest/globals'
import type { AnyEventObject, AnyMachineSnapshot } from 'xstate'
import { approval, type ApprovalContext, type ApprovalInput } from '../../../machines/examples/approval.ts'
import { DAY } from '../../../machines/examples/duration.ts'
import { happened, pathsOf, implies, walkAll, type Model, type Path, type Promises, type Walk } from './paths.ts'
import { playWorkflow } from './play-workflow.ts'

const input: ApprovalInput = {
  request: { expense: 4200 },
  approver: 'ada',
  deputy: 'grace',
  retry: { attempts: 2, backoff: { jitter: 'none' } },
}
const BUSY = { name: 'Error', message: 'busy' }
const APPROVE = { type: 'APPROVE', by: 'ada' }
const REJECT = { type: 'REJECT', by: 'ada', comment: 'too much' }

/** One reminder and one delegation bound the graph. */
function allows({ context }: AnyMachineSnapshot, { type }: AnyEventObject): boolean {
  const { reminders, approver } = context as ApprovalContext
  if (type.includes('reminder') || type === 'RETRY') return reminders < 1
  return type !== 'DELEGATE' || approver !== 'alan'
}

const model: Model = {
  machine: approval,
  input,
  outputs: { carryOut: ['booked'] },
  errors: [BUSY],
  commands: [
    APPROVE,
    REJECT,
    { type: 'DELEGATE', to: 'alan' },
    { type: 'CANCEL' },
    { type: 'RETRY' },
    { type: 'REDRIVE' },
  ],
  allows,
}

function promises({ runs, state }: Walk, path: Path): Promises {
  const names = runs.map(({ src }) => src)
  const approved = happened(path, 'APPROVE')
  const refused = ['rejected', 'expired', 'withdrawn'].includes(state)
  const asked = names.filter((name) => name === 'ask').length
  return {
    'only what was approved is carried out': names.includes('carryOut') === approved,
    'nobody is asked once it is decided': names.slice(0, asked).every((name) => name === 'ask'),
    'what is approved is carried out in the end': implies(
      state === 'approved',
      runs.at(-1)?.src === 'carryOut' && runs.at(-1)?.ended === 'done',
    ),
    'an answer is final': !(approved && refused),
  }
}

describe('nothing is carried out that was not approved', () => {
  test('on the shortest path to every state', async () => {
    const paths = pathsOf(model, 'shortest')
    expect(paths.length).toBeGreaterThan(1150)
    expect(await walkAll(model, paths, promises)).toEqual([
      'approved',
      'carryingOut',
      'carryingOutLater',
      'expired',
      'open.asking',
      'open.askingLater',
      'open.waiting',
      'rejected',
      'stuck',
      'withdrawn',
    ])
  })

  test('on every simple path with a decision', async () => {
    const all = { ...model, input: { ...input, retry: { attempts: 1 } }, commands: [APPROVE, REJECT] }
    const paths = pathsOf(all, 'simple')
    expect(paths.length).toBeGreaterThan(1700)
    expect(await walkAll(all, paths, promises)).toEqual(
      expect.arrayContaining(['approved', 'expired', 'rejected', 'stuck']),
    )
  })
})

const questions = (play: ReturnType<typeof playWorkflow>): unknown[] => play.runs.map(({ input }) => input)

test('asks, reminds every day, turns to the deputy after a week, and expires after another', async () => {
  const play = playWorkflow(approval, { input })
  for (let day = 1; day <= 14; day++) {
    await play.succeed()
    play.clock.increment(DAY)
  }
  expect(play.state()).toBe('expired')
  expect(play.actor.getSnapshot().output).toEqual({ answer: 'expired' })
  const asked = (approver: string) =>
    [0, 1, 2, 3, 4, 5, 6].map((reminder) => ({ request: { expense: 4200 }, approver, reminder }))
  expect(questions(play)).toEqual([...asked('ada'), ...asked('grace')])
})

test('a delegation asks at once, and does not prolong the time', async () => {
  const play = playWorkflow(approval, {
    input: { ...input, deputy: undefined, expiresAfter: 2 * DAY, remindEvery: 10 * DAY },
  })
  await play.succeed()
  play.clock.increment(DAY)
  play.send({ type: 'DELEGATE', to: 'alan' })
  expect(play.runs.at(-1)?.input).toMatchObject({ approver: 'alan', reminder: 0 })
  await play.succeed()
  play.clock.increment(DAY - 1)
  expect(play.state()).toBe('open.waiting')
  play.clock.increment(1)
  expect(play.state()).toBe('expired')
})

test('what is approved is carried out, and the answer tells who and what', async () => {
  const play = playWorkflow(approval, { input })
  play.send({ ...APPROVE, comment: 'fine' })
  expect(play.runs[0]?.signal.aborted).toBe(true)
  await play.fail(BUSY)
  play.clock.increment(1000)
  await play.succeed('booked')
  expect(play.actor.getSnapshot().output).toEqual({ answer: 'approved', by: 'ada', comment: 'fine', result: 'booked' })
})

test('a refusal is an answer', () => {
  const play = playWorkflow(approval, { input })
  play.send(REJECT)
  expect(play.actor.getSnapshot().output).toEqual({ answer: 'rejected', by: 'ada', comment: 'too much' })
})
