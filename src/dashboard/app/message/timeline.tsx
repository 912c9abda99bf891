import type { JSX } from 'preact'
import { readableDelays } from '../../../inspect/chart/delay-text.ts'
import type { HistoryStep } from '../api/message.ts'
import { dateText, durationText, timeText } from '../time/duration-text.ts'

interface TimelineProps {
  readonly steps: readonly HistoryStep[]
  /** Index of the one that is shown. */
  readonly current: number
  onChoose(index: number): void
}

/** The journal, oldest first: a click goes to that moment. */
export const Timeline = ({ steps, current, onChoose }: TimelineProps): JSX.Element => (
  <ol class="timeline">
    {steps.map((step, index) => {
      const before = steps[index - 1]
      return (
        <li key={step.seq}>
          <button type="button" aria-current={index === current ? 'step' : undefined} onClick={() => onChoose(index)}>
            <span class="step-time" title={dateText(step.at)}>
              {before ? `+${durationText(step.at - before.at)}` : timeText(step.at)}
            </span>
            <span class="step-event">{readableDelays(step.event)}</span>
            <span class="step-state">→ {step.state}</span>
            {step.worker !== undefined && <span class="muted clipped">{step.worker}</span>}
            {step.error !== undefined && step.error !== '' && (
              <span class="step-error clipped">{shortError(step.error)}</span>
            )}
          </button>
        </li>
      )
    })}
  </ol>
)

function shortError(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message).slice(0, 200)
  return String(error).slice(0, 200)
}
