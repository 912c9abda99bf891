import { describe, expect, test } from '@jest/globals'
import type { AnyEventObject, AnyMachineSnapshot } from 'xstate'
import { DAY } from '../../../machines/examples/duration.ts'
import { polling, type PollingContext, type PollingInput } from '../../../machines/examples/polling.ts'
import { happened, pathsOf, implies, walkAll, type Model, type Path, type Promises, type Walk } from './paths.ts'
import { playWorkflow } from './play-workflow.ts'

const input: PollingInput = {
  job: { render: 'film' },
  poll: { jitter: 'none' },
  retry: { attempts: 2, backoff: { jitter: 'none' } },
}
const BUSY = { name: 'Error', message: 'busy' }
const RUNNING = { state: 'running' }
const DONE = { state: 'done', output: 42 }
const FAILED = { state: 'failed', error: { name: 'Error', message: 'out of paper' } }

const model: Model = {
  machine: polling,
  input,
  outputs: { startJob: ['job-7'], checkJob: [RUNNING, DONE, FAILED] },
  errors: [BUSY],
  commands: [{ type: 'CANCEL' }, { type: 'RETRY' }, { type: 'REPORT', report: DONE }],
  // Two looks bound the graph.
  allows: ({ context }: AnyMachineSnapshot, { output }: AnyEventObject) =>
    output !== RUNNING || (context as PollingContext).polls < 2,
}

function promises({ runs, state, context }: Walk, path: Path): Promises {
  const names = runs.map(({ src }) => src)
  const { reason, output } = context as PollingContext
  const [looked, stopped] = [names.indexOf('checkJob'), names.indexOf('cancelJob')]
  const told = runs.some(({ src, ended }) => src === 'cancelJob' && ended === 'done')
  return {
    'no job is looked at that was not started': implies(looked >= 0, runs[looked - 1]?.ended === 'done'),
    // Also where nobody knows whether it was started.
    'who gives up tells the remote': told === (state === 'cancelled' || (state === 'failed' && reason !== 'failed')),
    'nothing else is done after that': implies(
      stopped >= 0,
      names.slice(stopped).every((name) => name === 'cancelJob'),
    ),
    'only who asks for it is cancelled': implies(state === 'cancelled', happened(path, 'CANCEL')),
    'a result is one that the remote gave': output === (state === 'succeeded' ? 42 : undefined),
  }
}

describe('a job has a result, or the remote was told to stop', () => {
  test('on the shortest path to every state', async () => {
    const paths = pathsOf(model, 'shortest')
    expect(paths.length).toBeGreaterThan(390)
    expect(await walkAll(model, paths, promises)).toEqual([
      'cancelled',
      'failed',
      'open.retrying',
      'open.waiting',
      'open.working.checking',
      'open.working.starting',
      'stopping',
      'stoppingLater',
      'stuck',
      'succeeded',
    ])
  })

  test('on every simple path without a time limit', async () => {
    const all: Model = {
      ...model,
      input: { ...input, retry: { attempts: 1 } },
      allows: (snapshot, event) => !event.type.includes('timeLimit') && model.allows!(snapshot, event),
    }
    const paths = pathsOf(all, 'simple')
    expect(paths.length).toBeGreaterThan(220)
    expect(await walkAll(all, paths, promises)).toEqual(
      expect.arrayContaining(['cancelled', 'failed', 'stuck', 'succeeded']),
    )
  })
})

test('looks less and less often, up to once a minute, until the job is done', async () => {
  const play = playWorkflow(polling, { input })
  await play.succeed('job-7')
  for (const wait of [1000, 1500, 2250, 3375, 5063, 7594, 11_391, 17_086, 25_629, 38_443, 57_665, 60_000, 60_000]) {
    play.clock.increment(wait - 1)
    expect(play.state()).toBe('open.waiting')
    play.clock.increment(1)
    expect(play.runs.at(-1)).toMatchObject({ src: 'checkJob', input: { job: { render: 'film' }, remote: 'job-7' } })
    await play.succeed(RUNNING)
  }
  play.send({ type: 'RETRY' })
  await play.succeed(DONE)
  expect(play.actor.getSnapshot()).toMatchObject({ status: 'done', value: 'succeeded', output: 42 })
})

test('after a day the remote is told to stop, and a REDRIVE starts anew', async () => {
  const play = playWorkflow(polling, { input: { ...input, poll: { delay: 2 * DAY, max: 2 * DAY } } })
  await play.succeed('job-7')
  play.clock.increment(DAY)
  expect(play.runs.at(-1)).toMatchObject({ src: 'cancelJob', input: { remote: 'job-7' } })
  await play.succeed()
  expect(play.state()).toBe('failed')
  expect(play.actor.getSnapshot().context.reason).toBe('deadline')
  play.send({ type: 'REDRIVE' })
  await play.succeed('job-8')
  play.send({ type: 'CANCEL' })
  expect(play.runs.at(-1)?.input).toMatchObject({ remote: 'job-8' })
  await play.succeed()
  expect(play.state()).toBe('cancelled')
})

test('what the remote says of a failure is kept', async () => {
  const play = playWorkflow(polling, { input })
  play.send({ type: 'REPORT', report: FAILED })
  expect(play.actor.getSnapshot()).toMatchObject({ value: 'failed', context: { error: { message: 'out of paper' } } })
})
