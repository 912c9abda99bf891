import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { dryRun, sendEvent, type DryRun, type EventData } from '../api/message.ts'
import { sentence } from '../api/request.ts'
import { EventField } from '../operations/event-field.tsx'
import { ValueView } from '../value/value-view.tsx'
import { ContextDiff } from './context-diff.tsx'
import { ErrorView } from './error-view.tsx'
import { whyNot } from './next-steps.tsx'

interface SendEventProps {
  readonly queue: string
  readonly id: string
  /** A type that was picked from what can happen next. */
  readonly picked: string
  onSent(): void
}

/** An event for one message: first what it would do, then, if that is wanted, for real. */
export function SendEvent({ queue, id, picked, onSent }: SendEventProps): JSX.Element {
  const event = useSignal<EventData | undefined>(picked === '' ? undefined : { type: picked })
  const outcome = useSignal<DryRun | undefined>(undefined)
  const says = useSignal('')
  const problem = useSignal('')
  const change = (next: EventData | undefined): void => {
    event.value = next
    outcome.value = undefined
    says.value = ''
  }
  const attempt = async (action: (event: EventData) => Promise<void>): Promise<void> => {
    if (!event.value) return
    problem.value = ''
    await action(event.value).catch((error: unknown) => (problem.value = sentence(error)))
  }
  const tryIt = (): Promise<void> =>
    attempt(async (given) => {
      outcome.value = await dryRun(queue, id, given)
    })
  const send = (): Promise<void> =>
    attempt(async (given) => {
      const { status, state } = await sendEvent(queue, id, given)
      outcome.value = undefined
      says.value = `${given.type}: ${status}${state === undefined ? '' : `, now ${state}`}`
      onSent()
    })
  return (
    <div class="send-event">
      <EventField type={picked} onChange={change} />
      <div class="buttons">
        <button type="button" disabled={!event.value} onClick={() => void tryIt()}>
          Dry run
        </button>
        <button type="button" class="primary" disabled={!event.value} onClick={() => void send()}>
          Send
        </button>
      </div>
      {outcome.value && <Outcome {...outcome.value} />}
      <p role="status">{says.value}</p>
      {problem.value !== '' && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </div>
  )
}

const Outcome = ({ from, to, changed, context, effects, error, ...refusal }: DryRun): JSX.Element => (
  <div class="outcome" role="status" aria-label="Dry run">
    <p>
      Nothing was written. It would{' '}
      {changed ? (
        <>
          go from <b>{from}</b> to <b>{to}</b>.
        </>
      ) : (
        <>
          stay in <b>{from}</b>: {refusal.blockedBy === undefined ? 'this event changes nothing' : whyNot(refusal)}.
        </>
      )}
    </p>
    {error !== undefined && error !== null ? (
      <ErrorView error={error} />
    ) : (
      <ContextDiff before={context.before} after={context.after} />
    )}
    {effects.length > 0 && (
      <details>
        <summary>
          {effects.length === 1 ? 'One effect' : `${effects.length} effects`}:{' '}
          {effects
            .map(({ type }) => type)
            .join(', ')
            .slice(0, 200)}
        </summary>
        <ValueView value={effects} />
      </details>
    )}
  </div>
)
