import type { JSX } from 'preact'
import type { ErrorGroup, Filter } from '../api/messages.ts'
import { countText } from '../time/duration-text.ts'

interface ErrorGroupsProps {
  readonly groups: readonly ErrorGroup[]
  readonly filter: Filter
  linkFor(change: Filter): string
}

const SHOWN = 6

/** What the messages of a state failed of, the most frequent first; a click shows only those. */
export function ErrorGroups({ groups, filter, linkFor }: ErrorGroupsProps): JSX.Element | null {
  if (groups.length === 0) return null
  return (
    <section class="error-groups" aria-label="Errors">
      <ul>
        {groups.slice(0, SHOWN).map(({ fingerprint, name, code, message, count }) => {
          const chosen = filter.errorFingerprint === fingerprint
          return (
            <li key={fingerprint}>
              <a
                href={linkFor({ errorFingerprint: chosen ? '' : fingerprint })}
                aria-current={chosen ? 'true' : undefined}
              >
                <b>{countText(count)}</b>
                <span class="error-name">{code ?? name}</span>
                <span class="clipped">{message.slice(0, 200)}</span>
              </a>
            </li>
          )
        })}
      </ul>
    </section>
  )
}
