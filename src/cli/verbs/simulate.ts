import { createInterface, type Interface } from 'node:readline'
import type { Command } from 'commander'
import { EXIT, reportFailure } from '../failure.ts'
import { parseInput } from '../parse-input.ts'
import { printable } from '../printable.ts'
import type { Runner, Session } from '../session.ts'
import { COMMANDS } from '../simulation-commands.ts'
import type { Answer, Simulation } from '../simulation.ts'
import { viewText } from '../simulation-view.ts'
import { table } from '../table.ts'
import { dateText } from '../time-text.ts'
import { examples } from '../usage.ts'

interface SimulateOptions {
  readonly input?: unknown
  readonly machine?: string
  readonly start?: string
}

export function addSimulate(program: Command, runner: Runner): void {
  program
    .command('simulate')
    .description('play a machine by hand: no Redis, no handlers, and time passes when you say so')
    .argument('<machine>', 'a file that exports a machine or defines queues, or one that comes with Redrive: message')
    .option('--input <json>', 'the input of the machine', parseInput)
    .option('--machine <name>', 'where the file has several: an export, a queue, or the id of a machine')
    .option('--start <date>', 'where the clock stands at first (default: 2030-01-01T00:00:00Z)')
    .addHelpText('after', `\nLines to type or to pipe:\n${commandLines()}\n${examples(...EXAMPLES)}`)
    .action((machine: string, options: SimulateOptions, command: Command) =>
      runner.run(command, (session) => simulate(session, machine, options)),
    )
}

const EXAMPLES = [
  `redrive simulate order.mjs --input '{"total":42}'`,
  `printf '%s\\n' 'error busy' advance done | redrive simulate message --input '{"payload":{}}' --json`,
]

const commandLines = (): string => COMMANDS.map(([command, what]) => `  ${command.padEnd(28)} ${what}`).join('\n')

async function simulate(session: Session, place: string, { input, machine, start }: SimulateOptions): Promise<number> {
  // Loaded when asked for: no other verb waits for the testing kit and the shipped machines.
  const { createTestRedrive } = await import('../../testing/index.ts')
  const { startSimulation } = await import('../simulation.ts')
  const { loadMachine } = await import('../machine-file.ts')
  const { note } = session.output
  const logger = { debug: () => {}, info: note, warn: note, error: note }
  const t = createTestRedrive({ logger, ...(start === undefined ? {} : { start }) })
  try {
    const simulation = await startSimulation(t, await loadMachine(place, t.redrive, machine), input)
    await tell(session, simulation)
    return await follow(session, simulation)
  } finally {
    await t.close()
  }
}

/** A line that cannot be done changes nothing. A person sees it and goes on; for a script it is a failure. */
async function follow(session: Session, simulation: Simulation): Promise<number> {
  const { terminal, output } = session
  const person = terminal.stdin.isTTY === true
  let code: number = EXIT.ok
  const lines = readLines(session, person)
  if (person) lines.prompt()
  for await (const line of lines) {
    try {
      if (line.trim() !== '') {
        const answer = await simulation.perform(line)
        if (answer.type === 'quit') break
        await respond(session, simulation, answer)
      }
    } catch (error) {
      reportFailure(error, terminal, { json: output.json })
      if (!person) code = EXIT.failed
    }
    if (person) lines.prompt()
  }
  lines.close()
  return code
}

function readLines({ terminal, interruption }: Session, person: boolean): Interface {
  const { stdin, stderr } = terminal
  const lines = createInterface({ input: stdin, ...(person ? { output: stderr } : {}), terminal: person, prompt: '> ' })
  // On a terminal that is being edited a Ctrl-C is a key, and no signal.
  lines.on('SIGINT', () => interruption.interrupt('SIGINT'))
  return lines
}

async function respond(session: Session, simulation: Simulation, answer: Answer): Promise<void> {
  const { output } = session
  if (answer.type === 'help') return output.note(commandLines())
  if (answer.type !== 'history') return tell(session, simulation)
  output.records(answer.entries, () =>
    table(
      ['#', 'AT', 'EVENT', 'FROM', 'TO', 'ERROR'],
      answer.entries.map(({ seq, at, event, from, to, error }) => [
        String(seq),
        dateText(at),
        event,
        from ?? '-',
        to,
        printable(error ?? ''),
      ]),
      { colors: output.colors },
    ),
  )
}

async function tell({ output }: Session, simulation: Simulation): Promise<void> {
  const view = await simulation.view()
  output.record(view, () => `${viewText(view, output.colors)}\n`)
}
