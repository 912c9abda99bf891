import type { JSX } from 'preact'
import type { Tone } from './tone.ts'

const TONES: readonly { readonly tone: Tone; readonly means: string }[] = [
  { tone: 'waiting', means: 'waits' },
  { tone: 'working', means: 'a handler runs' },
  { tone: 'retrying', means: 'waits for a retry' },
  { tone: 'done', means: 'done' },
  { tone: 'dead', means: 'needs somebody' },
]

/** How to read the chart. */
export const Legend = (): JSX.Element => (
  <ul class="legend" aria-label="Legend">
    <li>
      <b class="legend-count">12</b> messages in a state now
    </li>
    <li>
      <span class="legend-heat" aria-hidden="true" /> time typically spent in it: 10 ms … 1 h (bottom left)
    </li>
    <li>
      <span class="legend-edge" aria-hidden="true" /> thicker = more messages a second (bottom right)
    </li>
    <li>
      <span class="legend-dot tone-working" aria-hidden="true" /> a message on its way, in the colour of where it goes
    </li>
    <li class="legend-tones">
      {TONES.map(({ tone, means }) => (
        <span key={tone} class="legend-tone">
          <span class={`legend-mark tone-${tone}`} aria-hidden="true" /> {means}
        </span>
      ))}
    </li>
  </ul>
)
