import type { JSX } from 'preact'
import { ValueView } from '../value/value-view.tsx'
import { differences } from './diff.ts'

/** What a step changed. */
export function ContextDiff({ before, after }: { before: unknown; after: unknown }): JSX.Element {
  const found = differences(before, after)
  if (found.length === 0) return <p class="muted">The context stays as it is.</p>
  return (
    <ul class="diff">
      {found.map(({ path, before: old, after: fresh }) => (
        <li key={path}>
          <span class="value-key">{path.slice(0, 120)}</span>
          {old !== undefined && (
            <del>
              <span class="visually-hidden">was </span>
              <ValueView value={old} depth={1} />
            </del>
          )}
          {fresh === undefined ? (
            <span class="muted">taken out</span>
          ) : (
            <ins>
              <span class="visually-hidden">is </span>
              <ValueView value={fresh} depth={1} />
            </ins>
          )}
        </li>
      ))}
    </ul>
  )
}
