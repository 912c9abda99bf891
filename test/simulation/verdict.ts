import { isDeepStrictEqual } from 'node:util'
import { describe } from '../../src/engine/description.ts'
import { readMail } from '../../src/events/mail-text.ts'
import type { MemoryStore } from '../../src/store/memory-store.ts'
import type { Transition } from '../../src/message.ts'
import type { StoredMessage } from '../../src/store/store.ts'
import { actionFaults, chainFaults, indexFaults, noteFaults } from '../chaos/rules.ts'
import type { ParentContext } from './charts.ts'
import type { Errand } from './errands.ts'
import type { Executions } from './executions.ts'
import type { MessageRecord } from './message-record.ts'
import { feedKey, type Followed, type Setting } from './roles.ts'
import type { Witness } from './witness.ts'
import type { World } from './world.ts'

export interface Outcome {
  readonly world: World
  readonly witness: Witness
  readonly executions: Executions
  readonly settings: readonly Setting[]
  readonly errands: readonly Errand[]
  readonly followed: readonly Followed[]
}

/** Whether everything that was asked for has come to its end. */
export function isDrained({ records }: Witness, errands: readonly Errand[]): boolean {
  if (errands.some(({ over }) => !over)) return false
  for (const { gone, owner, attention } of records.values())
    if (!gone && (owner !== undefined || attention !== undefined)) return false
  return true
}

/** What must hold at the end of a run. */
export async function judge(outcome: Outcome, store: MemoryStore): Promise<void> {
  const { world, witness, executions, errands } = outcome
  for (const errand of errands) {
    const record = witness.find(errand.chart.name, errand.id)
    const blame = (rule: string): void => world.violate(`"${errand.id}" ${rule}`)
    if (!record) {
      if (errand.sent === 'acknowledged') blame('was acknowledged and is lost')
      continue
    }
    const run = Array.from({ length: executions.actions(errand.id) }, () => 'tell')
    for (const fault of actionFaults(
      [...record.actions].map(() => 'tell'),
      run,
    ))
      blame(fault)
    if (errand.chart.takesNotes) notes(record, errand, blame)
    resultsOf(record, errand, blame)
  }
  for (const record of witness.records.values()) {
    const blame = (rule: string): void => world.violate(`"${record.id}" ${rule}`)
    atAnEnd(record, blame)
    if (record.queue === 'parents') joined(record, witness, blame)
  }
  outboxOrder(outcome)
  feeds(outcome)
  await agreement(outcome, store)
}

type Blame = (rule: string) => void

function atAnEnd({ transitions, state, owner }: MessageRecord, blame: Blame): void {
  const last = transitions.at(-1)!
  if (last.status === 'active' && !last.tags.includes('settled')) blame(`is at rest in ${state}, which is no end`)
  if (owner !== undefined) blame('is still owned by a worker')
  for (const fault of chainFaults(transitions)) blame(fault)
}

/** Each acknowledged note was taken once, and those of one client in the order in which they were given. */
function notes(record: MessageRecord, { told }: Errand, blame: Blame): void {
  const numbers = (texts: readonly string[]): number[] =>
    texts.map(readMail).flatMap(({ type, n }) => (type === 'NOTE' && typeof n === 'number' ? [n] : []))
  const taken = numbers(record.taken)
  const arrived = [...taken, ...numbers(record.dropped)]
  const kept = contextOf(record)['notes']
  if (!Array.isArray(kept) || !isDeepStrictEqual(kept, taken.slice(0, kept.length)))
    blame(`has the notes ${JSON.stringify(kept)}, and took ${JSON.stringify(taken)}`)
  for (const client of new Set(told.map(({ by }) => by))) {
    const own = told.filter(({ by, event }) => by === client && event.type === 'NOTE')
    const ordered = own.filter(({ eventId }) => eventId === undefined).map(({ event }) => Number(event['n']))
    const asTold = own.map(({ event, answer }) => ({
      number: Number(event['n']),
      promised: answer === 'delivered' || answer === 'duplicate',
    }))
    for (const fault of noteFaults({ taken: arrived, told: asTold, ordered: new Set(ordered) })) blame(fault)
  }
}

