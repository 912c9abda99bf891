import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useId } from 'preact/hooks'
import type { EventData } from '../api/message.ts'

interface EventFieldProps {
  readonly suggestions?: readonly string[]
  /** A type that was picked elsewhere on the page. */
  readonly type?: string
  /** `undefined` while it is none. */
  onChange(event: EventData | undefined): void
}

/** An event: its type, and its data as JSON. */
export function EventField({ suggestions = [], type: given = '', onChange }: EventFieldProps): JSX.Element {
  const type = useSignal(given)
  const data = useSignal('')
  const problem = useSignal('')
  const id = useId()
  const change = (): void => {
    const parsed = parseData(data.value)
    problem.value = typeof parsed === 'string' ? parsed : ''
    onChange(
      type.value.trim() === '' || typeof parsed === 'string' ? undefined : { ...parsed, type: type.value.trim() },
    )
  }
  return (
    <div class="fields">
      <label>
        Event
        <input
          list={`${id}-types`}
          value={type.value}
          placeholder="APPROVE"
          autocomplete="off"
          spellcheck={false}
          onInput={({ currentTarget }) => {
            type.value = currentTarget.value
            change()
          }}
        />
      </label>
      <datalist id={`${id}-types`}>
        {suggestions.map((suggestion) => (
          <option key={suggestion} value={suggestion} />
        ))}
      </datalist>
      <label>
        Its data, as JSON
        <textarea
          rows={2}
          value={data.value}
          placeholder='{ "by": "ada" }'
          spellcheck={false}
          aria-describedby={`${id}-problem`}
          onInput={({ currentTarget }) => {
            data.value = currentTarget.value
            change()
          }}
        />
      </label>
      <span id={`${id}-problem`} class="problem-text">
        {problem.value}
      </span>
    </div>
  )
}

/** The data, or what is wrong with it. */
function parseData(text: string): Record<string, unknown> | string {
  if (text.trim() === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>
    return 'The data of an event is an object: { … }.'
  } catch (error) {
    return error instanceof Error ? error.message : 'This is not JSON.'
  }
}
