import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useRef } from 'preact/hooks'

/** A text to be taken elsewhere. */
export function CopyBox({ label, text }: { label: string; text: string }): JSX.Element {
  const says = useSignal('')
  const field = useRef<HTMLTextAreaElement>(null)
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      says.value = 'Copied'
    } catch {
      // Browsers give no clipboard to pages without TLS.
      field.current?.select()
      says.value = 'Selected: copy it with your keyboard'
    }
  }
  return (
    <div class="copy-box">
      <textarea
        ref={field}
        readOnly
        aria-label={label}
        rows={text.split('\n').length}
        value={text}
        spellcheck={false}
        onFocus={({ currentTarget }) => currentTarget.select()}
      />
      <button type="button" aria-label={`Copy: ${label}`} onClick={() => void copy()}>
        Copy
      </button>
      <span role="status" class="muted">
        {says.value}
      </span>
    </div>
  )
}
