import type { Command } from 'commander'
import type { WorkerReport } from '../../engine/roster.ts'
import { createQueueDirectory } from '../queue-directory.ts'
import { withRedrive, type Runner, type Session } from '../session.ts'
import { table } from '../table.ts'
import { examples } from '../usage.ts'
import { durationText } from '../time-text.ts'

export function addWorkers(program: Command, runner: Runner): void {
  program
    .command('workers')
    .description('list the workers that were heard of within the last ten seconds')
    .argument('[queue]', 'default: all queues')
    .addHelpText('after', examples('redrive workers', 'redrive workers emails --json'))
    .action((queue: string | undefined, _: object, command: Command) =>
      runner.run(command, (session) => workers(session, queue)),
    )
}

const HEADINGS = ['QUEUE', 'WORKER', 'HOST', 'PID', 'ACTIVE', 'READY', 'CLAIMS/S', 'DONE', 'LAG P99', 'UP', 'VERSIONS']

async function workers(session: Session, name: string | undefined): Promise<void> {
  const { output, terminal } = session
  await withRedrive(session, async (redrive) => {
    const directory = createQueueDirectory(redrive)
    const queues = name === undefined ? await directory.all() : [await directory.open(name)]
    const reports = (await Promise.all(queues.map((queue) => queue.workers()))).flat()
    if (reports.length === 0) output.note('no worker is there')
    output.records(reports, () =>
      table(HEADINGS, reports.map(row), { colors: output.colors, width: terminal.stdout.columns }),
    )
  })
}

const row = (each: WorkerReport): string[] => [
  each.queue,
  each.name,
  each.host,
  String(each.pid),
  `${each.active}/${each.concurrency}`,
  String(each.prefetched),
  String(each.claimsPerSecond),
  String(each.processed),
  durationText(each.lag.p99),
  durationText(each.seenAt - each.startedAt),
  (each.machines ?? []).join(' '),
]
