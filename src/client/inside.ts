import type { Clock } from '../clock.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { RedriveError } from '../errors.ts'
import type { RedisAddress } from '../store/connection.ts'
import type { ServerFacts, Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import type { Queue } from './queue.ts'
import type { QueueOptions } from './queue-options.ts'

/** What other parts of Redrive see of a client, and its users do not. */
export interface Inside {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** First part of every key. */
  readonly prefix: string
  /** What was found out of the server when it was connected to. Unlike `ready()` it does not ask whether it takes writes just now. */
  connected(): Promise<ServerFacts>
  /** Of the server; `undefined` in memory. */
  address(): Promise<RedisAddress | undefined>
  /** Aborts when the client is closed. */
  readonly closed: AbortSignal
  /** Names of the queues that this client has opened. */
  names(): readonly string[]
  /** A queue that this client has opened. */
  opened(name: string): OpenedQueue | undefined
  /** A queue of this client that its user knows nothing of, who may still open it with options of his own. */
  aside(name: string, options: QueueOptions): OpenedQueue
}

export interface OpenedQueue {
  readonly queue: Queue
  readonly runtime: QueueRuntime
}

/** The same in every copy of Redrive: frameworks make several bundles of one program, and give each its own. */
const INSIDE = Symbol.for('redrive.inside')

/** Called by a client for itself. */
export const reveal = (client: object, inside: Inside): void =>
  void Object.defineProperty(client, INSIDE, { value: inside })

/** @throws RedriveError `E_INVALID_OPTION` for what is no client. */
export function insideOf(client: object): Inside {
  const inside = (client as { readonly [INSIDE]?: Inside } | undefined | null)?.[INSIDE]
  if (inside) return inside
  throw new RedriveError('E_INVALID_OPTION', 'this is not a client of Redrive. Give what `new Redrive()` made.')
}
