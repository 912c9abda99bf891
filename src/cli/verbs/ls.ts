import type { Command } from 'commander'
import type { Queue } from '../../client/queue.ts'
import type { Redrive } from '../../client/redrive.ts'
import { nearest } from '../../errors.ts'
import type { Message } from '../../message.ts'
import { DEFAULT_STATES } from '../default-machine.ts'
import { messagesOf } from '../messages-of.ts'
import { populationText, readPopulations } from '../populations.ts'
import { createQueueDirectory } from '../queue-directory.ts'
import { withRedrive, type Runner, type Session } from '../session.ts'
import { table } from '../table.ts'
import { agoText, dueText } from '../time-text.ts'
import { examples, wholeNumber } from '../usage.ts'

interface LsOptions {
  readonly state?: string
  readonly limit: number
  readonly newest?: true
}

export function addLs(program: Command, runner: Runner): void {
  program
    .command('ls')
    .description('list the queues, or the messages of one')
    .argument('[queue]')
    .option('--state <name>', 'only the messages in this state, such as dead')
    .option('--limit <number>', 'at most so many messages', wholeNumber('--limit', { min: 1, max: 1_000_000 }), 100)
    .option('--newest', 'the newest first; else the next one due, or the one that waited longest')
    .addHelpText('after', examples('redrive ls', 'redrive ls emails --state dead --newest', 'redrive ls emails --json'))
    .action((queue: string | undefined, options: LsOptions, command: Command) =>
      runner.run(command, (session) =>
        withRedrive(session, (redrive) =>
          queue === undefined ? listQueues(session, redrive) : listQueue(session, redrive, queue, options),
        ),
      ),
    )
}

async function listQueues({ output, terminal }: Session, redrive: Redrive): Promise<void> {
  const populations = await readPopulations(createQueueDirectory(redrive))
  if (populations.length === 0)
    output.note('no queue yet. A first one: redrive send emails \'{"to":"ada@example.com"}\'')
  const rows = populations.map((each) => [each.queue, String(each.messages), populationText(each.states)])
  output.records(populations, () =>
    table(['QUEUE', 'MESSAGES', 'STATES'], rows, { colors: output.colors, width: terminal.stdout.columns }),
  )
}

async function listQueue(session: Session, redrive: Redrive, name: string, options: LsOptions): Promise<void> {
  const { output, terminal } = session
  const queue = await createQueueDirectory(redrive).open(name)
  const { states, now } = await queue.stats()
  const wanted = options.state === undefined ? Object.keys(states) : [options.state]
  const messages = await firstOf(queue, wanted, options)
  const total = wanted.reduce((sum, state) => sum + (states[state] ?? 0), 0)
  if (messages.length === 0) output.note(nothingFound(name, options.state, Object.keys(states)))
  else if (total > messages.length) output.note(`${messages.length} of ${total} messages; --limit shows more`)
  output.records(messages, () =>
    table(['ID', 'STATE', 'ENTERED', 'DUE', 'ATTEMPT', 'ERROR'], messages.map(rowOf(now)), {
      colors: output.colors,
      width: terminal.stdout.columns,
    }),
  )
}

async function firstOf(queue: Queue, states: readonly string[], { limit, newest }: LsOptions): Promise<Message[]> {
  const found: Message[] = []
  for (const state of states) {
    for await (const message of messagesOf(queue, {
      state,
      newestFirst: newest === true,
      limit: limit - found.length,
    })) {
      found.push(message)
    }
    if (found.length >= limit) break
  }
  return found
}

/** A misspelt state has no messages, like any other; so the near one is named. */
function nothingFound(queue: string, state: string | undefined, inUse: readonly string[]): string {
  if (state === undefined) return `no messages in "${queue}"`
  const known = [...new Set([...inUse, ...DEFAULT_STATES])]
  const near = known.includes(state) ? undefined : nearest(state, known)
  return `no messages of "${queue}" in the state "${state}"${near === undefined ? '' : `. Did you mean "${near}"?`}`
}

const rowOf =
  (now: number) =>
  ({ id, state, enteredAt, attentionAt, context, error }: Message): string[] => [
    id,
    state,
    agoText(enteredAt, now),
    dueText(attentionAt, now),
    typeof context['attempt'] === 'number' ? String(context['attempt']) : '-',
    errorText(error ?? context['error']),
  ]

function errorText(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : ''
}