/** A parent hears once that all its children have ended, and how each did; and hears itself once. */
function joined(record: MessageRecord, { find }: Witness, blame: Blame): void {
  const { joins, echoes, results } = contextOf(record) as unknown as ParentContext
  if (joins !== 1 || echoes !== 1) blame(`joined its children ${joins} times, and heard itself ${echoes} times`)
  if (results.length !== 3) blame(`joined ${results.length} children, and had 3`)
  for (const { queue, id, status } of results) {
    const last = find(queue, id)?.transitions.at(-1)
    const isDone = last?.tags.includes('succeeded') ?? false
    if (!last || isDone !== (status === 'done')) blame(`takes its child "${id}" for ${status}, which is in ${last?.to}`)
  }
}

const contextOf = ({ id, fields }: MessageRecord): Readonly<Record<string, unknown>> =>
  describe({ id, fields: Object.fromEntries(fields), timers: [] } as unknown as StoredMessage).context

function resultsOf({ transitions }: MessageRecord, { results: heard }: Errand, blame: Blame): void {
  const ends = transitions.filter(({ status, tags }) => status !== 'active' || tags.includes('settled'))
  for (const { value, code } of heard) {
    if (code === 'E_TIMEOUT' || code === 'E_CLOSED' || code === 'E_NOT_FOUND' || code === 'E_REDIS_UNAVAILABLE')
      continue
    const fits = ends.some(({ status, tags, output }) =>
      code === undefined
        ? status === 'done' && !tags.includes('cancelled') && isDeepStrictEqual(output, value)
        : tags.includes(code === 'E_CANCELLED' ? 'cancelled' : 'dead'),
    )
    if (!fits) blame(`gave the result ${JSON.stringify(code ?? value)}, and never ended so`)
  }
}

/**
 * What is sent after a producer has heard that something lies on its disk comes to the store behind that. Batches travel together, so a
 * server that refuses one and takes the next changes their order: docs/guides/outbox.md tells of it.
 */
function outboxOrder({ world, witness: { records }, errands }: Outcome): void {
  if (world.counts.refuse) return
  // Records are kept in the order in which their messages were stored.
  const places = new Map([...records.values()].map(({ queue, id }, i) => [`${queue}/${id}`, i]))
  const placeOf = ({ chart, id }: Errand): number => places.get(`${chart.name}/${id}`) ?? Infinity
  for (const first of errands) {
    const { spooledAt = Infinity } = first
    const overtook = errands.find((then) => (then.sentAt ?? -1) > spooledAt && placeOf(then) < placeOf(first))
    if (overtook)
      world.violate(`"${overtook.id}" was stored before "${first.id}", which lay on the disk when it was sent`)
  }
}

function feeds({ world, witness, followed }: Outcome): void {
  for (const { id, event, to } of unseen(witness, followed))
    world.violate(`"${id}" had ${event} to ${to} not in the feed`)
}

/** Transitions that a follower of their feed has not seen. */
export function unseen({ records }: Witness, followed: readonly Followed[]): Transition[] {
  return [...records.values()].flatMap(({ queue, transitions }) => {
    const seen = followed.find((each) => each.queue === queue)?.seen
    return seen ? transitions.filter((transition) => !seen.has(feedKey(transition))) : []
  })
}

/** The sets, the hashes and what was answered tell the same. */
async function agreement({ world, witness: { records }, settings }: Outcome, store: MemoryStore): Promise<void> {
  for (const { chart, common } of settings) {
    const here = [...records.values()].filter(({ queue, gone }) => queue === chart.name && !gone)
    const states = new Map(here.map(({ id, state }) => [id, state]))
    const listed = new Map<string, string[]>()
    for (let index = 0; index < (common.partitions ?? 1); index++) {
      const partition = { queue: chart.name, index }
      for (const [state, population] of (await store.stats(partition)).states) {
        const found = await store.list(partition, { state, offset: 0, limit: 1000, newestFirst: false })
        if (found.length !== population) world.violate(`${state} has ${population} messages, and lists ${found.length}`)
        const ids = found.map(({ message }) => message.id)
        listed.set(state, [...(listed.get(state) ?? []), ...ids])
      }
    }
    for (const [id, fault] of indexFaults(states, listed)) world.violate(`"${id}": ${fault}`)
  }
}
