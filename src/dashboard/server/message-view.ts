import { toMessage } from '../../client/reader.ts'
import { createKeys, partitionOf } from '../../store/keys.ts'
import type { ListedMessage, Store } from '../../store/store.ts'
import { RedriveError } from '../../errors.ts'
import { checkId, type EventData, type Message } from '../../message.ts'
import { errorFacts } from '../../client/steering/error-facts.ts'
import { attemptsOf } from '../../client/steering/message-filter.ts'
import type { MessageDetails } from '../shapes/message.ts'
import { dueAt } from './message-row.ts'
import type { Show } from './plain.ts'
import type { BoardQueue } from './queue-book.ts'

/** As users see it; the tags are known with the machine alone. */
export const asMessage = ({ name, known }: BoardQueue, { message, attentionAt }: ListedMessage): Message =>
  toMessage(name, message, attentionAt, known?.runtime.machine.tags ?? (() => []))

/** @throws RedriveError `E_NOT_FOUND`, `E_INVALID_ID` */
export async function readMessage(store: Store, { name, partitions }: BoardQueue, id: string): Promise<ListedMessage> {
  const partition = partitionOf(name, checkId(id), partitions.length)
  const [found] = await store.read(partition, [id])
  if (found) return found
  throw new RedriveError('E_NOT_FOUND', `there is no message "${id}" in "${name}".`, { id })
}

/** All that is known of a message, as the API tells it. */
export function messageView(
  queue: BoardQueue,
  listed: ListedMessage,
  show: Show,
  prefix: string,
  hides: boolean,
): Omit<MessageDetails, 'at'> {
  const message = asMessage(queue, listed)
  const {
    output,
    error,
    progress,
    worker,
    attentionAt,
    quarantine,
    inbox,
    history,
    input,
    context,
    sentInput,
    ...facts
  } = message
  const failure = errorFacts(message, show)
  return {
    message: {
      ...facts,
      input: show(input, 'input'),
      ...(sentInput === undefined ? {} : { sentInput: show(sentInput, 'input') }),
      context: show(context, 'context'),
      ...(output === undefined ? {} : { output: show(output, 'output') }),
      ...(error === undefined ? {} : { error: show(error, 'error') }),
      ...(failure ? { failure } : {}),
      ...(progress === undefined ? {} : { progress: show(progress, 'progress') }),
      value: valueOf(queue, message),
      attempts: attemptsOf(message),
      dueAt: dueAt(message),
      inbox: inbox.map((event) => show(event, 'event') as EventData),
      ...(worker === undefined ? {} : { worker, leaseUntil: attentionAt }),
      ...(quarantine ? { quarantine: show(quarantine, 'error') as typeof quarantine } : {}),
    },
    history: history.map(({ to, worker: by, seq, at, event, error: failed, changed }) => ({
      seq,
      at,
      event,
      state: to,
      ...(by === '' ? {} : { worker: by }),
      ...(failed === undefined ? {} : { error: show(failed, 'error') }),
      ...(changed ? { changed: { ...changed, set: show(changed.set, 'context') as typeof changed.set } } : {}),
    })),
    raw: { fields: hides ? {} : listed.message.fields, keys: keysOf(queue, message, prefix), hidden: hides },
  }
}

/** The state as XState has it, where the machine is known and has it. */
function valueOf({ known }: BoardQueue, { state }: Message): unknown {
  try {
    return known?.runtime.machine.template(state).value ?? state
  } catch {
    return state
  }
}

function keysOf({ name, partitions }: BoardQueue, { id, state }: Message, prefix: string): Record<string, string> {
  const keys = createKeys(prefix)
  const partition = partitionOf(name, id, partitions.length)
  return {
    message: keys.message(partition, id),
    state: keys.state(partition, state),
    inbox: keys.inbox(partition, id),
    lock: keys.lock(partition, id),
  }
}
