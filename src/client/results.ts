import type { QueueRuntime } from '../engine/runtime.ts'
import { FIELD } from '../engine/snapshot.ts'
import { errorSummary } from '../engine/storable.ts'
import { hasCode, RedriveError } from '../errors.ts'
import { decode } from '../codec.ts'
import { largeName } from '../events/transition-text.ts'
import type { Message, Transition } from '../message.ts'
import { faultOf, readable } from '../unreadable.ts'
import { partitionOf } from '../store/keys.ts'
import { QUARANTINED, type ListedMessage } from '../store/store.ts'
import { onAbort } from './abort.ts'
import type { FeedWatch, Heard } from './feed-watch.ts'
import { outputOf } from './large.ts'
import type { Look, Looks } from './looks.ts'

export interface ResultOptions {
  /** How long to wait, in milliseconds. `undefined` waits for ever. */
  readonly timeout?: number
  readonly signal?: AbortSignal
}

export interface ResultParts {
  readonly queue: QueueRuntime
  readonly watch: FeedWatch
  readonly looks: Looks
  view(found: ListedMessage): Message
}

/** Messages that are read at a time; each may be as large as an input may be. */
const READS = 10
/** Milliseconds that a last look may take when the time is up, as long as no other look is answered either. */
const LAST_LOOK = 250

export type AwaitResult = (id: string, options: ResultOptions) => Promise<unknown>

/**
 * Waits for the outputs of messages. What happens comes from one reader of the feed for all who wait; a message is looked at when its wait
 * begins, when its time is up, and now and then in between: one that is removed leaves nothing in the feed.
 */
export function createResults({ queue, watch, looks, view }: ResultParts): AwaitResult {
  const read = createReads(queue)

  return (id, { timeout, signal }) =>
    new Promise((resolve) => {
      const ends: (() => void)[] = []
      let over = false
      // One that was removed with its last commit can only be heard of, so it must have been there when the wait began.
      let seen = false
      let settling = false

      function finish(outcome: () => unknown): void {
        if (over) return
        over = true
        for (const end of ends) end()
        // Whatever it throws: the reason of a signal may be no error.
        resolve(Promise.resolve().then(outcome))
      }
      const fail = (error: unknown): void =>
        finish(() => {
          throw error
        })

      function hear({ tuple, partition, entry }: Heard): void {
        seen = true
        const transition = tuple.transition()
        if (!isSettled(transition)) return
        const size = tuple.large?.output
        if (size === undefined) return finish(() => outcomeOf(id, { ...transition, state: transition.to }))
        const announced = watch.large.take(largeName('output', transition))
        if (announced !== undefined) return finish(() => outputIn(id, announced))
        settling = true
        void fetchOutput(transition, () => queue.store.readLarge(partition, entry), size)
      }

      /** The output is too large for the feed: the message has it, or, where that is gone, the store for a while. */
      async function fetchOutput(
        transition: Transition,
        kept: () => Promise<ReadonlyMap<string, string>>,
        size: number,
      ): Promise<void> {
        try {
          const text = outputOf(await read(id), transition) ?? (await kept()).get(largeName('output', transition))
          if (text === undefined) throw resultGone(id, size)
          finish(() => outputIn(id, text))
        } catch (error) {
          if (!hasCode(error, 'E_REDIS_UNAVAILABLE')) return fail(error)
          if (over) return
          // A Redis that is away for a while is no reason to give up a wait.
          await new Promise<void>((done) => ends.push(queue.clock.after(RETRY, done)))
          if (!over) await fetchOutput(transition, kept, size)
        }
      }

      async function judge(look: Look): Promise<void> {
        if (over || look === 'away') return
        if (look === 'missing') {
          // It may have ended and left nothing; then the feed says so, or will within a moment.
          await watch.catchUp()
          if (!settling) fail(missing(queue, id, seen))
          return
        }
        seen = true
        if (!isSettled({ status: look.status ?? 'active', tags: queue.machine.tags(look.state) })) return
        const found = await read(id)
        // It was removed, or went on, in between; the next look or the feed tells.
        if (found) settleBy(found)
      }

      function settleBy(found: ListedMessage): void {
        const { state, fields } = found.message
        const status = fields[FIELD.status] ?? 'active'
        const tags = queue.machine.tags(state)
        if (!isSettled({ status, tags })) return
        if (status !== 'done' || tags.includes('cancelled')) return finish(() => outcomeOf(id, view(found)))
        const output = fields[FIELD.output]
        finish(() => (output === undefined ? undefined : outputIn(id, output)))
      }

      const looked = (look: Look): void => void judge(look).catch(giveUp)
      const giveUp = (error: unknown): void => {
        if (!hasCode(error, 'E_REDIS_UNAVAILABLE')) fail(error)
      }

      /** Looks at the message once more before it says anything. */
      function expire(): void {
        const late = (text: string): void =>
          fail(new RedriveError('E_TIMEOUT', `"${id}" did not finish within ${timeout} ms${text}`, { id }))
        const unknown = '; or Redis did not answer in time to tell. It goes on.'
        const last = looks.look(id).then(async (look) => {
          await judge(look)
          return look
        })
        last.then((look) => late(look === 'away' ? unknown : standing(look)), fail)
        const wait = (answered: number): void => {
          // A process that was busy hears of its timers before it hears of answers.
          const decide = (): void => (looks.answered === answered ? late(unknown) : wait(looks.answered))
          ends.push(queue.clock.after(LAST_LOOK, () => setImmediate(() => setImmediate(decide))))
        }
        wait(looks.answered)
      }

      ends.push(watch.watch(id, { hear, missed: () => void looks.look(id).then(looked, giveUp), end: fail }))
      if (signal) ends.push(onAbort(signal, () => fail(signal.reason)))
      if (over) return
      if (timeout !== undefined) ends.push(queue.clock.after(timeout, expire))
      void watch
        .ready()
        .then(() => (over ? undefined : begin()))
        .catch(fail)

      async function begin(): Promise<void> {
        await looks.look(id).then(judge).catch(giveUp)
        if (!over) ends.push(looks.lookOn({ id, seen: looked }))
      }
    })
}

