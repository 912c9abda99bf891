import type { JSX } from 'preact'
import { TextView, ValueView } from '../value/value-view.tsx'

/** An error as it was stored: what it says first, its stack behind a click. */
export function ErrorView({ error }: { error: unknown }): JSX.Element {
  if (typeof error === 'string') return <TextView text={error} />
  if (typeof error !== 'object' || error === null) return <ValueView value={error} />
  const { name, message, code, stack, ...rest } = error as Readonly<Record<string, unknown>>
  const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '')
  return (
    <div class="error-view">
      <p>
        <span class="error-name">{text(name) || 'Error'}</span> {text(code) !== '' && <code>{text(code)}</code>}{' '}
        <TextView text={text(message)} />
      </p>
      {text(stack) !== '' && (
        <details>
          <summary>Stack</summary>
          <pre class="stack" tabIndex={0}>
            {text(stack).slice(0, 20_000)}
          </pre>
        </details>
      )}
      {Object.keys(rest).length > 0 && <ValueView value={rest} depth={1} />}
    </div>
  )
}
