import { insideOf, type Inside, type OpenedQueue } from '../../client/inside.ts'
import { defaultMachine } from '../../client/queue-options.ts'
import type { Redrive } from '../../client/redrive.ts'
import { registerMachine } from '../../engine/registry.ts'
import { nearest, RedriveError } from '../../errors.ts'
import { checkQueueName } from '../../message.ts'
import type { Partition, Store } from '../../store/store.ts'

/** A queue as the dashboard sees it. */
export interface BoardQueue {
  readonly name: string
  readonly partitions: readonly Partition[]
  /** `id@version#fingerprint` of the machine of new messages; `undefined` while none was ever sent. */
  readonly ref: string | undefined
  /** The queue with its machine, where this process knows that. */
  readonly known: OpenedQueue | undefined
}

/** The queues of a server, those that this process opened and those that it only finds there. */
export interface QueueBook {
  all(): Promise<BoardQueue[]>
  /** @throws RedriveError `E_UNKNOWN_QUEUE`, `E_INVALID_ID` */
  get(name: string): Promise<BoardQueue>
  /** The same with its machine. @throws RedriveError `E_UNKNOWN_MACHINE` */
  known(name: string): Promise<OpenedQueue>
}

export function createQueueBook(redrive: Redrive, store: Store): QueueBook {
  const inside = insideOf(redrive)
  const aside = new Map<string, OpenedQueue>()
  const defaultRef = registerMachine(defaultMachine({}, inside.clock)).ref

  async function view(name: string, count: number): Promise<BoardQueue> {
    const known = inside.opened(name) ?? (await openAside(name, count))
    const ref = known?.runtime.machine.ref ?? (await newestRef(store, name))
    const partitions = Array.from({ length: count }, (_, index) => ({ queue: name, index }))
    return { name, partitions, ref, known }
  }

  /** A queue whose messages are of the default machine needs nobody to tell what that is. */
  async function openAside(name: string, partitions: number): Promise<OpenedQueue | undefined> {
    const before = aside.get(name)
    if (before) return before
    if ((await newestRef(store, name)) !== defaultRef) return undefined
    const opened = aside.get(name) ?? inside.aside(name, { partitions })
    aside.set(name, opened)
    return opened
  }

  async function get(name: string): Promise<BoardQueue> {
    const stored = await store.queues()
    const definition = stored.get(checkQueueName(name))
    if (definition) return view(name, definition.partitions)
    const opened = inside.opened(name)
    if (opened) return view(name, opened.runtime.partitions.length)
    throw unknownQueue(name, [...stored.keys()])
  }

  return {
    get,
    async all() {
      const counts = new Map([...(await store.queues())].map(([name, { partitions }]) => [name, partitions]))
      // One that was opened and never used has no messages, but a chart.
      for (const name of inside.names())
        if (!counts.has(name)) counts.set(name, inside.opened(name)?.runtime.partitions.length ?? 1)
      const sorted = [...counts].toSorted(([a], [b]) => (a < b ? -1 : 1))
      return Promise.all(sorted.map(([name, count]) => view(name, count)))
    },
    async known(name) {
      const { known, ref } = await get(name)
      if (known) return known
      throw new RedriveError(
        'E_UNKNOWN_MACHINE',
        `the messages of "${name}" are of ${ref ?? 'a machine'}, which this process does not have. Open the queue with its machine where the dashboard runs: redrive.queue("${name}", { machine }), or redrive dashboard --module <file>.`,
        { queue: name, ...(ref === undefined ? {} : { machine: ref }) },
      )
    },
  }
}

/** The version that came last is the one of new messages. */
async function newestRef(store: Pick<Inside['store'], 'arrive'>, name: string): Promise<string | undefined> {
  const arrivals = [...(await store.arrive(name, []))]
  return arrivals.toSorted(([, a], [, b]) => b - a)[0]?.[0]
}

function unknownQueue(name: string, known: readonly string[]): RedriveError {
  const near = nearest(name, known)
  const possible = known.length === 0 ? 'There is none yet.' : `There are: ${known.slice(0, 20).toSorted().join(', ')}.`
  const text = `there is no queue "${name}" on this server. ${near === undefined ? possible : `Did you mean "${near}"?`}`
  return new RedriveError('E_UNKNOWN_QUEUE', text, { queue: name, ...(near === undefined ? {} : { nearest: near }) })
}
