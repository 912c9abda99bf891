import type { JSX } from 'preact'
import { useMemo } from 'preact/hooks'
import { ApiError } from '../api/request.ts'
import { linkTo, messagesLink } from '../route.ts'
import type { LiveQueue } from '../live/live-queue.ts'
import { useLive } from '../live/use-live.ts'
import { QueueHeader } from '../overview/queue-header.tsx'
import { PageState } from '../shell/page-state.tsx'
import { ratesOf } from './edge-finder.ts'
import { FlowLayer } from './flow-layer.tsx'
import { ChartView } from './chart-view.tsx'
import { History } from './history.tsx'
import { KeyFigures } from './key-figures.tsx'
import { Legend } from './legend.tsx'
import { NOBODY, populationOf, type Population } from './population.ts'
import { StateTable } from './state-table.tsx'
import { useChart, type DrawnChart } from './use-chart.ts'

/** The home of a queue: its machine, with all messages in it. */
export function ChartPage({ queue }: { queue: string }): JSX.Element {
  const live = useLive(queue)
  const { drawn, error } = useChart(queue)
  if (!drawn && error instanceof ApiError && error.code === 'E_UNKNOWN_QUEUE')
    return <PageState error={error} what="the queue" />
  return (
    <>
      <QueueHeader queue={queue} page="chart" live={live} />
      <p class="lead">
        Every box is a state that a message of <b>{queue}</b> can be in, and its number says how many are in it now.
        Dots are messages that go from one state to the next. Click a state to see its messages.
      </p>
      <KeyFigures live={live} queue={queue} />
      <div class="chart-columns">
        <section class="chart-panel panel" aria-label="Chart">
          {drawn ? <LiveChart queue={queue} live={live} {...drawn} /> : <NoChart error={error} queue={queue} />}
          {drawn && <Legend />}
        </section>
        <div class="chart-side">
          <StateTable queue={queue} live={live} chart={drawn} />
          <History queue={queue} live={live} />
        </div>
      </div>
    </>
  )
}

function LiveChart({
  queue,
  live,
  chart,
  drawing,
  find,
}: DrawnChart & { queue: string; live: LiveQueue }): JSX.Element {
  const tick = live.tick.value
  const figures = useMemo(() => figuresOf(chart, tick?.states), [chart, tick])
  const rates = useMemo(() => ratesOf(tick?.edges ?? [], drawing, find), [drawing, find, tick])
  const drawn = new Set(drawing.states.map(({ state }) => state.id))
  const inhabited = Object.entries(tick?.states ?? {}).filter(([, { count }]) => count > 0)
  const aside = inhabited.filter(([name]) => name.startsWith('~'))
  const foreign = inhabited.filter(([name]) => !name.startsWith('~') && !drawn.has(name))
  return (
    <>
      <ChartView
        drawing={drawing}
        label={`The machine ${chart.id}. Arrow keys go from state to state, Enter opens its messages, + and − zoom.`}
        figures={tick ? figures : undefined}
        rates={rates}
        hrefOf={(state) => messagesLink(queue, { state })}
      >
        <FlowLayer drawing={drawing} find={find} live={live} />
      </ChartView>
      {aside.length > 0 && (
        <p class="aside">
          Set aside:
          {aside.map(([name, { count }]) => (
            <a key={name} class="tag tone-dead" href={messagesLink(queue, { state: name })}>
              {count} {name === '~quarantined' ? 'quarantined' : name.slice(1)}
            </a>
          ))}
        </p>
      )}
      {foreign.length > 0 && (
        <p class="aside">
          In states that this version of the machine does not have:
          {foreign.map(([name, { count }]) => (
            <a key={name} class="tag tone-dead" href={messagesLink(queue, { state: name })}>
              {count} {name}
            </a>
          ))}
          <a href={linkTo(['versions'])}>Versions</a>
        </p>
      )}
    </>
  )
}

function figuresOf({ layout }: DrawnChart['chart'], states: Record<string, typeof NOBODY> = {}): Population {
  const root = layout.states[0]?.state
  return root ? populationOf(root, states) : new Map()
}

function NoChart({ error, queue }: { error: unknown; queue: string }): JSX.Element {
  return (
    <div class="no-chart">
      <PageState error={error} what="the chart" />
      {error instanceof ApiError && error.code === 'E_UNKNOWN_MACHINE' && (
        <p>
          The messages can be read without it: <a href={messagesLink(queue)}>messages of {queue}</a>, or{' '}
          <a href={linkTo(['versions'])}>the versions of its machine</a>.
        </p>
      )}
    </div>
  )
}
