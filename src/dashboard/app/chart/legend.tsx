import type { JSX } from 'preact'

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
      <span class="legend-mark tone-waiting" aria-hidden="true" /> waits
      <span class="legend-mark tone-working" aria-hidden="true" /> a handler runs
      <span class="legend-mark tone-retrying" aria-hidden="true" /> waits for a retry
      <span class="legend-mark tone-done" aria-hidden="true" /> done
      <span class="legend-mark tone-dead" aria-hidden="true" /> needs somebody
    </li>
  </ul>
)
