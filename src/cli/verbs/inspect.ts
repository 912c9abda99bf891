import type { Command } from 'commander'
import { insideOf, type OpenedQueue } from '../../client/inside.ts'
import type { Redrive } from '../../client/redrive.ts'
import { watchMessages } from '../../dashboard/server/inspect/watch.ts'
import { readMessage } from '../../dashboard/server/message-view.ts'
import { createShow } from '../../dashboard/server/plain.ts'
import { createQueueBook } from '../../dashboard/server/queue-book.ts'
import { defineQueues } from '../module.ts'
import { serve, type Service } from '../serve.ts'
import { connect, newClient, type Runner, type Session } from '../session.ts'
import { examples, wholeNumber } from '../usage.ts'

interface InspectOptions {
  readonly module?: string
  readonly port?: number
  readonly stately?: true
}

interface Place {
  readonly queue: string
  readonly id: string | undefined
}

export function addInspect(program: Command, runner: Runner): void {
  program
    .command('inspect')
    .description('watch messages as actors: on their chart, or by a client of the XState inspector')
    .argument('<queue>')
    .argument('[id]')
    .option('--module <file>', 'defines the queues that have a machine of their own')
    .option('--port <number>', 'default: any that is free', wholeNumber('--port', { min: 0, max: 65_535 }))
    .option('--stately', 'name a page too that hands the data on to the inspector hosted at stately.ai')
    .addHelpText(
      'after',
      examples(
        'redrive inspect emails e1',
        'redrive inspect orders --module worker.mjs',
        'redrive inspect emails --json',
      ),
    )
    .action((queue: string, id: string | undefined, options: InspectOptions, command: Command) =>
      runner.run(command, (session) => inspect(session, { queue, id }, options)),
    )
}

async function inspect(session: Session, place: Place, options: InspectOptions): Promise<number> {
  const redrive = newClient(session)
  const start = async (): Promise<Service> => {
    await connect(session, redrive)
    const opened = await openPlace(redrive, place, options.module)
    return session.output.json ? stream(session, redrive, opened, place) : open(session, redrive, place, options)
  }
  try {
    return await serve(session.interruption, start)
  } finally {
    await redrive.close()
  }
}

/** @throws RedriveError `E_UNKNOWN_QUEUE`, `E_NOT_FOUND`, `E_UNKNOWN_MACHINE` */
async function openPlace(redrive: Redrive, { queue, id }: Place, module: string | undefined): Promise<OpenedQueue> {
  const { store } = insideOf(redrive)
  if (module !== undefined) await defineQueues(redrive, module)
  const book = createQueueBook(redrive, store)
  const opened = await book.known(queue)
  if (id !== undefined) await readMessage(store, await book.get(queue), id)
  return opened
}

const HANDED_ON =
  'The last page sends what it shows to stately.ai, once you press its button: data leaves this machine.'

/** A server for the page and for inspectors, which this machine alone can reach. */
async function open(
  { output }: Session,
  redrive: Redrive,
  { queue, id }: Place,
  { port = 0, stately }: InspectOptions,
): Promise<Service> {
  const { startDashboard } = await import('../../dashboard/server/standalone.ts')
  const { link, close } = await startDashboard(redrive, { port })
  const page = ['q', queue, ...(id === undefined ? [] : ['m', id])].map(encodeURIComponent).join('/')
  const query = new URLSearchParams({ queue, ...(id === undefined ? {} : { id }) })
  const address = `${link.replace(/^http/, 'ws')}api/v1/inspect?${String(query)}`
  const hosted = `stately ${link}api/v1/inspect/stately?${String(query)}\n${HANDED_ON}`
  output.record({}, () => `page ${link}#/${page}\ninspector ${address}${stately ? `\n${hosted}` : ''}`)
  return { stop: close }
}

/** The wire itself, a message a line. */
function stream({ output }: Session, redrive: Redrive, { runtime }: OpenedQueue, { id }: Place): Service {
  const book = createQueueBook(redrive, insideOf(redrive).store)
  const stopped = new AbortController()
  const watching = watchMessages(runtime, {
    id,
    show: createShow(undefined),
    signal: stopped.signal,
    runtimeOf: async ({ queue }) => (await book.known(queue)).runtime,
    tell: (messages) => output.records(messages, () => ''),
  })
  return {
    ended: watching.then(() => 0),
    stop: () => {
      stopped.abort()
      return watching
    },
  }
}
