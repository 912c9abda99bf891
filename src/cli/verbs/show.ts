import type { Command } from 'commander'
import { RedriveError } from '../../errors.ts'
import type { Message, MessageJoin } from '../../message.ts'
import { toJson } from '../plain-json.ts'
import { printable } from '../printable.ts'
import { createQueueDirectory } from '../queue-directory.ts'
import { withRedrive, type Runner, type Session } from '../session.ts'
import { facts } from '../table.ts'
import type { Colors } from '../terminal.ts'
import { agoText, dateText, dueText } from '../time-text.ts'
import { examples } from '../usage.ts'

export function addShow(program: Command, runner: Runner): void {
  program
    .command('show')
    .description('show all that is stored of one message')
    .argument('<queue>')
    .argument('<id>')
    .option('--module <file>', 'defines the queue, where it has a machine of its own')
    .addHelpText('after', examples('redrive show emails e1', 'redrive show emails e1 --json'))
    .action((queue: string, id: string, options: { module?: string }, command: Command) =>
      runner.run(command, (session) => show(session, queue, id, options)),
    )
}

async function show(session: Session, name: string, id: string, options: { module?: string }): Promise<void> {
  await withRedrive(session, async (redrive) => {
    const queue = await createQueueDirectory(redrive, options).open(name)
    const message = await queue.get(id)
    if (!message) throw new RedriveError('E_NOT_FOUND', `there is no message "${id}" in "${name}".`, { id })
    const { now } = await queue.stats()
    session.output.record(message, () => describe(message, now, session.output.colors))
  })
}

function describe(message: Message, now: number, colors: Colors): string {
  const { state, tags, status, timers, invocations, inbox, quarantine, failedIn, joins = [] } = message
  const moment = (at: number): string => `${dateText(at)} (${agoText(at, now)})`
  return facts(
    [
      ['id', printable(message.id)],
      ['queue', message.queue],
      ['state', printable(tags.length > 0 ? `${state} (${tags.join(', ')})` : state)],
      ['status', status],
      ['quarantined', quarantine && printable(quarantine.reason)],
      ['failed in', failedIn && printable(`${failedIn.state}, at ${failedIn.event}`)],
      ['machine', printable(message.machine)],
      ['revision', String(message.revision)],
      ['created', moment(message.createdAt)],
      ['entered', moment(message.enteredAt)],
      ['due', dueText(message.attentionAt, now)],
      ['worker', message.worker && printable(message.worker)],
      ['parent', message.parent && printable(`${message.parent.id} of ${message.parent.queue}`)],
      ['children', list(joins.flatMap(childLines))],
      ['timers', list(timers.map(({ id, due }) => `${id} ${dueText(due, now)}`))],
      ['invocations', list(invocations.map(invocationLine))],
      ['inbox', list(inbox.map((event) => toJson(event)))],
      ['input', block(message.input)],
      ['context', block(message.context)],
      ['progress', block(message.progress)],
      ['output', block(message.output)],
      ['error', block(message.error)],
    ],
    colors,
  )
}

function invocationLine({ id, src, running, leasesLost = 0 }: Message['invocations'][number]): string {
  const lost = leasesLost === 0 ? '' : `, ${leasesLost} ${leasesLost === 1 ? 'worker' : 'workers'} lost`
  return `${id} (${src})${running ? ' running' : ''}${lost}`
}

/** Children one by one, but of many only how many there are. */
function childLines({ join, over, children }: MessageJoin): string[] {
  const ended = (status: string): number => children.filter((child) => child.status === status).length
  if (children.length > MOST_CHILDREN)
    return [`${join}: ${children.length} children, ${ended('done')} done, ${ended('failed')} failed`]
  return children.map(
    ({ queue, id, status }) => `${join}: ${id} of ${queue} ${status ?? (over ? 'not waited for' : 'under way')}`,
  )
}

const MOST_CHILDREN = 20

const list = (lines: readonly string[]): string | undefined => lines.map(printable).join('\n') || undefined

const block = (value: unknown): string | undefined => (value === undefined ? undefined : toJson(value, 2))
