import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'
import type { EventData } from '../api/message.ts'
import {
  begin,
  preview,
  type Action,
  type Operation,
  type Order,
  type Preview,
  type Target,
} from '../api/operations.ts'
import { sentence } from '../api/request.ts'
import { countText } from '../time/duration-text.ts'
import { Dialog } from './dialog.tsx'
import { EventField } from './event-field.tsx'
import { OperationProgress } from './operation-progress.tsx'

export const ACTIONS: Readonly<Record<Action, { name: string; does: string; danger?: true }>> = Object.freeze({
  redrive: { name: 'Redrive', does: 'Each is sent on its way again, with its counts at zero.' },
  retry: { name: 'Retry now', does: 'Each gets its next attempt now, and not when its backoff ends.' },
  event: { name: 'Send event', does: 'Each gets this event; its machine decides what it does.' },
  cancel: { name: 'Cancel', does: 'Each is given up: running handlers are aborted.', danger: true },
  release: { name: 'Release', does: 'Each comes back out of quarantine, to where it was.' },
  remove: {
    name: 'Remove',
    does: 'Each is deleted, with its journal. For an hour it can be brought back.',
    danger: true,
  },
})

interface OperationDialogProps {
  readonly queue: string
  readonly action: Action
  readonly target: Target
  /** What is chosen, as text: `3 messages`, `dead with error Timeout`. */
  readonly what: string
  onClose(): void
}

/** Three steps: how many would it be, do it, and how far it is. */
export function OperationDialog({ queue, action, target, what, onClose }: OperationDialogProps): JSX.Element {
  const running = useSignal<Operation | undefined>(undefined)
  const { name, does } = ACTIONS[action]
  return (
    <Dialog title={`${name}: ${what}`} onClose={onClose}>
      {running.value ? (
        <>
          <OperationProgress operation={running.value} />
          <div class="buttons">
            <button type="button" class="primary" onClick={onClose}>
              Close
            </button>
          </div>
        </>
      ) : (
        <>
          <p>{does}</p>
          <Plan
            queue={queue}
            action={action}
            target={target}
            onBegun={(operation) => (running.value = operation)}
            onClose={onClose}
          />
        </>
      )}
    </Dialog>
  )
}

type PlanProps = Pick<OperationDialogProps, 'queue' | 'action' | 'target' | 'onClose'> & {
  onBegun(operation: Operation): void
}

function Plan({ queue, action, target, onBegun, onClose }: PlanProps): JSX.Element {
  const event = useSignal<EventData | undefined>(undefined)
  const rate = useSignal('')
  const found = useSignal<Preview | undefined>(undefined)
  const problem = useSignal('')
  const busy = useSignal(false)
  const { name, danger } = ACTIONS[action]
  const order = (): Order => ({
    action,
    target,
    ...(event.value ? { event: event.value } : {}),
    ...(rate.value === '' ? {} : { ratePerSecond: Number(rate.value) }),
  })
  useEffect(() => {
    // The event is not known yet, and makes no difference to how many there are; a preview changes nothing, whatever it is of.
    const counted: Order = action === 'event' ? { action: 'remove', target } : order()
    preview(queue, counted).then(
      (answer) => (found.value = answer),
      (error: unknown) => (problem.value = sentence(error)),
    )
  }, [])
  const run = async (): Promise<void> => {
    busy.value = true
    problem.value = ''
    await begin(queue, order()).then(
      ({ operation }) => onBegun(operation),
      (error: unknown) => (problem.value = sentence(error)),
    )
    busy.value = false
  }
  const ready =
    found.value !== undefined && found.value.matching > 0 && (action !== 'event' || event.value !== undefined)
  return (
    <>
      {action === 'event' && <EventField onChange={(value) => (event.value = value)} />}
      <PreviewText found={found.value} failed={problem.value !== ''} />
      <label class="inline-field">
        At most
        <input
          type="number"
          min="1"
          max="10000"
          placeholder="all at once"
          value={rate.value}
          onInput={({ currentTarget }) => (rate.value = currentTarget.value)}
        />
        a second
      </label>
      {problem.value !== '' && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
      <div class="buttons">
        <button type="button" onClick={onClose}>
          Not now
        </button>
        <button
          type="button"
          class={danger ? 'danger' : 'primary'}
          disabled={!ready || busy.value}
          onClick={() => void run()}
        >
          {name} {found.value ? countText(found.value.matching) : ''}
        </button>
      </div>
    </>
  )
}

function PreviewText({ found, failed }: { found: Preview | undefined; failed: boolean }): JSX.Element {
  if (!found) return <p class="muted">{failed ? '' : 'Counting…'}</p>
  const { matching, examined, complete, sample } = found
  return (
    <div class="preview" role="status">
      <p>
        <b class="preview-count">{countText(matching)}</b> {matching === 1 ? 'message matches' : 'messages match'}
        {complete ? '.' : ` among the first ${countText(examined)}; there may be more.`}
      </p>
      {sample.length > 0 && (
        <p class="muted clipped">
          {sample.slice(0, 5).join(', ')}
          {sample.length < matching ? ', …' : ''}
        </p>
      )}
    </div>
  )
}
