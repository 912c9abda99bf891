import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { MessageView } from '../api/message.ts'
import type { Action } from '../api/operations.ts'
import { ACTIONS, OperationDialog } from '../operations/operation-dialog.tsx'

/** What can be done to one message, beside sending it an event. */
export function MessageActions({
  queue,
  message,
  onDone,
}: {
  queue: string
  message: MessageView
  onDone: () => void
}): JSX.Element {
  const asked = useSignal<Action | undefined>(undefined)
  const close = (): void => {
    asked.value = undefined
    onDone()
  }
  return (
    <>
      {actionsFor(message).map((action) => (
        <button key={action} type="button" onClick={() => (asked.value = action)}>
          {ACTIONS[action].name}…
        </button>
      ))}
      {asked.value && (
        <OperationDialog
          queue={queue}
          action={asked.value}
          target={{ ids: [message.id] }}
          what={message.id}
          onClose={close}
        />
      )}
    </>
  )
}

function actionsFor({ state, status, tags, machine, quarantine, failedIn }: MessageView): readonly Action[] {
  if (quarantine !== undefined || state === '~quarantined') return ['release', 'remove']
  if (failedIn) return ['redrive', 'remove']
  if (status !== 'active') return ['remove']
  if (tags.includes('dead')) return ['redrive', 'remove']
  return machine.startsWith('message@') ? ['retry', 'cancel', 'remove'] : ['remove']
}
