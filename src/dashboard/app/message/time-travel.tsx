import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect } from 'preact/hooks'

interface TimeTravelProps {
  readonly steps: number
  readonly current: number
  readonly says: string
  onChoose(index: number): void
}

/** Milliseconds that a step is shown while the journal plays. */
const PACE = 900

/** Goes through the journal step by step. */
export function TimeTravel({ steps, current, says, onChoose }: TimeTravelProps): JSX.Element {
  const playing = useSignal(false)
  const last = steps - 1
  useEffect(() => {
    if (!playing.value) return undefined
    if (current >= last) {
      playing.value = false
      return undefined
    }
    const timer = setTimeout(() => onChoose(current + 1), PACE)
    return () => clearTimeout(timer)
  }, [playing.value, current, last])
  const play = (): void => {
    if (!playing.value && current >= last) onChoose(0)
    playing.value = !playing.value
  }
  return (
    <div class="time-travel" role="group" aria-label="Time travel">
      <button
        type="button"
        class="icon"
        aria-label="Step back"
        disabled={current <= 0}
        onClick={() => onChoose(current - 1)}
      >
        ‹
      </button>
      <button
        type="button"
        class="icon"
        aria-label={playing.value ? 'Stop' : 'Play all steps'}
        disabled={last < 1}
        onClick={play}
      >
        {playing.value ? '■' : '▶'}
      </button>
      <button
        type="button"
        class="icon"
        aria-label="Step forward"
        disabled={current >= last}
        onClick={() => onChoose(current + 1)}
      >
        ›
      </button>
      <input
        type="range"
        min={0}
        max={Math.max(last, 0)}
        value={current}
        aria-label="Step"
        aria-valuetext={says}
        disabled={last < 1}
        onInput={({ currentTarget }) => onChoose(Number(currentTarget.value))}
      />
      <output class="muted" aria-live="polite">
        {says}
      </output>
    </div>
  )
}
