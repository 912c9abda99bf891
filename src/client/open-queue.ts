import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import type { Clock } from '../clock.ts'
import { registerMachine } from '../engine/registry.ts'
import type { Post } from '../engine/post.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { createVersions } from '../engine/versions.ts'
import type { Locks } from '../lock/locks.ts'
import type { Quorum } from '../lock/quorum.ts'
import { DEFAULTS, toInteger } from '../options.ts'
import type { Confirmer } from '../store/confirmer.ts'
import type { Partition, QueueDefinition, Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import type { Worker } from '../worker/worker.ts'
import { createArrivals } from './arrivals.ts'
import { feedBounds } from './feed-option.ts'
import type { OpenedQueue } from './inside.ts'
import type { Outbox } from './outbox/outbox.ts'
import type { LocalQueue } from './post.ts'
import { leasePolicy } from './lease-options.ts'
import { createPrepare } from './prepare.ts'
import { createReadiness } from './readiness.ts'
import { checkRetentionTags } from './retention-tags.ts'
import { defaultMachine, queueSettings, type QueueOptions } from './queue-options.ts'
import { createQueue, type Queue } from './queue.ts'
import { createSender } from './sender.ts'
import { knownToClient, type Writes } from './writes.ts'

/** A queue with all its parts. */
export interface OpenQueue extends OpenedQueue, LocalQueue {
  readonly queue: Queue
}

/** What the queues of a client have in common. */
export interface Common {
  readonly store: Store
  readonly locks: Locks
  readonly quorum: Quorum | undefined
  readonly confirmer: Confirmer | undefined
  readonly outbox: Outbox | undefined
  readonly post: Post
  readonly clock: Clock
  readonly log: Log
  readonly closed: AbortSignal
  readonly writes: Writes
  /** How long a command may go unanswered, in milliseconds. */
  readonly patience: number
  /** Resolves when the connection is checked. @throws RedriveError `E_CLOSED` and what is wrong with the server */
  ready(): Promise<unknown>
  /** The same for those who write: they may. @throws RedriveError `E_REDIS_AUTH` too */
  writable(): Promise<unknown>
  generateId(): string
  /** Hears of each worker of its queues. */
  registerWorker(worker: Worker): unknown
}

/** @throws RedriveError `E_INVALID_OPTION`, `E_INVALID_DURATION`, `E_INVALID_MACHINE` */
export function openQueue(name: string, options: QueueOptions, common: Common): OpenQueue {
  const { store, clock, log } = common
  const settings = queueSettings(options)
  const machine = registerMachine(options.machine ?? defaultMachine(options.retry, clock), name)
  for (const warning of machine.warnings) log.machineWarning(machine.id, warning)
  const older = (options.versions ?? [])
    .map((each) => registerMachine(each, name))
    .filter(({ ref }) => ref !== machine.ref)
  checkRetentionTags(options.retention, [...older, machine])
  const arrivals = createArrivals(store, name, () => [...older, machine].map(({ ref }) => ref))
  const count = toInteger(options.partitions ?? DEFAULTS.partitions, 'partitions', { min: 1, max: 1024 })
  const definition: QueueDefinition = {
    partitions: count,
    ...(options.redact ? { redact: options.redact } : {}),
    ...(options.feed === undefined ? {} : { feed: feedBounds(options.feed) }),
  }
  const runtime: QueueRuntime = {
    name,
    machine,
    isDefault: options.machine === undefined,
    versions: createVersions(machine, older, options.migrate, arrivals),
    settings: { ...settings, leases: leasePolicy(options, [...older, machine], options.machine !== undefined) },
    partitions: Array.from({ length: count }, (_, index): Partition => ({ queue: name, index })),
    clock,
    log,
    patience: common.patience,
    closed: common.closed,
    store,
    locks: common.locks,
    quorum: common.quorum,
    confirmer: common.confirmer,
    post: common.post,
    ...createReadiness({
      name,
      definition,
      store,
      log,
      arrivals,
      refs: [...older, machine].map(({ ref }) => ref),
      migrate: options.migrate,
      closed: common.closed,
      connected: common.ready,
      writable: common.writable,
    }),
  }
  const sender = createSender(runtime, common.outbox)
  const client = `client-${hostname().slice(0, 12)}-${process.pid}-${randomBytes(2).toString('hex')}`
  const prepare = createPrepare({ runtime, options, generateId: common.generateId, client })
  const { writes, registerWorker } = common
  const queue = createQueue({ runtime, sender, options, prepare, client, closing: writes.closing, registerWorker })
  return { queue: knownToClient(queue, writes), runtime, options, prepare }
}
