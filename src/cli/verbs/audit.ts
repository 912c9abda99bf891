import type { Command } from 'commander'
import { dateText } from '../time-text.ts'
import { table } from '../table.ts'
import { withRedrive, type Runner, type Session } from '../session.ts'
import { examples, wholeNumber } from '../usage.ts'

export function addAudit(program: Command, runner: Runner): void {
  program
    .command('audit')
    .description('list what was done to queues and by whom, the newest first')
    .option('--limit <number>', 'how many (default: 100)', wholeNumber('--limit', { min: 1, max: 1000 }))
    .addHelpText('after', examples('redrive audit', 'redrive audit --limit 10 --json'))
    .action((options: { limit?: number }, command: Command) =>
      runner.run(command, (session) => audit(session, options)),
    )
}

async function audit(session: Session, options: { readonly limit?: number }): Promise<void> {
  const { output, terminal } = session
  await withRedrive(session, async (redrive) => {
    const entries = await redrive.audit(options)
    if (entries.length === 0) output.note('nothing was done yet')
    output.records(entries, () =>
      table(
        ['AT', 'ACTOR', 'QUEUE', 'ACTION', 'COUNT', 'WHAT', 'OPERATION'],
        entries.map(({ at, actor, queue, action, count, what, operation = '-' }) => [
          dateText(at),
          actor,
          queue,
          action,
          String(count),
          what,
          operation,
        ]),
        { colors: output.colors, width: terminal.stdout.columns },
      ),
    )
  })
}