const RETRY = 1000

/** Reads messages, some at a time. */
function createReads({ name, store, partitions }: QueueRuntime): (id: string) => Promise<ListedMessage | undefined> {
  const waiting: (() => Promise<void>)[] = []
  let busy = 0

  async function next(): Promise<void> {
    busy++
    for (let call = waiting.shift(); call; call = waiting.shift()) await call()
    busy--
  }

  return (id) =>
    new Promise((resolve, reject) => {
      waiting.push(async () => {
        const reading = store.read(partitionOf(name, id, partitions.length), [id])
        await reading.then(([found]) => resolve(found), reject)
      })
      if (busy < READS) void next()
    })
}

function missing({ name }: QueueRuntime, id: string, seen: boolean): RedriveError {
  const what = seen
    ? `"${id}" was removed while its result was waited for.`
    : `there is no message "${id}" in "${name}".`
  return new RedriveError('E_NOT_FOUND', what, { id })
}

const resultGone = (id: string, size: number): RedriveError =>
  new RedriveError(
    'E_RESULT_GONE',
    `"${id}" has finished, and its output of ${size} bytes is kept no more: the message left nothing behind. Keep such messages for a while (retention), or wait for the result before it is there.`,
    { id },
  )

const isSettled = ({ status, tags }: { status: string; tags: readonly string[] }): boolean =>
  status !== 'active' || tags.includes('settled')

interface Outcome {
  readonly state: string
  readonly status: string
  readonly tags: readonly string[]
  readonly output?: unknown
  readonly error?: unknown
  readonly context?: Readonly<Record<string, unknown>>
}

function outcomeOf(id: string, { state, status, tags, output, error, context }: Outcome): unknown {
  const cause = error ?? context?.['error']
  if (tags.includes('dead') && status === 'active')
    throw new RedriveError('E_DEAD', `"${id}" is dead${why(cause)}`, { id, cause })
  if (status === 'error')
    throw new RedriveError('E_FAILED', `the machine of "${id}" ended in an error${why(cause)}`, { id, cause })
  if (tags.includes('cancelled')) throw new RedriveError('E_CANCELLED', `"${id}" was cancelled.`, { id })
  if (status === 'active') throw new RedriveError('E_DEAD', `"${id}" rests in ${state} and has no result.`, { id })
  return orFault(id, output)
}

const outputIn = (id: string, text: string): unknown => orFault(id, readable(text, decode))

/** @throws RedriveError when the output is of a form that is not known here, or was damaged */
function orFault(id: string, output: unknown): unknown {
  const fault = faultOf(output)
  if (fault)
    throw new RedriveError(
      hasCode(fault, 'E_UNKNOWN_FORM') ? 'E_UNKNOWN_FORM' : 'E_FOREIGN_KEY',
      `the output of "${id}" cannot be read: ${fault.message}`,
      { id, cause: fault },
    )
  return output
}

const why = (cause: unknown): string => (cause === undefined ? '.' : `: ${errorSummary(cause).message}`)

/** How a message stands that did not finish in time. */
const standing = (look: Look): string =>
  typeof look === 'object' && look.state === QUARANTINED
    ? ': it is in quarantine. get() tells why; release() lets it go on.'
    : '; it goes on.'
