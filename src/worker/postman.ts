import type { PendingAction } from '../engine/action.ts'
import {
  CHILD,
  childRef,
  readReport,
  reportEvent,
  restoreJoins,
  standing,
  type ChildReport,
  type Join,
} from '../engine/join.ts'
import { OUTGOING, type CancelParams, type ReportParams } from '../engine/outgoing.ts'
import { readParent } from '../engine/parent.ts'
import type { Letter, StartTerms } from '../engine/post.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { FIELD, type LiveMessage } from '../engine/snapshot.ts'
import { errorSummary } from '../engine/storable.ts'
import type { Stimulus } from '../engine/stimulus.ts'
import { encode } from '../codec.ts'
import { readMail } from '../events/mail-text.ts'
import { partitionOf } from '../store/keys.ts'
import type { SendParams, StartParams } from '../../machines/talk.ts'

/** Carries out what a message asks of others, one thing after the other, so that its events arrive in their order. */
export interface Postman {
  carry(message: LiveMessage, actions: readonly PendingAction[]): void
  /** What is not done stays pending: the next worker of the message does it. */
  stop(): void
}

export interface PostmanParts {
  done(stimulus: Stimulus): void
  /** Whether the message is this worker's by all that it knows. */
  holds(): boolean
  /** Nothing can be done for long. */
  tired(): void
}

/**
 * What fails because Redis is away, or full, is tried again for as long as the worker has the message: it was committed, and somebody
 * relies on it. What can never succeed is logged and left.
 */
export function createPostman(queue: QueueRuntime, { done, holds, tired }: PostmanParts): Postman {
  let last = Promise.resolve()
  let stopped = false
  let hurry = (): void => {}

  async function carryAll(message: LiveMessage, actions: readonly PendingAction[]): Promise<void> {
    const refused: ChildReport[] = []
    for (const action of actions) {
      const outcome = await insist(message, action)
      if (!outcome) return
      refused.push(...outcome)
    }
    if (!stopped) done({ type: 'ran', nonces: actions.map(({ nonce }) => nonce), refused })
  }

  async function insist(message: LiveMessage, action: PendingAction): Promise<readonly ChildReport[] | undefined> {
    for (let attempt = 1; !stopped; attempt++) {
      try {
        return await perform(queue, message, action, { holds, again: attempt > 1 || isOld(action, message) })
      } catch (error) {
        queue.log.postFailed(message.id, action.name, error)
        if (attempt >= PATIENCE) tired()
        await pause(Math.min(50 * 2 ** attempt, LONGEST_PAUSE))
      }
    }
    return undefined
  }

  function pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = queue.clock.after(ms, resolve)
      hurry = () => {
        cancel()
        resolve()
      }
      if (stopped) hurry()
    })
  }

  return {
    carry(message, actions) {
      last = last.then(() => carryAll(message, actions))
    },
    stop() {
      stopped = true
      hurry()
    },
  }
}

const LONGEST_PAUSE = 2000
/** Attempts after which the message had better make room for others. */
const PATIENCE = 3

/** @returns the children that cannot be started. @throws what may pass. */
function perform(
  queue: QueueRuntime,
  message: LiveMessage,
  action: PendingAction,
  terms: Pick<StartTerms, 'again' | 'holds'>,
): Promise<readonly ChildReport[]> {
  const { name, params, nonce } = action
  if (name === OUTGOING.start) return start(queue, message, nonce, params as StartParams, terms)
  return deliverAll(queue, message, lettersOf(queue, message, action))
}

/** Whether somebody may have begun with it before: it is of an earlier commit than the last, or of a first step that another took. */
function isOld({ nonce }: PendingAction, { revision }: LiveMessage): boolean {
  const claimedFirst = 2
  return revision !== revisionOf(nonce) && !(revisionOf(nonce) === 1 && revision === claimedFirst)
}

