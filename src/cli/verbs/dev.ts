import type { Command } from 'commander'
import type { Redrive } from '../../client/redrive.ts'
import { findRedisServer, redisMissing } from '../../embedded/find-redis-server.ts'
import { describeAddress } from '../../store/connection.ts'
import { dashboardOf, dashboardOn } from '../dev-dashboard.ts'
import { watchQueues } from '../dev-watch.ts'
import { DEMO } from '../module.ts'
import { serve, type Service } from '../serve.ts'
import { connect, newClient, type Runner, type Session } from '../session.ts'
import { examples, usage } from '../usage.ts'
import { startWorkers } from '../worker-process.ts'
import { workerPool } from '../worker-pool.ts'
import { CONCURRENCY, PROCESSES, STOPPING } from './worker.ts'

interface DevOptions {
  readonly directory?: string
  readonly concurrency: number
  readonly processes: number
}

export function addDev(program: Command, runner: Runner): void {
  program
    .command('dev')
    .description('start a private Redis, workers and the dashboard, and show what happens, until Ctrl-C')
    .argument('[module]', 'as for worker; without one, messages of the queue "dev" are echoed')
    .option('--directory <path>', 'keeps the data, and the socket in it, for the next time')
    .option('--concurrency <number>', ...CONCURRENCY)
    .option('--processes <number>', ...PROCESSES)
    .addHelpText('after', examples('redrive dev', 'redrive dev worker.mjs --processes 2 --directory .redrive'))
    .action((module: string | undefined, options: DevOptions, command: Command) =>
      runner.run(command, (session) => dev(session, module, options)),
    )
}

async function dev(session: Session, module: string = DEMO, options: DevOptions): Promise<number> {
  checkDirectory(session, options)
  const { directory } = options
  const redrive = newClient(
    session,
    session.address === undefined ? { embedded: directory === undefined ? true : { directory } } : {},
  )
  try {
    const start = async (): Promise<Service> => {
      await connect(session, redrive)
      const address = await redrive.url()
      if (address === undefined) return inMemory(session, redrive, { ...options, module })
      return onServer(session, redrive, { ...options, module, address })
    }
    return await serve(session.interruption, start, () => session.output.note(STOPPING))
  } finally {
    await redrive.close()
  }
}

/** Asked to keep the data, it must not run where nothing is kept. */
function checkDirectory({ address }: Session, { directory }: DevOptions): void {
  if (directory === undefined) return
  if (address !== undefined)
    throw usage('--directory is for a private server, but --redis or REDIS_URL names another one.')
  if (!findRedisServer()) throw redisMissing()
}

type Started = DevOptions & { readonly module: string }

async function onServer(session: Session, redrive: Redrive, options: Started & { address: string }): Promise<Service> {
  const { address, module } = options
  session.output.note(`redis ${describeAddress(address)}`)
  const watching = await watchQueues(session, redrive, { from: 'now' })
  if (module === DEMO) hint(session, address)
  const pool = workerPool(session, options)
  return together(pool, watching, await dashboardOn(session, address, module))
}

/** Nobody else sees this memory: one process does it all. */
async function inMemory(
  session: Session,
  redrive: Redrive,
  { module, concurrency, processes }: Started,
): Promise<Service> {
  if (processes > 1) session.output.note('--processes needs a Redis server: this is one process')
  const workers = await startWorkers(redrive, { module, concurrency })
  session.output.note(`worker ${process.pid} ready: ${workers.working.join(', ')}`)
  const watching = await watchQueues(session, redrive, { from: 'start', open: workers.defined })
  return together(workers, watching, await dashboardOf(session, redrive))
}

interface Stoppable {
  stop(): Promise<void>
}

/** What workers do at their end is still shown. */
function together(workers: Service, ...beside: readonly Stoppable[]): Service {
  const stopBeside = async (): Promise<void> => void (await Promise.all(beside.map((each) => each.stop())))

  async function ended(itself: Promise<number>): Promise<number> {
    const code = await itself
    await stopBeside()
    return code
  }
  return {
    ...(workers.ended ? { ended: ended(workers.ended) } : {}),
    async stop() {
      await workers.stop()
      await stopBeside()
    },
  }
}

function hint({ output }: Session, address: string): void {
  output.note(`try: redrive send dev '{"hello":"world"}' --redis ${describeAddress(address)}`)
}
