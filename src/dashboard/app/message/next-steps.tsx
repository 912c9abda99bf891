import type { JSX } from 'preact'
import { readableDelays } from '../../../inspect/chart/delay-text.ts'
import { loadNext, type NextEvent } from '../api/message.ts'
import { useResource } from '../resource.ts'
import { PageState } from '../shell/page-state.tsx'
import { Countdown } from '../time/ago.tsx'

interface NextStepsProps {
  readonly queue: string
  readonly id: string
  readonly revision: number
  /** Puts the event into the form below; absent where nothing may be sent. */
  readonly onPick?: ((type: string) => void) | undefined
}

/** What the machine would do with each event now, and why not. */
export function NextSteps({ queue, id, revision, onPick }: NextStepsProps): JSX.Element {
  const { data, error } = useResource(`next ${queue} ${id} ${revision}`, (signal) => loadNext(queue, id, signal))
  if (!data) return <PageState error={error} what="what can happen next" />
  if (data.events.length === 0) return <p class="muted">Nothing: the machine has come to its end.</p>
  return (
    <ul class="next-steps">
      {data.events.map((next) => (
        <li key={`${next.kind} ${next.type}`} class={next.possible ? '' : 'is-blocked'}>
          <NextName next={next} onPick={onPick} />
          <span>{next.possible ? <>→ {next.target ?? 'stays'}</> : <>not now: {whyNot(next)}</>}</span>
          {next.due !== undefined && (
            <span class="muted">
              <Countdown to={next.due} />
            </span>
          )}
        </li>
      ))}
    </ul>
  )
}

/** Why an event is not taken. */
export const whyNot = ({ blockedBy = 'not accepted', guards = [] }: Pick<NextEvent, 'blockedBy' | 'guards'>): string =>
  guards.length === 0
    ? blockedBy
    : `the ${guards.length === 1 ? 'guard' : 'guards'} ${guards.join(', ')} ${guards.length === 1 ? 'says' : 'say'} no`

function NextName({
  next: { type, kind, possible, guards },
  onPick,
}: {
  next: NextEvent
  onPick?: NextStepsProps['onPick']
}): JSX.Element {
  // A guard that looks at what an event carries may let it pass with other data: a dry run tells.
  if (kind === 'event' && (possible || guards) && onPick) {
    return (
      <button type="button" class="inline" onClick={() => onPick(type)}>
        {type}
      </button>
    )
  }
  return <b>{kind === 'timer' ? readableDelays(type) : type}</b>
}