function lettersOf(
  { name: queue }: QueueRuntime,
  message: LiveMessage,
  { name, params, nonce }: PendingAction,
): Letter[] {
  const { id, createdAt } = message
  // With the time of its sender, so that what a later message of the same id sends is not taken for a repetition.
  const eventId = `${queue}/${id}/${createdAt}/${nonce}`
  if (name === OUTGOING.send) {
    const { target, event } = params as SendParams
    return [{ target, event, eventId }]
  }
  if (name === OUTGOING.cancel) {
    const { children } = params as CancelParams
    return children.map((target, i) => ({ target, event: { type: 'CANCEL' }, eventId: `${eventId}/${i}` }))
  }
  const { failed, value } = params as ReportParams
  const { born, nonce: start, index, ...target } = readParent(message.fields[FIELD.parent] ?? '[]')
  const text = encode(value, 'output')
  // Without an event id: the join knows each child, and a thousand ids would displace those of other senders.
  return [{ target, event: reportEvent({ born, nonce: start, index, failed, text, at: revisionOf(nonce) }) }]
}

/** A nonce begins with the revision of its commit. */
const revisionOf = (nonce: string): number => parseInt(nonce, 36) + 1

async function deliverAll(queue: QueueRuntime, { id }: LiveMessage, letters: readonly Letter[]): Promise<[]> {
  const refusals = await Promise.all(letters.map((letter) => queue.post.deliver(letter)))
  refusals.forEach((refusal, i) => {
    const { target, event } = letters[i]!
    // A parent that is gone waits for nobody, and a child that knows no CANCEL goes on: both are as they are meant to be.
    if (refusal && event.type !== CHILD && event.type !== 'CANCEL')
      queue.log.letterRefused(id, event.type, target, refusal)
  })
  return []
}

async function start(
  queue: QueueRuntime,
  message: LiveMessage,
  nonce: string,
  { children }: StartParams,
  terms: Pick<StartTerms, 'again' | 'holds'>,
): Promise<ChildReport[]> {
  const { id, createdAt: born } = message
  const join = message.joins.get(nonce)
  // All is over: this start was done before, by a worker that could not say so any more.
  if (join?.over !== undefined) return []
  const orders = children.flatMap((child, index) => {
    // It has ended already, and may be gone: it must not begin again.
    if (join && standing(join, index)) return []
    const parent = { queue: queue.name, id, born, nonce, index }
    return [{ child, parent, ref: childRef({ children, nonce }, message, index) }]
  })
  const refusals = await queue.post.start(orders, { ...terms, ended: () => endedOf(queue, message, nonce) })
  return refusals.flatMap((refusal, i) => {
    if (!refusal) return []
    const { ref, parent } = orders[i]!
    queue.log.childRefused(id, ref, refusal)
    return [{ born, nonce, index: parent.index, at: 0, failed: true, text: encode(errorSummary(refusal), 'error') }]
  })
}

/** Which children of a start need not begin any more, as it is stored now: mail may have come that no commit has taken yet. */
async function endedOf(
  { name, partitions, store }: QueueRuntime,
  { id, createdAt }: LiveMessage,
  nonce: string,
): Promise<(index: number) => boolean> {
  const [found] = await store.read(partitionOf(name, id, partitions.length), [id])
  // Gone, or another one by now: nobody waits for these children.
  if (found?.message.createdAt !== createdAt) return () => true
  const { fields, inbox } = found.message
  const join = restoreJoins(fields, FIELD).get(nonce)
  const reports = inbox.map(readMail).flatMap((mail) => (mail.type === CHILD ? [readReport(mail)] : []))
  const own = reports.filter((report) => report.born === createdAt && report.nonce === nonce)
  const reported = new Set(own.map(({ index }) => index))
  return (index) => reported.has(index) || (join !== undefined && isThrough(join, index))
}

const isThrough = (join: Join, index: number): boolean => join.over !== undefined || standing(join, index) !== undefined
