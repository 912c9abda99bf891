import { describe } from '../../engine/description.ts'
import { firstContext } from '../../engine/edit.ts'
import { FIELD } from '../../engine/snapshot.ts'
import type { QueueRuntime } from '../../engine/runtime.ts'
import { asError, RedriveError } from '../../errors.ts'
import { checkId } from '../../message.ts'
import { toMs, toOptions, type Duration } from '../../options.ts'
import { faultOf, isOfUnknownForm } from '../../unreadable.ts'
import { partitionOf } from '../../store/keys.ts'
import { QUARANTINED, type StoredMessage } from '../../store/store.ts'
import { inputText, validate } from '../input.ts'
import type { QueueOptions } from '../queue-options.ts'
import { toMessage } from '../reader.ts'
import type { Signals } from '../signals.ts'
import { checkActor, type ActorOption, type Auditor } from './audit.ts'

export interface EditOptions extends ActorOption {
  /** How long to wait until a worker has written it. Default: not at all. */
  readonly wait?: Duration
}

export interface EditResult {
  readonly id: string
  /**
   * `applied`: it was waited for, and is written. `delivered`: it waits for a worker, or, of a message in quarantine, for its release.
   */
  readonly status: 'applied' | 'delivered'
  /** The input that it had. */
  readonly previous: unknown
}

export interface EditParts {
  readonly runtime: QueueRuntime
  readonly options: QueueOptions
  readonly signals: Signals
  readonly auditor: Auditor
}

/** Gives messages at rest another input. */
export function createEdit({ runtime, options, signals, auditor }: EditParts) {
  const { name, machine, settings, store, partitions } = runtime

  async function read(id: string): Promise<StoredMessage> {
    const [found] = await store.read(partitionOf(name, checkId(id), partitions.length), [id])
    if (found) return found.message
    throw new RedriveError('E_NOT_FOUND', `there is no message "${id}" in "${name}".`, { id })
  }

  function refusal(id: string, state: string): RedriveError {
    const text = `"${id}" is in ${state}: only a message that is dead (in a state tagged "settled") or in quarantine can be given another input.`
    return new RedriveError('E_NOT_EDITABLE', text, { id, state })
  }

  function check(stored: StoredMessage): void {
    const { id, state, fields } = stored
    const atRest = state === QUARANTINED || machine.tags(state).includes('settled')
    if (!atRest || fields[FIELD.status] !== undefined) throw refusal(id, state)
    const { input } = describe(stored)
    if (isOfUnknownForm(input))
      throw new RedriveError('E_UNKNOWN_FORM', `the input of "${id}" cannot be edited: ${faultOf(input)?.message}`, {
        id,
      })
  }

  /** Beside its payload. What cannot be read is not written back in another form. */
  function policyOf(stored: StoredMessage): object {
    const { input } = describe(stored)
    return faultOf(input) ? {} : (input as object)
  }

  /** What the machine cannot begin with would only put the message aside. */
  function checkContext(id: string, machineInput: unknown): void {
    try {
      firstContext(machine, machineInput)
    } catch (cause) {
      const why = `the machine makes no context of the input of "${id}": ${asError(cause).message}`
      throw new RedriveError('E_INVALID_PAYLOAD', why, { id, cause })
    }
  }

  return async (id: string, input: unknown, given: EditOptions = {}): Promise<EditResult> => {
    const actor = checkActor(toOptions(given, 'edit()', { wait: true, actor: true }))
    const wait = given.wait === undefined ? undefined : toMs(given.wait, 'wait')
    await runtime.ready()
    const stored = await read(id)
    check(stored)
    const { input: previous } = toMessage<unknown>(name, stored, null, machine.tags)
    const payload: unknown = await validate(options.input, input, 'E_INVALID_PAYLOAD', `the input of "${id}"`)
    // The default machine's has the message's own delay and retry policy beside the payload.
    const machineInput = options.machine ? payload : { ...policyOf(stored), payload }
    const text = inputText(machineInput, settings.maxPayloadBytes)
    checkContext(id, machineInput)
    const parked = stored.state === QUARANTINED
    const waited = parked ? undefined : wait
    const { status } = await signals.edit(id, machineInput, waited)
    if (status === 'settled') throw refusal(id, (await read(id)).state)
    if (waited !== undefined) {
      const now = await read(id)
      if (now.fields[FIELD.input] !== text) throw refusal(id, now.state)
    }
    const what = `input of "${id}"${parked ? ', from its release on' : ''}`
    await auditor.note({ action: 'edit', what, count: 1 }, actor)
    return {
      id,
      status: status === 'applied' ? 'applied' : 'delivered',
      previous: settings.redaction?.clean(previous) ?? previous,
    }
  }
}
