import type { Command } from 'commander'
import { DEFAULTS } from '../../options.ts'
import { isPoolMember, poolMemberInterruption, tellReady } from '../pool-member.ts'
import { serve, type Service } from '../serve.ts'
import { connect, newClient, type Runner, type Session } from '../session.ts'
import { examples, wholeNumber } from '../usage.ts'
import { startWorkers } from '../worker-process.ts'
import { workerPool } from '../worker-pool.ts'

interface WorkerCommandOptions {
  readonly queue?: readonly string[]
  readonly concurrency: number
  readonly processes: number
}

export function addWorker(program: Command, runner: Runner): void {
  program
    .command('worker')
    .description('work on the queues of a module, until Ctrl-C')
    .argument('<module>', 'a file whose default export is (redrive) => …')
    .option('--queue <name...>', 'only these of its queues')
    .option('--concurrency <number>', ...CONCURRENCY)
    .option('--processes <number>', ...PROCESSES)
    .addHelpText(
      'after',
      examples('redrive worker worker.mjs', 'redrive worker worker.mjs --queue emails --processes 4'),
    )
    .addHelpText('after', MODULE_HELP)
    .action((module: string, options: WorkerCommandOptions, command: Command) =>
      runner.run(command, (session) => worker(session, module, options)),
    )
}

export const CONCURRENCY = [
  'handlers of a queue that run at the same time, where the module does not say it',
  wholeNumber('--concurrency', { min: 1, max: 10_000 }),
  DEFAULTS.concurrency,
] as const

export const PROCESSES = ['worker processes', wholeNumber('--processes', { min: 1, max: 1000 }), 1] as const

export const STOPPING = 'stopping: handlers may finish; once more aborts them'

const MODULE_HELP = `
A module:
  export default (redrive) => {
    redrive.queue('emails').work(async (input, { signal }) => { … })
  }

The first Ctrl-C lets handlers finish, the second one aborts them.`

function worker(session: Session, module: string, options: WorkerCommandOptions): Promise<number> {
  if (isPoolMember(session.terminal.env)) return workHere(session, module, options)
  if (options.processes === 1) return workHere(session, module, options)
  const start = async (): Promise<Service> => workerPool(session, { ...options, module })
  return serve(session.interruption, start, () => session.output.note(STOPPING))
}

async function workHere(session: Session, module: string, options: WorkerCommandOptions): Promise<number> {
  const { output, terminal, interruption } = session
  const redrive = newClient(session)
  const inPool = isPoolMember(terminal.env)
  async function start(): Promise<Service> {
    await connect(session, redrive)
    const { queue: queues, concurrency } = options
    const workers = await startWorkers(redrive, { module, concurrency, ...(queues ? { queues } : {}) })
    output.note(`worker ${process.pid} ready: ${workers.working.join(', ')}`)
    tellReady()
    return workers
  }
  try {
    if (inPool) return await serve(poolMemberInterruption(interruption), start)
    return await serve(interruption, start, () => output.note(STOPPING))
  } finally {
    await redrive.close()
  }
}
