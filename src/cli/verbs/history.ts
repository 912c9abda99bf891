import type { Command } from 'commander'
import type { JournalEntry } from '../../message.ts'
import { toJson } from '../plain-json.ts'
import { printable } from '../printable.ts'
import { createQueueDirectory } from '../queue-directory.ts'
import { withRedrive, type Runner, type Session } from '../session.ts'
import { table } from '../table.ts'
import { dateText, durationText } from '../time-text.ts'
import { examples } from '../usage.ts'

/** A transition, and how long the message stayed in the state that it led to; `null` where it stays still. */
type Stay = JournalEntry & { readonly duration: number | null }

export function addHistory(program: Command, runner: Runner): void {
  program
    .command('history')
    .description('show the journal of one message: its transitions, and how long it stayed in each state')
    .argument('<queue>')
    .argument('<id>')
    .option(
      '--contexts',
      'what each step changed in the context, where the queue keeps that (journal: { contexts: true })',
    )
    .addHelpText(
      'after',
      examples('redrive history emails e1', 'redrive history emails e1 --contexts', 'redrive history emails e1 --json'),
    )
    .action((queue: string, id: string, { contexts = false }: { contexts?: boolean }, command: Command) =>
      runner.run(command, (session) => history(session, queue, id, contexts)),
    )
}

async function history(session: Session, name: string, id: string, contexts: boolean): Promise<void> {
  const { output, terminal } = session
  await withRedrive(session, async (redrive) => {
    const queue = await createQueueDirectory(redrive).open(name)
    const stays = withDurations(await queue.history(id))
    const changes = contexts ? '\n' + changesText(stays) : ''
    output.records(
      stays,
      () =>
        table(['#', 'AT', 'EVENT', 'FROM', 'TO', 'STAYED', 'BY', 'ERROR'], stays.map(rowOf), {
          colors: output.colors,
          width: terminal.stdout.columns,
        }) + changes,
    )
  })
}

function withDurations(journal: readonly JournalEntry[]): Stay[] {
  return journal.map((entry, i) => {
    const next = journal[i + 1]
    return { ...entry, duration: next ? next.at - entry.at : null }
  })
}

function rowOf({ seq, at, event, from, to, duration, worker, error = '' }: Stay): string[] {
  const stayed = duration === null ? '-' : durationText(duration)
  return [String(seq), dateText(at), event, from ?? '-', to, stayed, worker || '-', error]
}

const UNKNOWN =
  'This queue does not keep what its steps change. It does from now on with redrive.queue(name, { journal: { contexts: true } }).'

/** Under the table, a line for each member of the context that a step changed. */
function changesText(stays: readonly Stay[]): string {
  if (stays.every(({ changed }) => changed === undefined)) return UNKNOWN
  const lines = stays.flatMap(({ seq, changed }) => {
    const { set = {}, removed = [], truncated = [] } = changed ?? {}
    return [
      ...Object.entries(set).map(([name, value]) => printable(`${seq}  ${name} = ${toJson(value)}`)),
      ...removed.map((name) => printable(`${seq}  ${name} taken out`)),
      ...truncated.map((name) => printable(`${seq}  ${name} changed, too large for the journal`)),
    ]
  })
  return lines.join('\n')
}
