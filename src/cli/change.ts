import type { Command } from 'commander'
import type { Queue } from '../client/queue.ts'
import type { OperationPreview } from '../client/steering/steering.ts'
import type { OperationAction, OperationRequest } from '../client/steering/operation-request.ts'
import { RedriveError } from '../errors.ts'
import type { Message } from '../message.ts'
import { actorName } from './actor.ts'
import { operateOn } from './bulk-change.ts'
import { confirm } from './confirm.ts'
import type { Intervention } from './default-machine.ts'
import { EXIT, failureFacts, isRedisFailure, reportFailure } from './failure.ts'
import { addFilterOptions, filterOf, type FilterOptions } from './filter-options.ts'
import { endedBy, toTheEnd } from './interruption.ts'
import { printable } from './printable.ts'
import { createQueueDirectory } from './queue-directory.ts'
import { checkSelection, checkTakes, existing, isMissing, selectIds, type SelectionOptions } from './selection.ts'
import { withRedrive, type Runner, type Session } from './session.ts'
import { examples, milliseconds, usage, wholeNumber } from './usage.ts'

/** A verb that changes stored messages. */
export interface Change {
  readonly name: string
  readonly description: string
  /** What would become of a message, in a rehearsal. */
  readonly outcome: string
  /** Begins the question, as in `Delete 12 messages of "emails"?` */
  readonly question: string
  /** What it is as an operation on many. */
  readonly action: OperationAction
  /** What it sends to the machine, or what it does instead. Without either, the message is deleted. */
  readonly event?: Intervention
  readonly act?: (queue: Queue, id: string) => Promise<{ readonly status: string }>
  /** The one state that it is for. */
  readonly only?: string
  /** Whether it is asked about even for a single message that was named. */
  readonly destructive: boolean
  readonly examples: readonly string[]
}

interface ChangeOptions extends SelectionOptions, FilterOptions {
  /** Messages per second. */
  readonly rate?: number

  readonly dryRun?: true
  readonly yes?: true
  /** Milliseconds. */
  readonly wait?: number
}

/** Messages that are changed at the same time. */
const AT_ONCE = 50

export function addChange(program: Command, runner: Runner, change: Change): void {
  const command = program
    .command(change.name)
    .description(change.description)
    .argument('<queue>')
    .argument('[ids...]')
    .option('--state <name>', 'all messages in this state')
    .option('--all', 'all messages in every state that this is for')
    .option('--limit <number>', 'at most so many of them, the oldest first', wholeNumber('--limit', { min: 1 }))
    .option('--rate <number>', 'at most so many a second', wholeNumber('--rate', { min: 1, max: 10_000 }))
    .option('--module <file>', 'defines the queue, where it has a machine of its own')
    .option('--dry-run', 'tell what would happen, and change nothing')
    .option('--yes', 'do not ask')
  if (change.event) command.option('--wait <duration>', 'until a worker has taken it up', milliseconds('--wait'))
  addFilterOptions(command)
  command
    .addHelpText('after', examples(...change.examples))
    .action((queue: string, ids: string[], options: ChangeOptions, command: Command) =>
      runner.run(command, (session) => changeMessages(session, change, queue, ids, options)),
    )
}

async function changeMessages(
  session: Session,
  change: Change,
  name: string,
  given: readonly string[],
  options: ChangeOptions,
): Promise<number> {
  checkSelection(change.name, given, options)
  const filter = given.length > 0 ? undefined : filterOf(options.state ?? change.only, options)
  return withRedrive(session, async (redrive) => {
    const queue = await createQueueDirectory(redrive, options).open(name)
    if (filter) return changeFiltered(session, change, queue, { filter, ...requestOf(change, options) }, options)
    const ids = given.length > 0 ? [...new Set(given)] : await selected(queue, change, options)
    if (ids.length === 0) {
      session.output.note(`no messages to ${change.name} in "${name}"`)
      return EXIT.ok
    }
    const asks = change.destructive || given.length === 0
    return agreed(session, asks, question(change, ids.length, name), options, () => {
      const bulk = (given.length === 0 || options.rate !== undefined) && !options.dryRun && options.wait === undefined
      if (bulk) return operateOn(session, queue, { ids, ...requestOf(change, options) })
      return changeAll(session, queue, ids, options.dryRun ? rehearsal(change, options) : deed(change, options))
    })
  })
}

const selected = (queue: Queue, { event, only }: Change, options: ChangeOptions): Promise<string[]> =>
  selectIds(queue, event, only === undefined ? options : { ...options, state: options.state ?? only })

const requestOf = ({ action }: Change, { limit, rate }: ChangeOptions): OperationRequest => ({
  action,
  ...(limit === undefined ? {} : { limit }),
  ...(rate === undefined ? {} : { ratePerSecond: rate }),
})

