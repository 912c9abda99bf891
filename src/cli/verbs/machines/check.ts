import type { Command } from 'commander'
import type { QueuePopulation } from '../../../client/population.ts'
import { EXIT } from '../../failure.ts'
import { queuesOfModule } from '../../module-queues.ts'
import { countOf, isMisfit, messagesText, populationTable } from '../../population-text.ts'
import { withRedrive, type Runner, type Session } from '../../session.ts'
import { examples } from '../../usage.ts'

export function addCheck(machines: Command, runner: Runner): void {
  machines
    .command('check')
    .description('compare the stored messages with the machines of a module; exit code 5 when some do not fit')
    .argument('[queue]', 'default: all queues of the module')
    .requiredOption('--module <file>', 'defines the queues, as for worker')
    .addHelpText(
      'after',
      examples(
        'redrive machines check --module worker.mjs',
        'redrive machines check orders --module worker.mjs --json',
      ),
    )
    .action((queue: string | undefined, { module }: { module: string }, command: Command) =>
      runner.run(command, (session) => check(session, module, queue)),
    )
}

async function check(session: Session, module: string, name: string | undefined): Promise<number> {
  return withRedrive(session, async (redrive) => {
    let misfits = 0
    for (const queue of await queuesOfModule(redrive, module, name)) {
      const population = await queue.population()
      tellPopulation(session, population)
      noteStepsByXState(session, population)
      misfits += noteMisfits(session, population)
    }
    return misfits > 0 ? EXIT.misfit : EXIT.ok
  })
}

/** Says on stderr which steps cost more than they might; it is no fault. */
function noteStepsByXState({ output }: Session, { queue, byXState }: QueuePopulation): void {
  if (byXState.length === 0) return
  const steps = byXState.map(({ state, event, reason }) => `${where(state, event)}: ${reason}`)
  const more = steps.length > MOST_STEPS ? [`and ${steps.length - MOST_STEPS} more`] : []
  output.note(
    `${queue}: XState takes some steps itself, which is slower: ${[...steps.slice(0, MOST_STEPS), ...more].join('; ')}`,
  )
}

const MOST_STEPS = 5

const where = (state: string, event: string): string =>
  state === '*' ? (event === '*' ? 'all' : event) : event === '*' ? state : `${event} in ${state}`

/** A line of JSON for each group, or one table. */
export function tellPopulation({ output, terminal }: Session, population: QueuePopulation): void {
  const { queue, groups, machine: current } = population
  if (output.json)
    return output.records(
      groups.map((group) => ({ queue, current, ...group })),
      () => '',
    )
  output.record(population, () =>
    populationTable(population, { colors: output.colors, width: terminal.stdout.columns }),
  )
}

/** Says on stderr what does not fit; returns how many messages that are. */
export function noteMisfits({ output }: Session, { queue, groups }: QueuePopulation): number {
  const misfits = groups.filter(isMisfit)
  const orphaned = countOf(misfits, 'orphaned')
  const aside = countOf(misfits, 'stuck', 'releasable')
  const parts = [
    ...(orphaned > 0 ? [`${messagesText(orphaned)} would be put aside`] : []),
    ...(aside > 0 ? [`${messagesText(aside)} in quarantine`] : []),
  ]
  if (parts.length > 0) output.note(`${queue}: ${parts.join(', ')}`)
  return orphaned + aside
}
