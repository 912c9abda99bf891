import { begins } from '../engine/begin.ts'
import type { ParentRef } from '../engine/parent.ts'
import type { QueueRuntime } from '../engine/runtime.ts'
import { isError, RedriveError } from '../errors.ts'
import { checkId, type GenerateId } from '../message.ts'
import { scrubError } from '../redaction.ts'
import { show, toMs, toOptions } from '../options.ts'
import { FIELD } from '../engine/snapshot.ts'
import type { FirstStep, NewMessage } from '../store/store.ts'
import { takeFirstStep } from '../step/plan/take-step.ts'
import { inputText, validate } from './input.ts'
import { asOptionError, overrides, type QueueOptions } from './queue-options.ts'
import type { SendOptions } from './queue.ts'

/** A message that was checked and has taken its first step. */
export interface Prepared {
  readonly message: NewMessage
  /** Characters of its input. */
  readonly size: number
}

/** Checks what is to be sent, and takes the first step of its machine. A promise only where a schema is one to check it. */
export type Prepare = (input: unknown, given: SendOptions, parent?: ParentRef) => Prepared | Promise<Prepared>

export interface PrepareParts {
  readonly runtime: QueueRuntime
  readonly options: QueueOptions
  readonly generateId: GenerateId
  /** Name of this client in the feed. */
  readonly client: string
}

const SEND_OPTIONS = { id: true, delay: true, retry: true } as const

export function createPrepare({ runtime, options, generateId, client }: PrepareParts): Prepare {
  const { machine, settings } = runtime
  /** The default machine takes this first step with any payload that is an object: it cannot tell them apart. */
  let bare: FirstStep | undefined

  function prepared(id: string, payload: unknown, given: SendOptions, parent: ParentRef | undefined): Prepared {
    const machineInput = options.machine ? plainInput(payload, given) : messageInput(payload, given)
    const text = inputText(machineInput, settings.maxPayloadBytes)
    const isBare = !options.machine && !parent && isBareSend(payload, given)
    if (isBare && bare) return { message: { id, first: bare, fields: { [FIELD.input]: text } }, size: text.length }
    const log = (value: unknown, label: string | undefined): void =>
      runtime.log.fromMachine(id, settings.redaction?.veil(value, machineInput) ?? value, label)
    const beginning = { parent, contexts: settings.contexts, log, takeFirstStep }
    try {
      const message = asOptionError(() => begins(machine, id, machineInput, text, client, beginning))
      // A deadline begins with the message, so that no two first steps are alike.
      if (isBare && options.retry?.deadline === undefined) bare = message.first
      return { message, size: text.length }
    } catch (error) {
      throw scrubbed(
        error instanceof RedriveError ? error : firstStepFailed(machine.id, machineInput, error),
        machineInput,
      )
    }
  }

  const scrubbed = (error: unknown, input: unknown): unknown =>
    settings.redaction ? scrubError(error, settings.redaction, input) : error

  return (input, given, parent) => {
    toOptions(given, 'a send', SEND_OPTIONS)
    const id = given.id === undefined ? generateId() : checkId(given.id)
    if (!options.input) return prepared(id, input, given, parent)
    return validate(options.input, input, 'E_INVALID_PAYLOAD', `the input of "${id}"`).then(
      (payload) => prepared(id, payload, given, parent),
      (error: unknown) => {
        throw scrubbed(error, input)
      },
    )
  }
}

const isBareSend = (payload: unknown, { delay, retry }: SendOptions): boolean =>
  typeof payload === 'object' && payload !== null && delay === undefined && retry === undefined

/** Its code belongs to the user, and may throw whatever it likes; who sends wants to know that it was the machine, and that nothing was sent. */
function firstStepFailed(machine: string, input: unknown, cause: unknown): RedriveError {
  const why = (isError(cause) ? cause.message : show(cause)).replace(/\.$/, '')
  const hint = input === undefined ? ' It was given no input.' : ''
  const text = `the machine "${machine}" threw in its first step, so nothing was sent: ${why}.${hint}`
  return new RedriveError('E_STEP_FAILED', text, { cause, machine })
}

/** The default machine's input: the payload, and what the message does differently. */
function messageInput(payload: unknown, { delay, retry }: SendOptions): object {
  return {
    payload,
    ...(delay === undefined ? {} : { delay: toMs(delay, 'delay') }),
    ...(retry === undefined ? {} : { retry: overrides(retry) }),
  }
}

function plainInput(payload: unknown, { delay, retry }: SendOptions): unknown {
  if (delay === undefined && retry === undefined) return payload
  throw new RedriveError(
    'E_INVALID_OPTION',
    'delay and retry belong to the default machine; in a machine of your own, put them into its input and its states.',
    { path: delay === undefined ? 'retry' : 'delay' },
  )
}
