import type { Command } from 'commander'
import type { Queue } from '../../client/queue.ts'
import { RedriveError } from '../../errors.ts'
import type { EventData, Message } from '../../message.ts'
import { actorName } from '../actor.ts'
import { isDefaultMachine } from '../default-machine.ts'
import { EXIT } from '../failure.ts'
import { parseEvent } from '../parse-event.ts'
import { printable } from '../printable.ts'
import { createQueueDirectory } from '../queue-directory.ts'
import { existing } from '../selection.ts'
import { withRedrive, type Runner, type Session } from '../session.ts'
import { examples, milliseconds } from '../usage.ts'

interface SignalCommandOptions {
  readonly data?: string
  readonly eventId?: string
  /** Milliseconds. */
  readonly wait?: number
  readonly module?: string
}

export function addSignal(program: Command, runner: Runner): void {
  program
    .command('signal')
    .description('send an event to the machine of one message')
    .argument('<queue>')
    .argument('<id>')
    .argument('<event>', 'its type, or all of it as a JSON object')
    .option('--data <json>', 'an object: what the event carries beside its type')
    .option('--event-id <id>', 'a second signal of the same id is answered "duplicate" and changes nothing')
    .option('--wait <duration>', 'until a worker has taken it up', milliseconds('--wait'))
    .option('--module <file>', 'defines the queue, where it has a machine of its own')
    .addHelpText('after', examples(...EXAMPLES))
    .action((queue: string, id: string, event: string, options: SignalCommandOptions, command: Command) =>
      runner.run(command, (session) => signal(session, queue, id, parseEvent(event, options.data), options)),
    )
}

const EXAMPLES = [
  'redrive signal emails e1 RETRY',
  `redrive signal orders order-17 APPROVE --data '{"by":"ada"}' --module worker.mjs --wait 5s`,
  `redrive signal orders order-17 '{"type":"APPROVE","by":"ada"}' --event-id ada-1 --module worker.mjs`,
]

async function signal(
  session: Session,
  name: string,
  id: string,
  event: EventData,
  options: SignalCommandOptions,
): Promise<number> {
  const { eventId, wait } = options
  return withRedrive(session, async (redrive) => {
    const queue = await createQueueDirectory(redrive, options).open(name)
    checkMachine(await existing(queue, id), queue, options)
    const result = await queue.signal(id, event, {
      actor: actorName(),
      ...(eventId === undefined ? {} : { eventId }),
      ...(wait === undefined ? {} : { wait }),
    })
    const { status, state } = result
    session.output.record({ ...result, event: event.type }, () =>
      [printable(id), status, ...(state === undefined ? [] : [printable(state)])].join('  '),
    )
    return EXIT.ok
  })
}

/**
 * Only the machine says which events there are; an event that it does not know would be delivered, and dropped without a word.
 * @throws RedriveError `E_UNKNOWN_MACHINE`
 */
function checkMachine({ id, machine }: Message, { name }: Queue, { module }: SignalCommandOptions): void {
  if (module !== undefined || isDefaultMachine(machine)) return
  const text = `"${id}" has a machine of its own, ${machine}: name the module that defines "${name}", by --module <file>.`
  throw new RedriveError('E_UNKNOWN_MACHINE', text, { id, machine })
}
