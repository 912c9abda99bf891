import type { JSX } from 'preact'
import { contextAfter, keepsContexts } from '../../../inspect/past-context.ts'
import type { MessageDetails } from '../api/message.ts'
import { ValueView } from '../value/value-view.tsx'
import { ContextDiff } from './context-diff.tsx'
import { changeOf } from './contexts.ts'
import { Part } from './part.tsx'
import { useContexts } from './use-contexts.ts'

interface ContextPartProps {
  readonly queue: string
  readonly details: MessageDetails
  /** Index of the step that is looked at. */
  readonly current: number
}

/** The context at a step, and what the step changed. */
export function ContextPart({ queue, details, current }: ContextPartProps): JSX.Element {
  const seen = useContexts(queue, details)
  const isLast = current >= details.history.length - 1
  return (
    <Part title={isLast ? 'Context' : 'Context then'}>
      {keepsContexts(details.history) ? (
        <Kept details={details} current={current} isLast={isLast} />
      ) : (
        <Seen details={details} current={current} isLast={isLast} seen={seen} />
      )}
    </Part>
  )
}

interface ThenProps {
  readonly details: MessageDetails
  readonly current: number
  readonly isLast: boolean
}

function Kept({ details, current, isLast }: ThenProps): JSX.Element {
  const change = changeOf(details, current)
  const { members, unknown } = contextAfter(details.message.context, details.history, current)
  return (
    <>
      {change && (
        <>
          <h3>What this step changed</h3>
          <ContextDiff before={change.before} after={change.after} />
          <Names names={change.truncated} says="changed too, and too large for a line of the journal" />
        </>
      )}
      <ValueView value={isLast ? details.message.context : members} depth={1} />
      {!isLast && <Names names={unknown} says="not known any more" />}
    </>
  )
}

const Names = ({ names, says }: { names: readonly string[]; says: string }): JSX.Element | null =>
  names.length === 0 ? null : (
    <p class="muted">
      <span class="value-key">{names.join(', ').slice(0, 300)}</span>: {says}
    </p>
  )

/** Without contexts in the journal, those of the steps that this page saw are known. */
function Seen({
  details: { message, history },
  current,
  isLast,
  seen,
}: ThenProps & { seen: ReturnType<typeof useContexts> }): JSX.Element {
  const [step, before] = [history[current], history[current - 1]]
  const after = step ? seen.get(step.seq) : undefined
  const earlier = before && seen.get(before.seq)
  return (
    <>
      {after !== undefined && earlier !== undefined && (
        <>
          <h3>What this step changed</h3>
          <ContextDiff before={earlier.context} after={after.context} />
        </>
      )}
      {isLast || history.length === 0 ? (
        <ValueView value={message.context} depth={1} />
      ) : after ? (
        <ValueView value={after.context} depth={1} />
      ) : (
        <p class="muted">
          The journal of this queue keeps where a message was, and not what each step changed. For that give the queue
          the option <code>{'journal: { contexts: true }'}</code>: it takes some memory for each step.
        </p>
      )}
    </>
  )
}
