import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { countText } from '../time/duration-text.ts'

/** Texts longer than this are cut; a click shows the rest. */
const TEXT = 400
/** Of long lists and large objects so many entries are shown at first. */
const ENTRIES = 40
/** Levels that stand open. */
const OPEN = 2

/**
 * Any value, as text only: what is in a message is never made part of the page. However deep or long it is, no more is drawn than
 * somebody asked for.
 */
export function ValueView({ value, depth = 0 }: { value: unknown; depth?: number }): JSX.Element {
  if (typeof value === 'string') return <TextView text={value} quoted />
  if (value === null || typeof value !== 'object') return <span class={`value-${typeof value}`}>{String(value)}</span>
  return <Composite value={value} depth={depth} />
}

export function TextView({ text, quoted = false }: { text: string; quoted?: boolean }): JSX.Element {
  const all = useSignal(false)
  const quote = quoted ? '"' : ''
  if (text.length <= TEXT || all.value) return <span class="value-string">{quote + text + quote}</span>
  return (
    <span class="value-string">
      {quote + text.slice(0, TEXT)}…{' '}
      <button type="button" class="inline" onClick={() => (all.value = true)}>
        show all {countText(text.length)} characters
      </button>
    </span>
  )
}

function Composite({ value, depth }: { value: object; depth: number }): JSX.Element {
  const entries: readonly (readonly [string, unknown])[] = Object.entries(value)
  const isList = Array.isArray(value)
  const open = useSignal(depth < OPEN)
  const shown = useSignal(ENTRIES)
  const [left, right] = isList ? ['[', ']'] : ['{', '}']
  if (entries.length === 0) return <span class="value-empty">{left + right}</span>
  const size = `${countText(entries.length)} ${isList ? 'items' : entries.length === 1 ? 'key' : 'keys'}`
  return (
    <details class="value" open={open.value} onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>
        {left}
        {!open.value && (
          <>
            {' '}
            <span class="muted">{size}</span> {right}
          </>
        )}
      </summary>
      {open.value && (
        <>
          <ul>
            {entries.slice(0, shown.value).map(([key, child]) => (
              <li key={key}>
                {!isList && <span class="value-key">{key.length > 80 ? `${key.slice(0, 80)}…` : key}: </span>}
                <ValueView value={child} depth={depth + 1} />
              </li>
            ))}
          </ul>
          {entries.length > shown.value && (
            <button type="button" class="inline" onClick={() => (shown.value += 500)}>
              show more of {size}
            </button>
          )}
          {right}
        </>
      )}
    </details>
  )
}
