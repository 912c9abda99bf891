import type { Command } from 'commander'
import type { QueuePopulation } from '../../../client/population.ts'
import type { Queue } from '../../../client/queue.ts'
import { confirm } from '../../confirm.ts'
import { EXIT, isRedisFailure } from '../../failure.ts'
import { endedBy, toTheEnd } from '../../interruption.ts'
import { queuesOfModule } from '../../module-queues.ts'
import { countOf, messagesText } from '../../population-text.ts'
import { printable } from '../../printable.ts'
import { isMissing } from '../../selection.ts'
import { withRedrive, type Runner, type Session } from '../../session.ts'
import { examples } from '../../usage.ts'
import { noteMisfits, tellPopulation } from './check.ts'

interface MigrateOptions {
  readonly module: string
  readonly dryRun?: true
  readonly yes?: true
}

export function addMigrate(machines: Command, runner: Runner): void {
  machines
    .command('migrate')
    .description('bring waiting messages to the current version now, and let out of quarantine what fits again')
    .argument('[queue]', 'default: all queues of the module')
    .requiredOption('--module <file>', 'defines the queues, as for worker')
    .option('--dry-run', 'tell what would become of the messages, and change nothing')
    .option('--yes', 'do not ask')
    .addHelpText('after', `${examples(...EXAMPLES)}\n${HELP}`)
    .action((queue: string | undefined, options: MigrateOptions, command: Command) =>
      runner.run(command, (session) => migrate(session, queue, options)),
    )
}

const EXAMPLES = [
  'redrive machines migrate --module worker.mjs --dry-run',
  'redrive machines migrate orders --module worker.mjs --yes',
]

const HELP = `
The move itself is a step of a worker: it takes place once a worker with this module
runs. Without this command a message moves when it is next due.`

/** Messages that are told at the same time. */
const AT_ONCE = 50

/** What is to be told to move in one queue. */
interface Plan {
  readonly queue: Queue
  readonly population: QueuePopulation
  readonly ids: readonly string[]
}

async function migrate(session: Session, name: string | undefined, options: MigrateOptions): Promise<number> {
  return withRedrive(session, async (redrive) => {
    const queues = await queuesOfModule(redrive, options.module, name)
    const plans: Plan[] = []
    for (const queue of queues) plans.push(await planFor(queue))
    if (options.dryRun) return rehearse(session, plans)
    const count = plans.reduce((sum, { ids }) => sum + ids.length, 0)
    if (count === 0) session.output.note('no messages to migrate')
    const answer = count === 0 || options.yes ? 'yes' : await confirm(session.terminal, question(plans, count))
    if (answer !== 'yes') {
      session.output.note('nothing was changed')
      return answer === 'interrupted' ? endedBy('SIGINT') : EXIT.failed
    }
    let failed = 0
    await toTheEnd(session.interruption, async () => {
      for (const { queue, ids } of plans) failed += await moveAll(session, queue, ids)
    })
    if (count > failed) session.output.note('a worker with this module moves them')
    if (failed > 0) return EXIT.failed
    return left(plans) > 0 ? EXIT.misfit : EXIT.ok
  })
}

async function planFor(queue: Queue): Promise<Plan> {
  const ids: string[] = []
  const population = await queue.population((id, fate) => {
    if (fate === 'moves' || fate === 'releasable') ids.push(id)
  })
  return { queue, population, ids: [...new Set(ids)] }
}

function rehearse(session: Session, plans: readonly Plan[]): number {
  for (const { population } of plans) {
    tellPopulation(session, population)
    noteMisfits(session, population)
  }
  return left(plans) > 0 ? EXIT.misfit : EXIT.ok
}

/** Messages that fit nowhere, before the command and after it. */
const left = (plans: readonly Plan[]): number =>
  plans.reduce((sum, { population }) => sum + countOf(population.groups, 'orphaned', 'stuck'), 0)

function question(plans: readonly Plan[], count: number): string {
  const names = plans.flatMap(({ queue, ids }) => (ids.length > 0 ? [`"${queue.name}"`] : []))
  return `Migrate ${messagesText(count)} of ${names.join(', ')}?`
}

/** Makes messages due, so that a worker takes them up and moves them; one of another version would let them be. Returns how many failed. */
async function moveAll({ output }: Session, queue: Queue, ids: readonly string[]): Promise<number> {
  let failed = 0
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    const some = ids.slice(i, i + AT_ONCE)
    const settled = await Promise.allSettled(some.map((id) => queue.release(id)))
    settled.forEach((each, j) => {
      const id = some[j]!
      if (each.status === 'rejected' && isRedisFailure(each.reason)) throw each.reason
      const status = each.status === 'fulfilled' ? each.value.status : isMissing(each.reason) ? 'not found' : 'failed'
      if (status === 'failed') failed++
      output.record({ queue: queue.name, id, status }, () => `${printable(id)}  ${status}`)
    })
  }
  return failed
}
