import type { Queue } from '../client/queue.ts'
import { hasCode, RedriveError } from '../errors.ts'
import { checkId, type Message } from '../message.ts'
import { isDefaultMachine, statesTaking, takenBy, type Intervention } from './default-machine.ts'
import { messagesOf } from './messages-of.ts'
import { FAILED } from '../store/store.ts'
import { usage } from './usage.ts'

export interface SelectionOptions {
  readonly state?: string
  readonly all?: true
  readonly limit?: number
  readonly module?: string
}

/** Refuses a selection of nothing, and one that says two things. */
export function checkSelection(verb: string, ids: readonly string[], { state, all, limit }: SelectionOptions): void {
  const bulk = state !== undefined || all === true
  if (ids.length === 0 && !bulk) throw usage(`say which messages to ${verb}: ids, --state <name> or --all.`)
  if (ids.length > 0 && bulk) throw usage(`give ids, or --state or --all, but not both.`)
  if (limit !== undefined && !bulk) throw usage('--limit goes with --state or --all.')
  ids.forEach(checkId)
}

/**
 * The ids of a bulk selection, the oldest first. They are read before anything is changed, because a change moves messages between
 * the pages of a list. Without a limit they are read from the newest on: a queue grows at that end, so what comes meanwhile
 * moves messages into pages still to be read, and none out of them.
 */
export async function selectIds(
  queue: Queue,
  event: Intervention | undefined,
  { state, limit = Infinity, module }: SelectionOptions,
): Promise<string[]> {
  const states = state === undefined ? await candidateStates(queue, module === undefined ? event : undefined) : [state]
  const newestFirst = limit === Infinity
  const ids = new Set<string>()
  for (const each of states) {
    for await (const message of messagesOf(queue, { state: each, newestFirst, limit: Infinity })) {
      if (event === undefined || mayTake(message, event)) ids.add(message.id)
      if (ids.size === limit) return [...ids]
    }
  }
  return newestFirst ? [...ids].toReversed() : [...ids]
}

/** Where nothing else is known, the default machine says which states an event is for. */
async function candidateStates(queue: Queue, event: Intervention | undefined): Promise<string[]> {
  const { states } = await queue.stats()
  const takers = event && statesTaking(event)
  return Object.keys(states).filter(
    (state) => !takers || takers.includes(state) || (event === 'REDRIVE' && state === FAILED),
  )
}

const mayTake = (message: Message, event: Intervention): boolean =>
  isRedrivable(message, event) || (message.status === 'active' && (takenBy(message)?.includes(event) ?? true))

/** One that failed needs no machine here: its worker has it. */
const isRedrivable = ({ failedIn }: Message, event: Intervention): boolean =>
  event === 'REDRIVE' && failedIn !== undefined

/**
 * Refuses an event that would be delivered and change nothing.
 * @throws RedriveError `E_NOT_FOUND`, `E_UNKNOWN_EVENT`, `E_UNKNOWN_MACHINE`
 */
export async function checkTakes(queue: Queue, id: string, event: Intervention, module?: string): Promise<Message> {
  const message = await existing(queue, id)
  const { state, machine, status } = message
  if (isRedrivable(message, event)) return message
  if (module === undefined && !isDefaultMachine(machine)) {
    const text = `"${id}" has a machine of its own, ${machine}: name the module that defines the queue, by --module <file>.`
    throw new RedriveError('E_UNKNOWN_MACHINE', text, { id, machine })
  }
  const taken = takenBy(message) ?? [event]
  if (status === 'active' && taken.includes(event)) return message
  const possible = status === 'active' && taken.length > 0 ? `Possible: ${taken.join(', ')}.` : 'It is finished.'
  throw new RedriveError('E_UNKNOWN_EVENT', `"${id}" is in ${state}, where ${event} does nothing. ${possible}`, {
    id,
    state,
    event,
  })
}

export async function existing(queue: Queue, id: string): Promise<Message> {
  const message = await queue.get(id)
  if (message) return message
  throw new RedriveError('E_NOT_FOUND', `there is no message "${id}" in "${queue.name}".`, { id })
}

export const isMissing = (error: unknown): boolean => hasCode(error, 'E_NOT_FOUND')
