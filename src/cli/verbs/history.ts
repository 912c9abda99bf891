import type { Command } from 'commander'
import type { JournalEntry } from '../../message.ts'
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
    .addHelpText('after', examples('redrive history emails e1', 'redrive history emails e1 --json'))
    .action((queue: string, id: string, _: unknown, command: Command) =>
      runner.run(command, (session) => history(session, queue, id)),
    )
}

async function history(session: Session, name: string, id: string): Promise<void> {
  const { output, terminal } = session
  await withRedrive(session, async (redrive) => {
    const queue = await createQueueDirectory(redrive).open(name)
    const stays = withDurations(await queue.history(id))
    output.records(stays, () =>
      table(['#', 'AT', 'EVENT', 'FROM', 'TO', 'STAYED', 'BY', 'ERROR'], stays.map(rowOf), {
        colors: output.colors,
        width: terminal.stdout.columns,
      }),
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
