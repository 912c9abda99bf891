import { Command, CommanderError, type OutputConfiguration } from 'commander'
import { RedriveError } from '../errors.ts'
import { VERSION } from '../version.ts'
import { EXIT, exitCodeOf, reportFailure } from './failure.ts'
import { addAliases, byMeaning } from './other-words.ts'
import { openSession, type GlobalOptions, type Runner, type Surroundings } from './session.ts'
import { examples } from './usage.ts'
import { addAudit } from './verbs/audit.ts'
import { addCancel } from './verbs/cancel.ts'
import { addDashboard } from './verbs/dashboard.ts'
import { addDev } from './verbs/dev.ts'
import { addDoctor } from './verbs/doctor.ts'
import { addHistory } from './verbs/history.ts'
import { addInspect } from './verbs/inspect.ts'
import { addLs } from './verbs/ls.ts'
import { addMachines } from './verbs/machines.ts'
import { addOutbox } from './verbs/outbox.ts'
import { addPause, addResume } from './verbs/pause.ts'
import { addRedrive } from './verbs/redrive.ts'
import { addRelease } from './verbs/release.ts'
import { addRetry } from './verbs/retry.ts'
import { addRm } from './verbs/rm.ts'
import { addRun } from './verbs/run.ts'
import { addSend } from './verbs/send.ts'
import { addShow } from './verbs/show.ts'
import { addSignal } from './verbs/signal.ts'
import { addSimulate } from './verbs/simulate.ts'
import { addStats } from './verbs/stats.ts'
import { addUndo } from './verbs/undo.ts'
import { addWorker } from './verbs/worker.ts'
import { addWorkers } from './verbs/workers.ts'

const VERBS = [
  addDev,
  addDashboard,
  addWorker,
  addRun,
  addSimulate,
  addSend,
  addLs,
  addShow,
  addHistory,
  addInspect,
  addStats,
  addDoctor,
  addRetry,
  addCancel,
  addRedrive,
  addRelease,
  addRm,
  addUndo,
  addPause,
  addResume,
  addWorkers,
  addAudit,
  addSignal,
  addMachines,
  addOutbox,
]

/** Runs one command line to its end, and returns the exit code. */
export async function runProgram(argv: readonly string[], surroundings: Surroundings): Promise<number> {
  const { terminal } = surroundings
  let code: number = EXIT.ok
  const runner: Runner = {
    async run(command, verb) {
      const session = openSession(surroundings, command.optsWithGlobals<GlobalOptions>())
      code = (await verb(session)) ?? EXIT.ok
    },
  }
  let hint = ''
  const program = createProgram(runner, {
    writeOut: (text) => void terminal.stdout.write(text),
    // What commander says about a wrong command line is said below, in the form of all errors. The rest is a hint.
    outputError: () => {},
    writeErr: (text) => {
      hint += text
    },
  })
  try {
    await program.parseAsync(argv, { from: 'user' })
  } catch (error) {
    code = exitCodeOf(error)
    if (code !== EXIT.ok) reportFailure(asUsageError(error), terminal, { json: asksForJson(argv) })
    terminal.stderr.write(hint)
  }
  return code
}

function createProgram(runner: Runner, streams: OutputConfiguration): Command {
  const program = new Command('redrive')
    .description('Messages that get through.')
    .version(VERSION)
    .option('--redis <url>', 'the server (default: REDIS_URL, else redis://127.0.0.1:6379)')
    .option('--tls-ca <file>', 'the authority that has signed the certificate of a rediss:// server')
    .option('--tls-cert <file>', 'a certificate for a server that asks for one')
    .option('--tls-key <file>', 'the key of that certificate')
    .option('--prefix <text>', 'first part of every key (default: rd)')
    .option('--json', 'one JSON value a line on stdout')
    .exitOverride()
    .configureOutput(streams)
    .configureHelp({ showGlobalOptions: true })
    .showSuggestionAfterError()
    .addHelpText('after', `${examples(...TOUR)}\n\nExit codes:\n${EXIT_CODES}`)
  for (const add of VERBS) add(program, runner)
  addAliases(program)
  for (const command of withSubcommands(program)) command.showHelpAfterError(seeHelp(command))
  return program
}

const TOUR = [
  'redrive dev',
  `redrive send emails '{"to":"ada@example.com"}' --id e1`,
  'redrive worker worker.mjs --processes 2',
  'redrive stats --watch',
]

const EXIT_CODES =
  '  0 ok, 1 failed, 2 wrong usage, 3 no such message or queue, 4 Redis cannot be reached, 5 something to mend, 130 interrupted'

const withSubcommands = (command: Command): Command[] => [command, ...command.commands.flatMap(withSubcommands)]

function seeHelp(command: Command): string {
  const names: string[] = []
  for (let each: Command | null = command; each; each = each.parent) names.unshift(each.name())
  return `see: ${names.join(' ')} --help`
}

function asUsageError(error: unknown): unknown {
  if (!(error instanceof CommanderError)) return error
  // Help that was not asked for: there is no verb. Commander has nothing to say about that.
  if (error.code === 'commander.help') return new RedriveError('E_USAGE', 'give a verb.')
  const meant = byMeaning(error.message)
  if (meant !== undefined) return new RedriveError('E_USAGE', meant)
  return new RedriveError('E_USAGE', error.message.replace(/^error: /, '').replaceAll('\n', ' '))
}

/** Known before the command line is understood, so that a misunderstanding is told as it should be. */
function asksForJson(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return argv.slice(0, end < 0 ? undefined : end).includes('--json')
}
