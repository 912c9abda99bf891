import { readFile } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import type { Command } from 'commander'
import type { Queue, SendOptions } from '../../client/queue.ts'
import { EXIT } from '../failure.ts'
import { createQueueDirectory } from '../queue-directory.ts'
import { sendFile } from '../send-file.ts'
import { withRedrive, type Runner, type Session } from '../session.ts'
import { examples, milliseconds, usage, wholeNumber } from '../usage.ts'

interface SendCommandOptions {
  readonly id?: string
  readonly delay?: number
  /** Milliseconds since 1970. */
  readonly at?: number
  readonly data?: string
  readonly attempts?: number
  readonly file?: string
  readonly envelope?: true
  readonly module?: string
}

export function addSend(program: Command, runner: Runner): void {
  program
    .command('send')
    .description('send one message, or a file of them')
    .argument('<queue>', 'begins to exist with its first message')
    .argument('[json]', 'the input of the message; - reads NDJSON from stdin')
    .option('--id <id>', 'a second send of the same id is answered "duplicate" and changes nothing')
    .option('--delay <duration>', 'until the first delivery, such as 10m', milliseconds('--delay'))
    .option('--at <time>', 'of the first delivery, such as 2026-12-24T18:00:00Z', instant)
    .option('--data <json>', 'the input; @file reads it from a file, and - from stdin')
    .option('--attempts <number>', 'before a message is dead', wholeNumber('--attempts', { min: 1 }))
    .option('--file <path>', 'NDJSON, one input a line; - is stdin')
    .option('--envelope', 'lines are {"input": …, "id": …, "delay": …, "retry": …}')
    .option('--module <file>', 'defines the queue, where it has a machine or a schema of its own')
    .addHelpText('after', examples(...EXAMPLES))
    .action((queue: string, json: string | undefined, options: SendCommandOptions, command: Command) =>
      runner.run(command, (session) => send(session, queue, json, options)),
    )
}

const EXAMPLES = [
  `redrive send emails '{"to":"ada@example.com"}' --id e1 --delay 10m`,
  'redrive send emails --data @email.json --at 2026-12-24T18:00:00Z',
  'redrive send emails --file emails.ndjson',
  `jq -c '.[]' emails.json | redrive send emails - --json`,
]

async function send(
  session: Session,
  name: string,
  json: string | undefined,
  options: SendCommandOptions,
): Promise<number> {
  if (options.at !== undefined && options.delay !== undefined) throw usage('give --delay or --at, but not both.')
  const file = fileOf(json, options)
  const input = file === undefined ? await readInput(session, json, options.data) : undefined
  return withRedrive(session, async (redrive) => {
    const queue = await createQueueDirectory(redrive, options).create(name)
    return file === undefined
      ? sendOne(session, queue, input, options)
      : sendFile(session, queue, file, { common: common(options), envelope: options.envelope === true })
  })
}

function fileOf(json: string | undefined, { file, id, envelope, data }: SendCommandOptions): string | undefined {
  if (data !== undefined) {
    if (json !== undefined || file !== undefined || envelope)
      throw usage('--data is the payload of one message: leave the JSON, --file and --envelope out.')
    return undefined
  }
  if (json !== undefined && file !== undefined) throw usage('give a payload or --file, but not both.')
  const path = json === '-' ? '-' : file
  if (path === undefined && json === undefined)
    throw usage('give a payload as JSON, --data @<file>, or --file <path> for many.')
  if (path === undefined && envelope) throw usage('--envelope goes with --file.')
  if (path !== undefined && id !== undefined) throw usage('--id is for one message; in a file, use --envelope.')
  return path
}

async function readInput(session: Session, json: string | undefined, data: string | undefined): Promise<unknown> {
  if (data === '-') return parseInput(await text(session.terminal.stdin), 'stdin')
  if (data?.startsWith('@')) return parseInput(await textOf(data.slice(1)), `"${data.slice(1)}"`)
  return parseInput(data ?? json ?? '')
}

async function textOf(path: string): Promise<string> {
  if (path === '') throw usage('--data @ lacks the name of a file, as in --data @order.json.')
  return readFile(path, 'utf8').catch((error: unknown) => {
    throw usage(`"${path}" cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  })
}

/** Reads the value of `--at`. */
function instant(value: string): number {
  const at = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/.test(value)
    ? Date.parse(value)
    : NaN
  if (Number.isNaN(at))
    throw usage(`--at must be a time such as "2026-12-24T18:00:00Z" or "2026-12-24T18:00:00+01:00"; got "${value}".`)
  if (at < Date.now()) throw usage(`--at is ${value}, which has passed: leave it out to send at once.`)
  return at
}

function parseInput(json: string, from?: string): unknown {
  try {
    // Editors of some systems put a mark before the text.
    return JSON.parse(json.replace(/^\uFEFF/, '')) as unknown
  } catch (error) {
    const why = (error as SyntaxError).message
    if (from !== undefined) throw usage(`the payload in ${from} is not JSON: ${why}.`)
    throw usage(`the payload is not JSON: ${why}. Quote it for the shell, as in '{"to":"ada@example.com"}'.`)
  }
}

const common = ({ delay, at, attempts }: SendCommandOptions): SendOptions => ({
  ...(delay === undefined ? {} : { delay }),
  ...(at === undefined ? {} : { delay: Math.max(0, at - Date.now()) }),
  ...(attempts === undefined ? {} : { retry: { attempts } }),
})

async function sendOne(
  { output }: Session,
  queue: Queue,
  input: unknown,
  options: SendCommandOptions,
): Promise<number> {
  const { id } = options
  const result = await queue.send(input, { ...common(options), ...(id === undefined ? {} : { id }) })
  output.record(result, () => `${result.id}  ${result.status}`)
  return EXIT.ok
}
