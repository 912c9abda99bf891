import { randomBytes } from 'node:crypto'
import { readRoster, type WorkerReport } from '../../engine/roster.ts'
import { storeToSee } from '../../engine/redacted-store.ts'
import type { QueueRuntime } from '../../engine/runtime.ts'
import { checkId, type EventData } from '../../message.ts'
import { DEFAULTS, toOptions } from '../../options.ts'
import { unlessAborted } from '../abort.ts'
import type { QueueOptions } from '../queue-options.ts'
import type { Signals } from '../signals.ts'
import { actorOf, type ActorOption, type Auditor } from './audit.ts'
import { createDeed, type OperationOutcome } from './deed.ts'
import { createEdit, type EditOptions, type EditResult } from './edit.ts'
import type { See } from './error-facts.ts'
import { startOperation, type Operation } from './operation.ts'
import { markUndone, reportOperation } from './operation-report.ts'
import { checkRequest, type CheckedRequest, type OperationRequest } from './operation-request.ts'
import { isPaused, steerPause } from './pausing.ts'
import { select } from './select.ts'

export interface OperateOptions {
  /** Hears of each message as it is done. */
  readonly onEach?: (outcome: OperationOutcome) => void
  /** What a filter may see of a message. Default: all. */
  readonly see?: See
  /** Ends the search for the messages, with its reason; an operation that has begun is ended by its `stop()`. */
  readonly signal?: AbortSignal
}

export interface OperationPreview {
  /** Messages that match, of those that were looked at. */
  readonly matching: number
  /** At most 10,000. */
  readonly examined: number
  /** Whether all messages of the state were looked at. */
  readonly complete: boolean
  /** Ids of some of them. */
  readonly sample: readonly string[]
}

export interface UndoResult {
  readonly restored: number
  /** A message with the same id was sent meanwhile. */
  readonly present: number
  /** They are kept no more. */
  readonly gone: number
}

/** What operators do with a queue. Each change is noted in the audit. */
export interface QueueSteering<Sent = unknown, Event = EventData> {
  /** Workers everywhere claim nothing more within a second; what they have begun they end. It lasts until `resume()`. */
  pause(options?: ActorOption): Promise<void>
  resume(options?: ActorOption): Promise<void>
  isPaused(): Promise<boolean>
  /**
   * Gives a message that is dead (in a state tagged `settled`) or in quarantine another input; the one that was sent is kept. Values that
   * its context has from the input follow, such as the default machine's `payload`. A worker writes it, so one has to run.
   * @throws RedriveError `E_NOT_EDITABLE`, `E_INVALID_PAYLOAD`, `E_PAYLOAD_TOO_LARGE`, `E_NOT_FOUND`, `E_TIMEOUT`
   */
  edit(id: string, input: Sent, options?: EditOptions): Promise<EditResult>
  /**
   * Does something to many messages: looks for them, then begins, and resolves. Each is looked at again before its turn, and skipped
   * when it has changed.
   * @throws RedriveError `E_EMPTY_FILTER`, `E_INVALID_OPTION`, `E_INVALID_ID`, `E_INVALID_EVENT`, `E_UNKNOWN_EVENT`
   */
  operate(request: OperationRequest<Event>, options?: OperateOptions): Promise<Operation>
  /** How many messages an operation would be about, as far as a look at 10,000 messages tells. */
  preview(request: OperationRequest<Event>, options?: Pick<OperateOptions, 'see' | 'signal'>): Promise<OperationPreview>
  /** Brings back what an operation has removed within the last hour. What was sent to messages cannot be taken back. */
  undo(operation: string, options?: ActorOption): Promise<UndoResult>
  /** The workers of the queue, in all processes, that were heard of within the last ten seconds. */
  workers(): Promise<readonly WorkerReport[]>
}

export interface SteeringParts {
  readonly runtime: QueueRuntime
  readonly options: QueueOptions
  readonly signals: Signals
  readonly auditor: Auditor
}

const PREVIEW = 10_000
const SAMPLE = 10
const SEE_ALL: See = (value) => value
const PREVIEW_OPTIONS = { see: true, signal: true } as const
const OPERATE_OPTIONS = { ...PREVIEW_OPTIONS, onEach: true } as const

