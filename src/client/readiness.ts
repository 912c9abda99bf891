import type { Readiness } from '../engine/runtime.ts'
import { parseRef, type Migrate } from '../engine/versions.ts'
import { nearest, RedriveError } from '../errors.ts'
import type { QueueDefinition, Store } from '../store/store.ts'
import type { Log } from '../telemetry/log.ts'
import type { KnownArrivals } from './arrivals.ts'

export interface ReadinessParts {
  readonly name: string
  readonly definition: QueueDefinition
  readonly store: Store
  readonly log: Log
  readonly arrivals: KnownArrivals
  /** References of the machines that this process has for the queue, the current one last. */
  readonly refs: readonly string[]
  readonly migrate: Migrate | undefined
  readonly closed: AbortSignal
  /** Resolves when the connection is checked. @throws RedriveError `E_CLOSED` and what is wrong with the server */
  connected(): Promise<unknown>
  /** The same for those who write: they may. @throws RedriveError `E_REDIS_AUTH` too */
  writable(): Promise<unknown>
}

export function createReadiness(parts: ReadinessParts): Readiness {
  const { name, definition, store, arrivals, closed, connected, writable } = parts
  let works = false
  let found = false

  async function reach(): Promise<void> {
    await connected()
    const stored = found ? undefined : (await store.queues()).get(name)
    if (!stored) return
    checkPartitions(name, stored, definition)
    found = true
  }

  const ready = once(async () => {
    await writable()
    checkPartitions(name, await store.defineQueue(name, definition), definition)
  })

  const send = once(async () => {
    await writable()
    if (!works) await warnOfNearName(parts)
    await ready()
    if (!works) checkMachine(parts, await arrivals.learn())
    await arrivals.announce()
  })

  const work = once(async () => {
    await connected()
    checkPartitions(name, await store.defineQueue(name, { ...definition, worked: true }), definition)
    await arrivals.announce()
  })

  const open = (act: () => Promise<void>) => (): Promise<void> => (closed.aborted ? connected().then(() => {}) : act())

  return {
    reachable: open(reach),
    ready: open(ready),
    introduce(newcomer) {
      if (newcomer === 'worker') works = true
      return open(newcomer === 'worker' ? work : send)()
    },
  }
}

/** Runs until it has succeeded once; all that ask meanwhile share one run. */
function once(act: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined
  return () =>
    (done ??= act().catch((error: unknown) => {
      done = undefined
      throw error
    }))
}

function checkPartitions(name: string, stored: QueueDefinition, { partitions }: QueueDefinition): void {
  if (stored.partitions === partitions) return
  throw new RedriveError(
    'E_INVALID_OPTION',
    `the queue "${name}" has ${stored.partitions} partitions on this server, not ${partitions}: another number would not find its messages.`,
    { path: 'partitions' },
  )
}

/** A queue on which nobody ever worked, and which is called nearly as another, is most often that other one. */
async function warnOfNearName({ name, store, log }: ReadinessParts): Promise<void> {
  const queues = await store.queues()
  const own = queues.get(name)
  if (own?.worked) return
  const others = [...queues].filter(([other, { worked }]) => other !== name && (worked ?? !own))
  const near = nearest(
    name,
    others.map(([other]) => other),
    // `q2` beside `q1` is no mistake.
    name.length < 3 ? 0 : name.length < 5 ? 1 : Math.min(2, Math.floor(name.length / 3)),
  )
  if (near !== undefined) log.nearQueue(name, near, own === undefined)
}

function checkMachine({ name, refs, migrate }: ReadinessParts, known: ReadonlyMap<string, number>): void {
  const refusal = migrate ? undefined : refuseMachine(name, refs, known)
  if (refusal) throw refusal
}

/** Why a message of these machines could wait in a queue for ever: its workers have others. `undefined` when it could not. */
export function refuseMachine(
  queue: string,
  refs: readonly string[],
  known: ReadonlyMap<string, number>,
): RedriveError | undefined {
  const why = `this one would be of ${refs.at(-1)}, which none of its workers knows: it was not sent.`
  return unknownMachine(queue, refs, known, why, ' Where this is its new machine, start a worker of it first.')
}

/** Why an event that these machines do not take may be right all the same. `undefined` where the queue has no others. */
export function refuseEvent(
  queue: string,
  refs: readonly string[],
  known: ReadonlyMap<string, number>,
): RedriveError | undefined {
  const why = `this process knows the events of ${refs.at(-1)} only: nothing was delivered.`
  return unknownMachine(queue, refs, known, why)
}

function unknownMachine(
  queue: string,
  refs: readonly string[],
  known: ReadonlyMap<string, number>,
  why: string,
  more = '',
): RedriveError | undefined {
  const machines = othersThan(refs, known)
  if (!machines) return undefined
  const text = `the messages of "${queue}" are of ${listed(machines)}, and ${why} ${howToOpen(queue)}${more}`
  return new RedriveError('E_UNKNOWN_MACHINE', text, { queue, machine: refs.at(-1), machines })
}

/** The machines of a queue, the newest first, where it has some and none of these. */
function othersThan(refs: readonly string[], known: ReadonlyMap<string, number>): string[] | undefined {
  const ids = new Set([...known.keys()].map((ref) => parseRef(ref).id))
  if (ids.size === 0 || refs.some((ref) => ids.has(parseRef(ref).id))) return undefined
  return [...known].toSorted(([, a], [, b]) => b - a).map(([ref]) => ref)
}

const listed = (refs: readonly string[]): string =>
  refs.length > 3 ? `${refs.slice(0, 3).join(', ')} and ${refs.length - 3} more` : refs.join(', ')

const howToOpen = (queue: string): string =>
  `Open the queue with its machine: redrive.queue("${queue}", { machine }), or --module <file> on the command line, for redrive dashboard too.`
