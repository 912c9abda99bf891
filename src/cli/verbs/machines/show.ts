import type { Command } from 'commander'
import type { Redrive } from '../../../client/redrive.ts'
import type { Queue } from '../../../client/queue.ts'
import { isReserved } from '../../../engine/registry.ts'
import { RedriveError } from '../../../errors.ts'
import { toChart, type ChartState } from '../../../inspect/chart/chart.ts'
import { toMermaid } from '../../../inspect/mermaid.ts'
import { createMemoryStore } from '../../../store/memory-store.ts'
import { isDefaultMachine } from '../../default-machine.ts'
import { queuesOfModule } from '../../module-queues.ts'
import { printable } from '../../printable.ts'
import { createQueueDirectory } from '../../queue-directory.ts'
import { newClient, withRedrive, type Runner, type Session } from '../../session.ts'
import { facts } from '../../table.ts'
import type { Colors } from '../../terminal.ts'
import { examples, usage } from '../../usage.ts'

interface ShowOptions {
  readonly module?: string
  readonly mermaid?: true
  readonly svg?: true
  readonly dark?: true
}

export function addMachinesShow(machines: Command, runner: Runner): void {
  machines
    .command('show')
    .description('show the machine of a queue: its states and what leads from one to the other')
    .argument('[queue]', 'default: the one queue of the module, or the default machine')
    .option('--module <file>', 'defines the queue, where it has a machine of its own; no server is asked')
    .option('--mermaid', 'as a Mermaid state diagram')
    .option('--svg', 'as a picture')
    .option('--dark', 'the picture in the colours of a dark page')
    .addHelpText('after', examples(...EXAMPLES))
    .action((queue: string | undefined, options: ShowOptions, command: Command) =>
      runner.run(command, (session) => show(session, queue, options)),
    )
}

const EXAMPLES = [
  'redrive machines show',
  'redrive machines show orders --module worker.mjs --mermaid',
  'redrive machines show orders --module worker.mjs --svg > orders.svg',
]

async function show(session: Session, name: string | undefined, options: ShowOptions): Promise<void> {
  const { mermaid, svg, dark, module } = options
  if ([mermaid, svg, session.output.json].filter(Boolean).length > 1)
    throw usage('give one of --mermaid, --svg and --json.')
  if (dark && !svg) throw usage('--dark goes with --svg.')
  if (module === undefined && name !== undefined) await checkDefault(session, name)
  const offline = newClient(session, { store: createMemoryStore() })
  try {
    await tell(session, await queueOf(offline, name, module), options)
  } finally {
    await offline.close()
  }
}

/** The code alone is looked at, so that it can be shown where no server is. */
async function queueOf(offline: Redrive, name: string | undefined, module: string | undefined): Promise<Queue> {
  if (module === undefined) return offline.queue<unknown>(name ?? 'messages')
  const [only, ...others] = await queuesOfModule(offline, module, name)
  if (only && others.length === 0) return only
  const names = [only, ...others].map((queue) => queue?.name).join(', ')
  throw usage(`"${module}" defines ${names}: say which machine to show.`)
}

/**
 * What a machine of somebody else's looks like is in no message.
 * @throws RedriveError `E_UNKNOWN_QUEUE`, `E_UNKNOWN_MACHINE`
 */
async function checkDefault(session: Session, name: string): Promise<void> {
  await withRedrive(session, async (redrive) => {
    const queue = await createQueueDirectory(redrive).open(name)
    for (const state of Object.keys((await queue.stats()).states)) {
      const [message] = await queue.list({ state, limit: 1 })
      if (!message || isDefaultMachine(message.machine)) continue
      const text = `"${name}" has a machine of its own, ${message.machine}: name the module that defines it, by --module <file>.`
      throw new RedriveError('E_UNKNOWN_MACHINE', text, { queue: name, machine: message.machine })
    }
  })
}

async function tell({ output }: Session, { machine, machineRef }: Queue, options: ShowOptions): Promise<void> {
  if (options.mermaid) return output.record(null, () => toMermaid(machine))
  const chart = toChart(machine)
  if (options.svg) {
    // Loaded when a picture is asked for: other verbs stay quick.
    const { DARK, LIGHT, toSvg } = await import('../../../inspect/chart/svg.ts')
    const svg = await toSvg(chart, options.dark ? DARK : LIGHT)
    return output.record(null, () => svg.trimEnd())
  }
  const events = (machine.events as string[]).filter((event) => !isReserved(event))
  output.record({ machine: machineRef, events, ...chart }, () =>
    facts(
      [
        ['machine', machineRef],
        ['events', printable(events.join(', ') || '-')],
        ['states', chart.root.states.flatMap((state) => stateLines(state, output.colors)).join('\n')],
        [
          'transitions',
          chart.edges
            .map(({ from, to, label }) => printable(`${from || '(any)'} → ${to || '(any)'}  ${label}`))
            .join('\n') || '-',
        ],
      ],
      output.colors,
    ),
  )
}

/** One state a line, the inner ones indented. */
function stateLines(state: ChartState, colors: Colors, depth = 0): string[] {
  const { name, kind, tags, invokes, states } = state
  const notes = [
    ...(kind === 'atomic' || kind === 'compound' ? [] : [kind]),
    ...tags.map((tag) => `#${tag}`),
    ...invokes.map(({ src }) => `runs ${src}`),
  ]
  const line = `${'  '.repeat(depth)}${printable(name)}${notes.length > 0 ? `  ${colors.dim(printable(notes.join(' ')))}` : ''}`
  return [line, ...states.flatMap((child) => stateLines(child, colors, depth + 1))]
}