export function createSteering({ runtime, options, signals, auditor }: SteeringParts): QueueSteering {
  const { name, store, partitions, clock, closed } = runtime
  // Or a filter could find out what is hidden.
  const seen = { ...runtime, store: storeToSee(runtime) }

  async function find({ filter, ids, limit }: OperationRequest, see: See, signal?: AbortSignal, most?: number) {
    if (!filter) return { ids: [...new Set(ids)], examined: 0, complete: true, now: 0 }
    return select(seen, filter, {
      see,
      limit,
      ...(most === undefined ? {} : { most }),
      ...(signal ? { signal } : {}),
    })
  }

  async function operate(request: OperationRequest, given: OperateOptions = {}): Promise<Operation> {
    const checked = checkRequest(runtime, request)
    const options = toOptions(given, 'operate()', OPERATE_OPTIONS)
    return unlessAborted(options.signal, () => start(checked, options))
  }

  async function start(checked: CheckedRequest, given: OperateOptions): Promise<Operation> {
    const { see = SEE_ALL, signal, onEach = () => {} } = given
    await runtime.ready()
    const { action, actor, ratePerSecond } = checked
    const found = await find(checked, see, signal)
    signal?.throwIfAborted()
    const id = `op-${randomBytes(9).toString('base64url')}`
    const what = described(checked)
    await auditor.note({ action, what, count: found.ids.length, operation: id }, actor)
    const { now } = await store.stats(partitions[0]!)
    const facts = { id, queue: name, action, actor: actor ?? auditor.client }
    const reporter = await reportOperation({ store, clock }, facts, { matching: found.ids.length, now })
    const operation = startOperation({
      id,
      ids: found.ids,
      clock,
      // It was noted that it begins: where nobody waits for it any more, it is noted that it ended.
      closed: signal?.aborted ? signal : closed,
      ratePerSecond,
      onEach,
      deed: createDeed(seen, signals, id, checked, { see, now: found.now }),
      async ended(progress) {
        const { state, done, skipped, failed } = progress
        const what = `${state}: ${done} done, ${skipped} skipped, ${failed} failed`
        // The audit is what is kept: it does not depend on what is told to those who look on.
        await reporter.end(progress).catch(() => {})
        await auditor.note({ action, what, count: done, operation: id }, actor)
      },
    })
    reporter.follow(operation)
    return operation
  }

  async function undo(operation: string, given: ActorOption = {}): Promise<UndoResult> {
    const actor = actorOf(given, 'undo()')
    checkId(operation)
    await runtime.ready()
    const result = { restored: 0, present: 0, gone: 0 }
    for (const partition of partitions) {
      const ids = await store.discarded(partition, operation)
      for (let at = 0; at < ids.length; at += DEFAULTS.batch) {
        for (const status of await store.restore(partition, ids.slice(at, at + DEFAULTS.batch))) result[status]++
      }
    }
    await markUndone(store, operation)
    await auditor.note({ action: 'undo', what: 'removed messages', count: result.restored, operation }, actor)
    return result
  }

  return {
    async pause(given = {}) {
      await runtime.ready()
      await steerPause({ store, partitions, auditor }, true, given)
    },
    async resume(given = {}) {
      await runtime.ready()
      await steerPause({ store, partitions, auditor }, false, given)
    },
    async isPaused() {
      await runtime.reachable()
      return isPaused({ store, partitions })
    },
    edit: createEdit({ runtime, options, signals, auditor }),
    operate,
    async preview(request, given = {}) {
      const { see = SEE_ALL, signal } = toOptions(given, 'preview()', PREVIEW_OPTIONS)
      const checked = checkRequest(runtime, request)
      const found = await unlessAborted(signal, async () => {
        await runtime.reachable()
        return find(checked, see, signal, PREVIEW)
      })
      const { examined, complete } = found
      return { matching: found.ids.length, examined, complete, sample: found.ids.slice(0, SAMPLE) }
    },
    undo,
    async workers() {
      await runtime.reachable()
      const [{ now }, reports] = await Promise.all([store.stats(partitions[0]!), store.reports(name)])
      return readRoster(reports, now).present
    },
  }
}

function described({ ids, filter, ratePerSecond, event }: OperationRequest): string {
  const which = filter ? JSON.stringify(filter) : `${ids?.length ?? 0} ids`
  const sends = event ? `${event.type} to ` : ''
  return `${sends}${which}${ratePerSecond === undefined ? '' : `, ${ratePerSecond} a second`}`
}
