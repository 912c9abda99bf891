import { createActor, fromPromise, SimulatedClock, type Actor, type Snapshot } from 'xstate'
import { createMessageMachine, type MessageInput, type MessageMachine, type RetryPolicy } from '../../machines/index.ts'

/** One run of the handler, which ends when the test says so. */
interface Run {
  readonly input: unknown
  readonly signal: AbortSignal
  readonly resolve: (value?: unknown) => void
  readonly reject: (error: unknown) => void
}

/** A message in a plain actor: XState and a simulated clock, no queue around it. */
export interface Play {
  readonly machine: MessageMachine
  readonly actor: Actor<MessageMachine>
  readonly clock: SimulatedClock
  /** Every run of the handler so far. */
  readonly runs: readonly Run[]
  state(): string
  context(): ReturnType<Actor<MessageMachine>['getSnapshot']>['context']
  /** Lets the current run succeed, and resolves when the machine has seen it. */
  succeed(value?: unknown): Promise<void>
  /** Lets the current run fail, and resolves when the machine has seen it. */
  fail(error: unknown): Promise<void>
  /** Advances the clock. */
  wait(ms: number): void
}

/** Without jitter and on the simulated clock, unless the policy says otherwise. */
export function play(policy: RetryPolicy = {}, input: Partial<MessageInput> = {}): Play {
  const clock = new SimulatedClock()
  const backoff = { jitter: 'none', ...policy.backoff } as const
  const runs: Run[] = []
  const handler = fromPromise<unknown, unknown>(
    ({ input: payload, signal }) =>
      new Promise((resolve, reject) => {
        runs.push({ input: payload, signal, resolve, reject })
      }),
  )
  const machine = createMessageMachine({ now: () => clock.now(), ...policy, backoff }).provide({ actors: { handler } })
  const actor = createActor(machine, { clock, input: { payload: { to: 'ada' }, ...input } }).start()
  const settle = async (act: (run: Run) => void) => {
    const seen = nextSnapshot(actor)
    act(runs.at(-1)!)
    await seen
  }
  return {
    machine,
    actor,
    clock,
    runs,
    state: () => actor.getSnapshot().value,
    context: () => actor.getSnapshot().context,
    succeed: (value) => settle((run) => run.resolve(value)),
    fail: (error) => settle((run) => run.reject(error)),
    wait: (ms) => clock.increment(ms),
  }
}

/** A started message whose first attempt is running. */
export function playing(policy: RetryPolicy = {}, input: Partial<MessageInput> = {}): Play {
  const message = play(policy, input)
  message.wait(input.delay ?? 0)
  return message
}

export function nextSnapshot(actor: Actor<MessageMachine>): Promise<void> {
  return new Promise((resolve) => {
    const subscription = actor.subscribe(() => {
      subscription.unsubscribe()
      resolve()
    })
  })
}

/** The message as another process finds it: from JSON, its handler started anew. */
export function revived({ machine, clock, actor }: Play, inMachine = machine): Actor<MessageMachine> {
  const snapshot = JSON.parse(JSON.stringify(actor.getPersistedSnapshot())) as Snapshot<unknown>
  return createActor(inMachine, { snapshot, clock, input: { payload: 'not used' } })
}

/** What a handler's error looks like after its worker was lost: plain data from storage. */
export const LEASE_LOST = { name: 'RedriveError', message: 'the worker is gone', code: 'E_LEASE_LOST' }

/** Where a message died, and why. */
export const death = (message: Play): (string | undefined)[] => [message.state(), message.context().reason]

/** Lets attempts fail one after the other, without waiting for the backoff. */
export async function failTimes(message: Play, times: number): Promise<void> {
  for (let i = 0; i < times; i++) {
    if (message.state() === 'retrying') message.actor.send({ type: 'RETRY' })
    await message.fail(new Error(`failure ${i + 1}`))
  }
}
