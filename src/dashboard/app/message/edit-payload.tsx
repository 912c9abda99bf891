import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { editInput } from '../api/message.ts'
import { sentence } from '../api/request.ts'
import { Dialog } from '../operations/dialog.tsx'

interface EditPayloadProps {
  readonly queue: string
  readonly id: string
  readonly input: unknown
  onDone(): void
}

/** A dead message may have died of its payload. The old one is kept. */
export function EditPayload({ queue, id, input, onDone }: EditPayloadProps): JSX.Element {
  const open = useSignal(false)
  const text = useSignal('')
  const problem = useSignal('')
  const save = async (): Promise<void> => {
    try {
      await editInput(queue, id, JSON.parse(text.value) as unknown)
      open.value = false
      onDone()
    } catch (error) {
      problem.value = sentence(error)
    }
  }
  const begin = (): void => {
    text.value = JSON.stringify(input, null, 2) ?? ''
    problem.value = ''
    open.value = true
  }
  return (
    <>
      <button type="button" class="inline" onClick={begin}>
        Edit
      </button>
      {open.value && (
        <Dialog title={`Payload of ${id}`} onClose={() => (open.value = false)}>
          <p>The message stays where it is, and the old payload is kept with it. Redrive it afterwards.</p>
          <label>
            Payload, as JSON
            <textarea
              rows={14}
              value={text.value}
              spellcheck={false}
              onInput={({ currentTarget }) => (text.value = currentTarget.value)}
            />
          </label>
          {problem.value !== '' && (
            <p class="problem" role="alert">
              {problem.value}
            </p>
          )}
          <div class="buttons">
            <button type="button" onClick={() => (open.value = false)}>
              Not now
            </button>
            <button type="button" class="primary" onClick={() => void save()}>
              Save payload
            </button>
          </div>
        </Dialog>
      )}
    </>
  )
}
