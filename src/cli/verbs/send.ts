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
  'redrive send emails --file emails.ndjson',
  `jq -c '.[]' emails.json | redrive send emails - --json`,
]

async function send(
  session: Session,
  name: string,
  json: string | undefined,
  options: SendCommandOptions,
): Promise<number> {
  const file = fileOf(json, options)
  const input = file === undefined ? parseInput(json) : undefined
  return withRedrive(session, async (redrive) => {
    const { queue, isNew, near } = await createQueueDirectory(redrive, options).create(name)
    if (isNew && near !== undefined) session.output.note(`"${name}" is a new queue. Did you mean "${near}"?`)
    return file === undefined
      ? sendOne(session, queue, input, options)
      : sendFile(session, queue, file, { common: common(options), envelope: options.envelope === true })
  })
}

function fileOf(json: string | undefined, { file, id, envelope }: SendCommandOptions): string | undefined {
  if (json !== undefined && file !== undefined) throw usage('give a payload or --file, but not both.')
  const path = json === '-' ? '-' : file
  if (path === undefined && json === undefined) throw usage('give a payload as JSON, or --file <path>.')
  if (path === undefined && envelope) throw usage('--envelope goes with --file.')
  if (path !== undefined && id !== undefined) throw usage('--id is for one message; in a file, use --envelope.')
  return path
}

function parseInput(json: string | undefined): unknown {
  try {
    return JSON.parse(json ?? '') as unknown
  } catch (error) {
    const why = (error as SyntaxError).message
    throw usage(`the payload is not JSON: ${why}. Quote it for the shell, as in '{"to":"ada@example.com"}'.`)
  }
}

const common = ({ delay, attempts }: SendCommandOptions): SendOptions => ({
  ...(delay === undefined ? {} : { delay }),
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
