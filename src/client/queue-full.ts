import type { QueueRuntime } from '../engine/runtime.ts'
import { asError, hasCode, RedriveError } from '../errors.ts'
import type { SendResult } from '../message.ts'
import type { Refusal } from '../store/bounds.ts'

const OPTION = { messages: 'maxMessages', bytes: 'maxBytes' } as const

const MEND = {
  messages: 'Send again when workers have caught up, add workers, or raise maxMessages.',
  bytes:
    'There is no room for this one. Keep settled messages for a shorter time, send smaller ones, or raise maxBytes.',
} as const

/** A message that its queue has no room for, or whose key is taken by something else. */
export function queueFull(
  { name, partitions, settings }: QueueRuntime,
  id: string,
  { refused, held }: Refusal,
): RedriveError {
  if (refused === 'foreign') return foreignKey(name, id, 'it was not stored')
  const limit = settings.bounds[refused] ?? held
  const where = partitions.length === 1 ? `"${name}"` : `the partition of "${name}" for this id`
  return new RedriveError(
    'E_QUEUE_FULL',
    `"${id}" was not stored: ${where} holds ${held} of ${limit} ${refused} (${OPTION[refused]}). ${MEND[refused]}`,
    { id, bound: OPTION[refused], held, limit },
  )
}

/** What is no message, where one should be: another program wrote there. */
export const foreignKey = (queue: string, id: string, so: string): RedriveError =>
  new RedriveError(
    'E_FOREIGN_KEY',
    `the keys of "${id}" in "${queue}" hold something that is no message of Redrive, so ${so}. See what it is (redrive doctor); queue.remove("${id}") deletes it.`,
    { id },
  )

/**
 * The answers to many sends. Where some were refused for lack of room, the others are stored all the same: the error says which were not,
 * so that just these can be sent again.
 */
export async function answersOf(ids: readonly string[], sends: readonly Promise<SendResult>[]): Promise<SendResult[]> {
  const settled = await Promise.allSettled(sends)
  const failures = settled.flatMap((each) => (each.status === 'rejected' ? [each.reason as unknown] : []))
  const other = failures.find((error) => !hasCode(error, 'E_QUEUE_FULL'))
  if (other !== undefined) throw asError(other)
  const [first] = failures as RedriveError[]
  if (first) {
    const refused = ids.filter((_, i) => settled[i]!.status === 'rejected')
    const text = first.message.replace(/^E_QUEUE_FULL: /, '')
    throw new RedriveError(
      'E_QUEUE_FULL',
      `${refused.length} of ${ids.length} messages were not stored, the others were; the first: ${text}`,
      { ...first.details, refused },
    )
  }
  return settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []))
}
