import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { openSpool, type SpoolEntry } from '../../client/outbox/spool.ts'
import { RedriveError } from '../../errors.ts'
import { connect, newClient, type Runner, type Session } from '../session.ts'
import { table } from '../table.ts'
import { agoText } from '../time-text.ts'
import { examples } from '../usage.ts'

/** Most batches that are listed: those that are delivered first. */
const LISTED = 1000

export function addOutbox(program: Command, runner: Runner): void {
  const outbox = program.command('outbox').description('what a producer keeps on its disk while Redis is away')
  outbox
    .command('ls')
    .description('list the batches of messages that wait in a directory, in the order in which they will be delivered')
    .argument('<directory>')
    .addHelpText('after', examples('redrive outbox ls ./outbox', 'redrive outbox ls ./outbox --json'))
    .action((directory: string, _: object, command: Command) =>
      runner.run(command, (session) => list(session, directory)),
    )
  outbox
    .command('drain')
    .description('deliver what waits in a directory to Redis, when the program that put it there does not run any more')
    .argument('<directory>')
    .addHelpText('after', examples('redrive outbox drain ./outbox --redis redis://127.0.0.1:6379'))
    .action((directory: string, _: object, command: Command) =>
      runner.run(command, (session) => drain(session, directory)),
    )
}

async function list({ output, terminal }: Session, directory: string): Promise<void> {
  await checkDirectory(directory)
  const spool = await openSpool(directory, Number.MAX_SAFE_INTEGER)
  try {
    const entries = await spool.read(LISTED)
    const now = Date.now()
    output.records(entries.map(recordOf), () =>
      table(['QUEUE', 'MESSAGES', 'BYTES', 'SINCE', 'IDS'], entries.map(rowOf(now)), {
        colors: output.colors,
        width: terminal.stdout.columns,
      }),
    )
    const rest = spool.batches - entries.length
    output.note(
      spool.batches === 0
        ? 'nothing waits'
        : `${spool.batches} batches, ${spool.bytes} bytes${rest > 0 ? `; ${rest} are not listed` : ''}`,
    )
  } finally {
    await spool.close()
  }
}

async function drain(session: Session, directory: string): Promise<void> {
  await checkDirectory(directory)
  let delivered = 0
  const redrive = newClient(session, {
    outbox: { directory, onDrained: ({ messages }) => void (delivered += messages) },
  })
  try {
    await connect(session, redrive)
    await redrive.drained()
    session.output.record({ delivered }, () => `delivered ${delivered}`)
  } finally {
    await redrive.close()
  }
}

/** Opening makes a directory; one that was misspelt is not to look like one in which nothing waits. */
async function checkDirectory(directory: string): Promise<void> {
  const facts = await stat(directory).catch(() => undefined)
  if (!facts?.isDirectory())
    throw new RedriveError('E_NOT_FOUND', `there is no directory ${directory}.`, { path: directory })
}

const recordOf = ({ queue, partition, messages, size, at }: SpoolEntry): object => ({
  queue,
  partition,
  at,
  bytes: size,
  ids: messages.map(({ id }) => id),
})

const rowOf =
  (now: number) =>
  ({ queue, messages, size, at }: SpoolEntry): string[] => [
    queue,
    String(messages.length),
    String(size),
    agoText(at, now),
    messages.map(({ id }) => id).join(', '),
  ]
