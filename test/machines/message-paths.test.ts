import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from '@jest/globals'
import type { AnyEventObject, EventFromLogic, SnapshotFrom } from 'xstate'
import { getShortestPaths, getSimplePaths } from 'xstate/graph'
import { createMessageMachine, type MessageInput, type MessageMachine, type RetryPolicy } from '../../machines/index.ts'
import { play, type Play } from './play-message.ts'

// XState's graph walks the machine as a pure function and says where each path ends; a running actor must end there too.

const INPUT: MessageInput = { payload: { to: 'ada' }, delay: 250 }
const DONE = { type: 'xstate.done.actor.handler', output: { sent: true }, actorId: 'handler' }
const DELIVER = { type: 'xstate.after.deliver.message.pending' }
const BACKOFF = { type: 'xstate.after.backoff.message.retrying' }
const TIME_LIMIT = { type: 'xstate.after.timeLimit.message.processing' }
const COMMANDS = [{ type: 'RETRY' }, { type: 'CANCEL' }, { type: 'REDRIVE' }]
const PLAIN = failed(new Error('refused'))
const SNOOZED = failed({ name: 'SnoozeError', message: 'later', snooze: 40 })
const LEASE_LOST = failed({ name: 'LeaseLostError', message: 'lost', code: 'E_LEASE_LOST' })
const FATAL = failed(Object.assign(new TypeError('no such customer'), { retryable: false }))
const RETRY_AFTER = failed({ name: 'HttpError', message: '429', headers: { 'retry-after': '7' } })
const INTERRUPTED = failed({ name: 'RedriveError', message: 'shutting down', code: 'E_INTERRUPTED' })
const UNCOUNTED = [SNOOZED, LEASE_LOST, INTERRUPTED]
/** Floors below are a tenth under what was found when they were written, so that an empty graph cannot pass. */
const BASE = [...COMMANDS, DONE, DELIVER, BACKOFF, TIME_LIMIT, PLAIN]

function failed(error: unknown): AnyEventObject {
  return { type: 'xstate.error.actor.handler', error, actorId: 'handler' }
}

interface Model {
  readonly policy: RetryPolicy
  readonly events: readonly AnyEventObject[]
}

/** Every state is told by its whole context; one redrive bounds the graph. */
function traversal(events: readonly AnyEventObject[]) {
  return {
    input: INPUT,
    events: events as readonly EventFromLogic<MessageMachine>[],
    serializeState: ({ value, context }: SnapshotFrom<MessageMachine>) => JSON.stringify([value, context]),
    filterEvents: ({ value, context }: SnapshotFrom<MessageMachine>, { type }: { type: string }) => {
      if (type === 'REDRIVE') return context.redrives === undefined
      // Only a running handler ends. An error from one that was stopped would put the model, and no real actor, in error.
      return value === 'processing' || !/^xstate\.(done|error)\./.test(type)
    },
  }
}

const modelOf = ({ policy }: Model) =>
  createMessageMachine({ timeout: 900, backoff: { jitter: 'none' }, now: () => 0, ...policy })

/** Makes the outside world do what one step of a path says. A timer must not fire a millisecond early. */
async function act(message: Play, event: AnyEventObject): Promise<void> {
  if (event.type === DONE.type) return message.succeed(event['output'])
  if (event.type === PLAIN.type) return message.fail(event['error'])
  if (!event.type.startsWith('xstate.after.')) return message.actor.send(event as { type: 'RETRY' })
  const before = message.actor.getSnapshot()
  const due = event.type === TIME_LIMIT.type ? 900 : (before.context.delay ?? 0)
  if (due > 0) {
    message.wait(due - 1)
    expect(message.actor.getSnapshot()).toBe(before)
  }
  message.wait(due > 0 ? 1 : 0)
}

type Path = ReturnType<typeof getShortestPaths<MessageMachine>>[number]

type Seen = Pick<SnapshotFrom<MessageMachine>, 'value' | 'context' | 'status' | 'output' | 'tags'>

const seen = ({ value, context, status, output, tags }: Seen): Seen => ({ value, context, status, output, tags })

async function follow(path: Path, { policy }: Model): Promise<void> {
  const message = play({ timeout: 900, now: () => 0, ...policy }, INPUT)
  for (const { event, state } of path.steps) {
    if ((event as AnyEventObject).type !== 'xstate.init') await act(message, event)
    const actual = seen(message.actor.getSnapshot())
    // The matcher explains a difference, but takes most of the time where there is none.
    if (!isDeepStrictEqual(actual, seen(state))) expect(actual).toStrictEqual(seen(state))
  }
}

async function followAll(paths: readonly Path[], model: Model): Promise<Set<string>> {
  const ends = new Set<string>()
  for (const path of paths) {
    await follow(path, model)
    ends.add(
      path.state.context.reason === undefined ? path.state.value : `${path.state.value}:${path.state.context.reason}`,
    )
  }
  return ends
}

describe('a running actor goes where the graph of the machine says', () => {
  test('on the shortest path to every state, with every kind of failure', async () => {
    const model = {
      policy: { attempts: 2, maxLeasesLost: 1 },
      events: [...BASE, SNOOZED, LEASE_LOST, FATAL, RETRY_AFTER],
    }
    const paths = getShortestPaths(modelOf(model), traversal(model.events))
    expect(paths.length).toBeGreaterThan(900)
    const ends = await followAll(paths, model)
    expect([...ends]).toEqual(
      expect.arrayContaining(['succeeded', 'cancelled', 'dead:poisoned', 'dead:fatal', 'dead:exhausted']),
    )
  })

  test('on every simple path with plain failures, time limits and commands', async () => {
    const model = { policy: { attempts: 2 }, events: BASE }
    const paths = getSimplePaths(modelOf(model), traversal(model.events))
    expect(paths.length).toBeGreaterThan(850)
    await followAll(paths, model)
  })

  test('on every simple path with attempts that do not count', async () => {
    const model = {
      policy: { attempts: 1, maxLeasesLost: 1 },
      events: [...COMMANDS, DONE, DELIVER, BACKOFF, ...UNCOUNTED],
    }
    const paths = getSimplePaths(modelOf(model), traversal(model.events))
    expect(paths.length).toBeGreaterThan(750)
    await followAll(paths, model)
  })

  test('on the shortest path to every state under a deadline', async () => {
    const model = { policy: { attempts: 3, deadline: 1500 }, events: [...BASE, SNOOZED, RETRY_AFTER] }
    const paths = getShortestPaths(modelOf(model), traversal(model.events))
    expect(paths.length).toBeGreaterThan(75)
    const ends = await followAll(paths, model)
    expect([...ends]).toContain('dead:deadline')
  })
})
