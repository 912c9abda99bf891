import type { Command } from 'commander'
import type { Queue } from '../../client/queue.ts'
import type { Redrive } from '../../client/redrive.ts'
import { isReserved } from '../../engine/registry.ts'
import { RedriveError } from '../../errors.ts'
import type { EventData, Message, Transition } from '../../message.ts'
import { DEFAULTS } from '../../options.ts'
import { createMemoryStore } from '../../store/memory-store.ts'
import { endedBy } from '../interruption.ts'
import { runMessage, type RunEnd } from '../message-run.ts'
import { parseEvent } from '../parse-event.ts'
import { parseInput } from '../parse-input.ts'
import { toJson } from '../plain-json.ts'
import { unknownQueue } from '../queue-directory.ts'
import { connect, newClient, type Runner, type Session } from '../session.ts'
import { colorsFor } from '../terminal.ts'
import { dateText, durationText } from '../time-text.ts'
import { transitionText } from '../transition-text.ts'
import { examples, milliseconds, usage } from '../usage.ts'
import { startWorkers } from '../worker-process.ts'

interface RunOptions {
  readonly input?: unknown
  readonly queue?: string
  readonly id?: string
  readonly signal: readonly EventData[]
  /** Milliseconds. */
  readonly timeout?: number
}

export function addRun(program: Command, runner: Runner): void {
  program
    .command('run')
    .description('run one message of a module from its beginning to its end, in memory')
    .argument('<module>', 'as for worker')
    .option('--input <json>', 'the input of the message', parseInput)
    .option('--queue <name>', 'where the module works on several')
    .option('--id <id>', 'of the message')
    .option(
      '--signal <event>',
      'sent as soon as the message takes it; may be given several times, for one after the other',
      addEvent,
      [],
    )
    .option('--timeout <duration>', 'give up after this', milliseconds('--timeout'))
    .addHelpText('after', examples(...EXAMPLES))
    .action((module: string, options: RunOptions, command: Command) =>
      runner.run(command, (session) => run(session, module, options)),
    )
}

const EXAMPLES = [
  `redrive run order.mjs --input '{"total":42}' --signal APPROVE`,
  `redrive run worker.mjs --queue emails --input '{"to":"ada@example.com"}' --json`,
]

const addEvent = (text: string, before: readonly EventData[]): readonly EventData[] => [...before, parseEvent(text)]

async function run(session: Session, module: string, options: RunOptions): Promise<number> {
  const inMemory = session.address === undefined
  const redrive = newClient(session, inMemory ? { store: createMemoryStore() } : {})
  const limit = timeLimit(session, options.timeout)
  try {
    await connect(session, redrive)
    const { working } = await startWorkers(redrive, { module, concurrency: DEFAULTS.concurrency })
    const queue = chooseQueue(redrive, module, working, options.queue)
    const end = await runMessage({
      queue,
      input: options.input,
      id: options.id,
      from: inMemory ? 'start' : 'now',
      events: options.signal,
      signal: limit.signal,
      tell: (transition) => tellTransition(session, transition),
      waits: (message, next) => session.output.note(waitText(queue, message, next)),
    })
    return end ? tellEnd(session, queue, end) : limit.code()
  } finally {
    // Whoever gave up does not wait for handlers.
    await redrive.close({ timeout: limit.signal.aborted ? 0 : DEFAULTS.drain })
    limit.release()
  }
}

/** What ends the run before its message does: a Ctrl-C, or the time limit. */
function timeLimit({ interruption }: Session, timeout: number | undefined) {
  const aborted = new AbortController()
  let interrupted: number | undefined
  const release = interruption.take((reason, count) => {
    interrupted ??= endedBy(reason)
    if (count > 1) process.exit(interrupted)
    aborted.abort()
  })
  const timer = timeout === undefined ? undefined : setTimeout(() => aborted.abort(), timeout)
  return {
    signal: aborted.signal,
    /** The exit code. @throws RedriveError `E_TIMEOUT` */
    code(): number {
      if (interrupted !== undefined) return interrupted
      throw new RedriveError('E_TIMEOUT', `the message did not finish within ${durationText(timeout ?? 0)}.`)
    },
    release() {
      clearTimeout(timer)
      release()
    },
  }
}

function chooseQueue(redrive: Redrive, module: string, working: readonly string[], name: string | undefined): Queue {
  const [only, ...others] = working
  const chosen = name ?? only
  if (name === undefined && others.length > 0)
    throw usage(`"${module}" works on ${working.join(', ')}: say which by --queue <name>.`)
  if (chosen === undefined || !working.includes(chosen)) throw unknownQueue(chosen ?? '', working, `in "${module}"`)
  return redrive.queue<unknown>(chosen)
}

const eventsOf = ({ machine }: Queue): string[] => (machine.events as string[]).filter((event) => !isReserved(event))

function waitText(queue: Queue, { state, timers }: Message, next: EventData | undefined): string {
  const [timer] = timers.toSorted((a, b) => a.due - b.due)
  const event = next
    ? `${next.type} is sent once it is taken`
    : `${timer ? 'or ' : ''}for an event: ${eventsOf(queue).join(', ')}`
  if (!timer) return `waits in ${state} ${event}`
  return `waits in ${state} for its timer ${timer.id}, until ${dateText(timer.due)}${next ? '; ' : ', '}${event}`
}

/** What happens is a note: stdout is the output alone, unless JSON lines were asked for. */
function tellTransition({ output, terminal }: Session, transition: Transition): void {
  if (output.json) output.record({ transition }, () => '')
  else output.note(transitionText(transition, colorsFor(terminal.stderr, terminal.env)))
}

function tellEnd({ output }: Session, { name }: Queue, end: RunEnd): number {
  output.record({ queue: name, ...end, output: end.output ?? null }, () => toJson(end.output ?? null))
  return 0
}