async function changeFiltered(
  session: Session,
  change: Change,
  queue: Queue,
  request: OperationRequest,
  options: ChangeOptions,
): Promise<number> {
  if (options.wait !== undefined) throw usage('--wait is for messages that are named, not for a filter.')
  const found = await queue.preview(request)
  if (options.dryRun) {
    session.output.record({ ...found, dryRun: true }, () => previewText(change, found))
    return EXIT.ok
  }
  const asked = question(change, found.matching, queue.name, found.complete)
  return agreed(session, true, asked, options, () => operateOn(session, queue, request))
}

const previewText = ({ outcome }: Change, { matching, examined, complete, sample }: OperationPreview): string =>
  [
    `${matching} of ${examined} messages would be ${outcome}${complete ? '' : '; there are more, which were not looked at'}`,
    ...(sample.length === 0 ? [] : [`such as ${sample.map(printable).join(', ')}`]),
  ].join('\n')

/** Asks where that is due, and acts. */
async function agreed(
  session: Session,
  asks: boolean,
  asked: string,
  { yes, dryRun }: ChangeOptions,
  act: () => Promise<number>,
): Promise<number> {
  const answer = asks && !yes && !dryRun ? await confirm(session.terminal, asked) : 'yes'
  if (answer === 'yes') return toTheEnd(session.interruption, act)
  session.output.note('nothing was changed')
  return answer === 'interrupted' ? endedBy('SIGINT') : EXIT.failed
}

const question = (change: Change, count: number, queue: string, complete = true): string =>
  `${change.question} ${complete ? '' : 'at least '}${count} message${count === 1 ? '' : 's'} of "${queue}"?`

/** What is done with each message; returns what became of it. */
type Deed = (queue: Queue, id: string) => Promise<Readonly<Record<string, unknown>> & { readonly status: string }>

function deed({ event, act, only }: Change, { module, wait }: ChangeOptions): Deed {
  if (act)
    return (queue, id) =>
      inState(queue, id, only)
        .then(() => act(queue, id))
        .then(({ status }) => ({ status }))
  if (!event) return remove
  return async (queue, id) => {
    await checkTakes(queue, id, event, module)
    const given = { actor: actorName(), ...(wait === undefined ? {} : { wait }) }
    const { status, state } = await (event === 'REDRIVE'
      ? queue.redrive(id, given)
      : queue.signal(id, { type: event }, given))
    return { status, ...(state === undefined ? {} : { state }) }
  }
}

/** @throws RedriveError `E_USAGE` for a message that is in another state than the verb is for. */
async function inState(queue: Queue, id: string, only: string | undefined): Promise<Message> {
  const message = await existing(queue, id)
  if (only === undefined || message.state === only) return message
  throw new RedriveError('E_USAGE', `"${id}" is in ${message.state}, not in ${only}.`, { id, state: message.state })
}

async function remove(queue: Queue, id: string): Promise<{ readonly status: string }> {
  await queue.remove(id, { actor: actorName() })
  return { status: 'deleted' }
}

function rehearsal({ outcome, event, only }: Change, { module }: ChangeOptions): Deed {
  return async (queue, id) => {
    const { state } = event ? await checkTakes(queue, id, event, module) : await inState(queue, id, only)
    return { status: `would be ${outcome}`, state, dryRun: true }
  }
}

/** Goes on after a message that cannot be changed; not after Redis has gone. */
async function changeAll(session: Session, queue: Queue, ids: readonly string[], act: Deed): Promise<number> {
  let [failed, missing] = [0, 0]
  for (let i = 0; i < ids.length; i += AT_ONCE) {
    const some = ids.slice(i, i + AT_ONCE)
    const settled = await Promise.allSettled(some.map((id) => act(queue, id)))
    settled.forEach((each, j) => {
      tell(session, some[j]!, each)
      if (each.status === 'fulfilled') return
      if (isRedisFailure(each.reason)) throw each.reason
      if (isMissing(each.reason)) missing++
      else failed++
    })
  }
  if (failed > 0) return EXIT.failed
  return missing > 0 ? EXIT.notFound : EXIT.ok
}

function tell(
  { output, terminal }: Session,
  id: string,
  settled: PromiseSettledResult<Awaited<ReturnType<Deed>>>,
): void {
  if (settled.status === 'fulfilled') {
    const { value } = settled
    return output.record({ id, ...value }, () => `${printable(id)}  ${value.status}`)
  }
  if (isRedisFailure(settled.reason)) return
  const status = isMissing(settled.reason) ? 'not found' : 'failed'
  output.record({ id, status, error: failureFacts(settled.reason) }, () => `${printable(id)}  ${status}`)
  reportFailure(settled.reason, terminal, { json: output.json })
}
