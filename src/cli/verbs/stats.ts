import { setTimeout as pause } from 'node:timers/promises'
import type { Command } from 'commander'
import { endedBy, type StopReason } from '../interruption.ts'
import type { Output } from '../output.ts'
import { readPopulations, type Population } from '../populations.ts'
import { printable } from '../printable.ts'
import { createQueueDirectory } from '../queue-directory.ts'
import { withRedrive, type Runner, type Session } from '../session.ts'
import { dueText } from '../time-text.ts'
import { examples } from '../usage.ts'

/** Milliseconds between two looks. */
const INTERVAL = 1000
const LONGEST_BAR = 40
/** Cursor home, and clear what is below: unlike a cleared screen it does not flicker. */
const HOME = '\u001b[H\u001b[J'
const CLEAR = '\u001b[2J'

export function addStats(program: Command, runner: Runner): void {
  program
    .command('stats')
    .description('show how many messages are in which state')
    .argument('[queue]', 'default: all queues')
    .option('--watch', 'look again each second, until Ctrl-C')
    .addHelpText('after', examples('redrive stats', 'redrive stats emails --watch', 'redrive stats --json'))
    .action((queue: string | undefined, options: { watch?: true }, command: Command) =>
      runner.run(command, (session) => (options.watch ? watch(session, queue) : once(session, queue))),
    )
}

async function once(session: Session, queue: string | undefined): Promise<void> {
  await withRedrive(session, async (redrive) => {
    const populations = await readPopulations(createQueueDirectory(redrive), queue)
    if (populations.length === 0) session.output.note('no queue yet')
    print(session.output, populations)
  })
}

async function watch(session: Session, queue: string | undefined): Promise<number> {
  const { interruption, output, terminal } = session
  const stopped = new AbortController()
  let code = 0
  const release = interruption.take((reason: StopReason) => {
    code = endedBy(reason)
    stopped.abort()
  })
  const onScreen = terminal.stdout.isTTY === true && !output.json
  if (onScreen) terminal.stdout.write(CLEAR)
  await withRedrive(session, async (redrive) => {
    const directory = createQueueDirectory(redrive)
    while (!stopped.signal.aborted) {
      const populations = await readPopulations(directory, queue)
      if (onScreen) terminal.stdout.write(HOME)
      print(output, populations)
      await pause(INTERVAL, undefined, { signal: stopped.signal }).catch(() => {})
    }
  })
  release()
  return code
}

function print(output: Output, populations: readonly Population[]): void {
  output.records(populations, () => populations.map((each) => barChart(each, output)).join('\n\n'))
}

function barChart({ queue, messages, states, nextDue, paused, now }: Population, { colors }: Output): string {
  const entries = Object.entries(states).map(([state, count]) => [printable(state), count] as const)
  const most = Math.max(...entries.map(([, count]) => count))
  const nameWidth = Math.max(...entries.map(([state]) => state.length))
  const countWidth = String(most).length
  const rows = entries.map(([state, count]) => {
    const bar = '█'.repeat(Math.max(1, Math.round((count / most) * LONGEST_BAR)))
    return `  ${state.padEnd(nameWidth)}  ${String(count).padStart(countWidth)}  ${colors.cyan(bar)}`
  })
  const due = nextDue === null ? '' : `, next due ${dueText(nextDue, now)}`
  const still = paused ? `  ${colors.yellow('paused')}` : ''
  return [`${colors.bold(queue)}  ${messages} message${messages === 1 ? '' : 's'}${due}${still}`, ...rows].join('\n')
}
