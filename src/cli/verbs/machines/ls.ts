import type { Command } from 'commander'
import type { Queue } from '../../../client/queue.ts'
import { parseRef } from '../../../engine/versions.ts'
import { createQueueDirectory } from '../../queue-directory.ts'
import { withRedrive, type Runner, type Session } from '../../session.ts'
import { table } from '../../table.ts'
import { agoText, dateText } from '../../time-text.ts'
import { examples } from '../../usage.ts'

/** A version of a machine in a queue. */
interface VersionInUse {
  readonly queue: string
  readonly machine: string
  readonly id: string
  readonly version: string
  readonly fingerprint: string
  /** Messages that are not finished, and those that are. */
  readonly live: number
  readonly finished: number
  /** Of the live ones, how many are in which state. */
  readonly states: Readonly<Record<string, number>>
  /** When it first came to the queue; `null` where only messages tell of it. */
  readonly arrivedAt: number | null
}

export function addMachinesLs(machines: Command, runner: Runner): void {
  machines
    .command('ls')
    .description('list the machines of the queues: each version, when it came, and how many messages are of it')
    .argument('[queue]', 'default: all queues')
    .addHelpText('after', examples('redrive machines ls', 'redrive machines ls orders --json'))
    .action((queue: string | undefined, _: object, command: Command) =>
      runner.run(command, (session) => list(session, queue)),
    )
}

async function list(session: Session, name: string | undefined): Promise<void> {
  const { output, terminal } = session
  await withRedrive(session, async (redrive) => {
    const directory = createQueueDirectory(redrive)
    const queues = name === undefined ? await directory.all() : [await directory.open(name)]
    if (queues.length === 0) output.note('no queue yet')
    const now = Date.now()
    const versions: VersionInUse[] = []
    for (const queue of queues) versions.push(...(await versionsOf(queue)))
    output.records(versions, () =>
      table(['QUEUE', 'MACHINE', 'LIVE', 'FINISHED', 'STATES', 'ARRIVED'], versions.map(rowOf(now)), {
        colors: output.colors,
        width: terminal.stdout.columns,
      }),
    )
  })
}

/** In the order in which they came. */
async function versionsOf(queue: Queue): Promise<VersionInUse[]> {
  const { groups, arrivals } = await queue.population()
  const refs = new Set([...Object.keys(arrivals), ...groups.map(({ machine }) => machine)])
  const versions = [...refs].map((ref): VersionInUse => {
    const states: Record<string, number> = {}
    let [live, finished] = [0, 0]
    for (const { machine, state, fate, count } of groups) {
      if (machine !== ref) continue
      if (fate === 'finished') finished += count
      else {
        live += count
        states[state] = (states[state] ?? 0) + count
      }
    }
    return {
      queue: queue.name,
      machine: ref,
      ...parseRef(ref),
      live,
      finished,
      states,
      arrivedAt: arrivals[ref] ?? null,
    }
  })
  return versions.toSorted((a, b) => (a.arrivedAt ?? 0) - (b.arrivedAt ?? 0))
}

const rowOf =
  (now: number) =>
  ({ queue, machine, live, finished, states, arrivedAt }: VersionInUse): string[] => [
    queue,
    machine,
    String(live),
    String(finished),
    Object.entries(states)
      .map(([state, count]) => `${state} ${count}`)
      .join(', ') || '-',
    arrivedAt === null ? '-' : `${dateText(arrivedAt)} (${agoText(arrivedAt, now)})`,
  ]
