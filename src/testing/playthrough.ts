import type { AnyStateMachine } from 'xstate'
import type { Queue } from '../client/queue.ts'
import { isReserved, registerMachine } from '../engine/registry.ts'
import { RedriveError } from '../errors.ts'
import type { EventData, Message } from '../message.ts'
import type { Handlers } from '../worker/handlers.ts'
import type { Gate } from './gate.ts'
import type { TestRedrive } from './test-redrive.ts'

/** One message of a machine whose handlers end as somebody says: a test that walks a path, or a person who plays. */
export interface Playthrough {
  readonly queue: Queue
  readonly id: string
  message(): Promise<Message>
  /** Types of the events that the state it is in takes; a guard may still refuse one. */
  possible(): Promise<readonly string[]>
  /** @throws RedriveError `E_INVALID_EVENT`, `E_UNKNOWN_EVENT` */
  take(event: EventData): Promise<void>
  /** Ends what was invoked under this id. @throws RedriveError `E_NOT_FOUND` when it does not run. */
  end(invocation: string, outcome: Outcome): Promise<void>
}

/** How something that was invoked ends. */
export type Outcome = { readonly output: unknown } | { readonly error: unknown }

interface Pending {
  readonly src: string
  readonly gate: Gate<unknown>
}

const ID = 'message'

/** Stores a message of the machine in a queue of this name. What it invokes waits to be told how it ends; nothing has run yet. */
export async function startPlaythrough(
  t: TestRedrive,
  machine: AnyStateMachine,
  name: string,
  input: unknown,
): Promise<Playthrough> {
  const pending = new Set<Pending>()
  const durable = registerMachine(machine)
  const queue: Queue = t.queue(name, {
    machine,
    journal: 100,
    retention: { succeeded: 'forever', cancelled: 'forever' },
  })
  queue.work(waitingHandlers(t, durable.sources, pending))
  await queue.send(input, { id: ID })

  async function message(): Promise<Message> {
    const found = await queue.get(ID)
    if (!found) throw new RedriveError('E_NOT_FOUND', `the message of ${machine.id} is gone.`)
    return found
  }

  /** By its place among those of one source: they were begun in the order in which they stand in the message. */
  async function pendingOf(invocation: string): Promise<Pending> {
    const { invocations, state } = await message()
    const wanted = invocations.find(({ id }) => id === invocation)
    const alike = invocations.filter(({ src }) => src === wanted?.src)
    const found = [...pending].filter(({ src }) => src === wanted?.src)[alike.findIndex(({ id }) => id === invocation)]
    if (found) return found
    const running = invocations.map(({ id }) => id).join(', ') || 'nothing'
    throw new RedriveError('E_NOT_FOUND', `nothing runs as "${invocation}" in "${state}". What runs: ${running}.`)
  }

  return {
    queue,
    id: ID,
    message,
    async possible() {
      const { state, status, quarantine } = await message()
      if (status !== 'active' || quarantine) return []
      // oxlint-disable-next-line no-underscore-dangle -- XState has no public name for them
      const types = durable.template(state)._nodes.flatMap(({ ownEvents }) => ownEvents as string[])
      return [...new Set(types)].filter((type) => !isReserved(type))
    },
    async take(event) {
      await queue.signal(ID, event)
    },
    async end(invocation, outcome) {
      const { gate } = await pendingOf(invocation)
      if ('output' in outcome) gate.open(outcome.output)
      else gate.fail(outcome.error)
    },
  }
}

function waitingHandlers(t: TestRedrive, sources: readonly string[], pending: Set<Pending>): Handlers {
  const waiting =
    (src: string) =>
    async (_: unknown, { signal }: { readonly signal: AbortSignal }) => {
      const entry = { src, gate: t.gate<unknown>() }
      pending.add(entry)
      signal.addEventListener('abort', () => entry.gate.fail(signal.reason))
      try {
        return await entry.gate.wait()
      } finally {
        pending.delete(entry)
      }
    }
  return Object.fromEntries(sources.map((src) => [src, waiting(src)]))
}
