import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { SourceActor } from '../api/inspect.ts'
import { timeText } from '../time/duration-text.ts'
import { ValueView } from '../value/value-view.tsx'
import { ContextDiff } from './context-diff.tsx'
import { SourceChart } from './source-chart.tsx'
import { useSources } from './use-sources.ts'

/** Of many actors those that came last. */
const SHOWN = 6

interface Place {
  readonly queue: string
  readonly id: string
}

/** Ordinary actors of somebody's program, beside the durable message: each with its chart, its steps, and its context at each. */
export function Sources({ queue, id }: Place): JSX.Element | null {
  const actors = useSources(queue, id)
  const sessions = new Set(actors.map(({ session }) => session))
  const roots = actors.filter(({ parent }) => parent === undefined || !sessions.has(parent))
  const shown = roots.toSorted((a, b) => Number(b.connected) - Number(a.connected)).slice(0, SHOWN)
  if (shown.length === 0) return null
  return (
    <>
      {shown.map((actor) => (
        <Source key={actor.session} queue={queue} id={id} actor={actor} all={actors} />
      ))}
      {roots.length > SHOWN && <p class="muted">{roots.length - SHOWN} more actors are connected.</p>}
    </>
  )
}

interface SourceProps extends Place {
  readonly actor: SourceActor
  readonly all: readonly SourceActor[]
}

function Source({ queue, id, actor, all }: SourceProps): JSX.Element {
  const picked = useSignal<number | undefined>(undefined)
  const { session, name, status, state, definition, steps, connected } = actor
  const last = steps.length - 1
  const found = steps.findIndex(({ seq }) => seq === picked.value)
  const current = found < 0 ? last : found
  const children = all.filter(({ parent }) => parent === session)
  const title = name === session ? 'Actor elsewhere' : `Actor elsewhere: ${name}`
  return (
    <section class="panel part source" aria-label={title}>
      <div class="part-head">
        <h2>{title}</h2>
        <span class="muted">
          {session}
          {connected ? '' : ', its program is gone'}
        </span>
      </div>
      <p>
        {state !== undefined && <span class="tag tone-working">{state}</span>}{' '}
        {(state === undefined || status !== 'active') && <span class="tag">{status}</span>}
      </p>
      {definition !== undefined && (
        <SourceChart queue={queue} id={id} definition={definition} label={name} steps={steps} current={current} />
      )}
      <Steps
        actor={actor}
        current={current}
        onChoose={(index) => (picked.value = index >= last ? undefined : steps[index]?.seq)}
      />
      <Then actor={actor} current={current} />
      {children.map((child) => (
        <Source key={child.session} queue={queue} id={id} actor={child} all={all} />
      ))}
    </section>
  )
}

interface StepsProps {
  readonly actor: SourceActor
  readonly current: number
  onChoose(index: number): void
}

const Steps = ({ actor: { name, steps }, current, onChoose }: StepsProps): JSX.Element => (
  <ol class="timeline" aria-label={`Steps of ${name}`}>
    {steps.map(({ seq, at, event, state }, index) => (
      <li key={seq}>
        <button type="button" aria-current={index === current ? 'step' : undefined} onClick={() => onChoose(index)}>
          <span class="step-time">{timeText(at)}</span>
          <span class="step-event">{event}</span>
          <span class="step-state">{state === undefined ? '' : `→ ${state}`}</span>
        </button>
      </li>
    ))}
  </ol>
)

/** What the event of a step carried, and what it made of the context. */
function Then({ actor, current }: { actor: SourceActor; current: number }): JSX.Element {
  const { steps, output, error } = actor
  const [step, before] = [steps[current], steps[current - 1]]
  const isLast = current === steps.length - 1
  const context = isLast ? (actor.context ?? step?.context) : step?.context
  return (
    <>
      {step?.data !== undefined && (
        <>
          <h3>What {step.event} carried</h3>
          <ValueView value={step.data} depth={1} />
        </>
      )}
      {before?.context !== undefined && step?.context !== undefined && (
        <>
          <h3>What this step changed</h3>
          <ContextDiff before={before.context} after={step.context} />
        </>
      )}
      {context !== undefined && (
        <>
          <h3>{isLast ? 'Context' : 'Context then'}</h3>
          <ValueView value={context} depth={1} />
        </>
      )}
      {isLast && output !== undefined && (
        <>
          <h3>Result</h3>
          <ValueView value={output} depth={1} />
        </>
      )}
      {isLast && error !== undefined && (
        <>
          <h3>Error</h3>
          <ValueView value={error} depth={1} />
        </>
      )}
    </>
  )
}
