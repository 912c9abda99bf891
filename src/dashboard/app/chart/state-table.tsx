import type { JSX } from 'preact'
import type { StateFigures } from '../api/live.ts'
import type { LiveQueue } from '../live/live-queue.ts'
import { messagesLink } from '../route.ts'
import { now } from '../time/clock.ts'
import { countText, durationText, rateText } from '../time/duration-text.ts'
import { NOBODY } from './population.ts'
import { toneOf, toneOfTags, type Tone } from './tone.ts'
import type { DrawnChart } from './use-chart.ts'

interface Row {
  readonly id: string
  readonly tone: Tone
  readonly figures: StateFigures
}

/** The figures of the chart as a table: exact, sortable by eye, and readable without seeing the chart. */
export function StateTable({
  queue,
  live,
  chart,
}: {
  queue: string
  live: LiveQueue
  chart: DrawnChart | undefined
}): JSX.Element {
  const rows = rowsOf(chart, live.tick.value?.states ?? {})
  return (
    <section class="panel" aria-labelledby="states-heading">
      <h2 id="states-heading">States</h2>
      <div class="scroll" tabIndex={0} role="region" aria-label="Figures of the states">
        <table class="states">
          <thead>
            <tr>
              <th scope="col">State</th>
              <th scope="col">Now</th>
              <th scope="col">In /s</th>
              <th scope="col">Out /s</th>
              <th scope="col" title="Half of those that left it had spent less time in it">
                Typical
              </th>
              <th scope="col" title="99 % of those that left it had spent less time in it">
                99 %
              </th>
              <th scope="col" title="How long the one that is there longest has been there">
                Oldest
              </th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ id, tone, figures }) => (
              <tr key={id}>
                <th scope="row">
                  <a href={messagesLink(queue, { state: id })}>
                    <span class={`legend-mark tone-${tone}`} aria-hidden="true" />
                    {id}
                  </a>
                </th>
                <td>{countText(figures.count)}</td>
                <td>{rateText(figures.inPerSecond)}</td>
                <td>{rateText(figures.outPerSecond)}</td>
                <td>{figures.p50Ms === null ? '–' : durationText(figures.p50Ms)}</td>
                <td>{figures.p99Ms === null ? '–' : durationText(figures.p99Ms)}</td>
                <td>
                  {figures.oldestAt === null || figures.count === 0 ? '–' : durationText(now.value - figures.oldestAt)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}

/** In the order of the machine; then what is stored and not in this version of it. */
function rowsOf(chart: DrawnChart | undefined, states: Readonly<Record<string, StateFigures>>): readonly Row[] {
  const drawn = (chart?.drawing.states ?? []).filter(({ outer, state }) => !outer && state.kind !== 'history')
  const rows = drawn.map(({ state }) => ({ id: state.id, tone: toneOf(state), figures: states[state.id] ?? NOBODY }))
  const ids = new Set(rows.map(({ id }) => id))
  const others = Object.entries(states).filter(([id, { count }]) => !ids.has(id) && count > 0)
  // Without a chart it is not known which state is foreign to the machine.
  const toneOfOther = (id: string): Tone => (chart ? 'dead' : toneOfTags(id, [id]))
  return [...rows, ...others.map(([id, figures]) => ({ id, tone: toneOfOther(id), figures }))]
}
