import type { JSX } from 'preact'
import type { Overview, QueueOverview } from '../api/overview.ts'
import { toneOfTags } from '../chart/tone.ts'
import { chartLink, messagesLink } from '../route.ts'
import { overview, overviewError } from '../shell/facts.ts'
import { PageState } from '../shell/page-state.tsx'
import { countText, durationText } from '../time/duration-text.ts'
import { bytesText } from '../value/bytes-text.ts'

/** All queues, and the server that they are in. */
export function OverviewPage(): JSX.Element {
  const facts = overview.value
  return (
    <>
      <h1>Queues</h1>
      <p class="lead">
        Redrive delivers messages that must get through. Every message is a small state machine that is stored in Redis;
        a queue is all messages of one machine. Open one to see its chart.
      </p>
      {facts ? <Queues {...facts} /> : <PageState error={overviewError.value} what="the queues" />}
    </>
  )
}

function Queues({ queues, redis, version }: Overview): JSX.Element {
  return (
    <>
      {queues.length === 0 && <p class="empty">{noQueue(redis.up)}</p>}
      <div class="queue-cards">
        {queues.map((queue) => (
          <QueueCard key={queue.name} {...queue} />
        ))}
      </div>
      <p class="footnote">
        Redrive {version} on {redis.description ?? 'Redis'}
        {redis.memory &&
          `, ${bytesText(redis.memory.used)} in use${redis.memory.max > 0 ? ` of ${bytesText(redis.memory.max)}` : ''}`}
        {redis.latencyMs !== undefined && `, answers within ${durationText(redis.latencyMs)}`}.
      </p>
    </>
  )
}

/** A server that does not answer may have many. */
const noQueue = (isUp: boolean): string =>
  isUp
    ? 'There is no queue yet: the first message that is sent makes one.'
    : 'Which queues there are is not known: Redis does not answer.'

function QueueCard({
  name,
  states,
  live,
  due,
  oldestDueMs,
  paused,
  quarantined,
  machine,
  known,
}: QueueOverview): JSX.Element {
  const all = Object.entries(states).filter(([, count]) => count > 0)
  return (
    <section class="panel queue-card" aria-label={name}>
      <h2>
        <a href={known ? chartLink(name) : messagesLink(name)}>{name}</a>
        {paused && <span class="tag tone-retrying">paused</span>}
        {quarantined > 0 && <span class="tag tone-dead">{countText(quarantined)} quarantined</span>}
      </h2>
      <p class="muted clipped" title={machine ?? ''}>
        {machine ?? 'machine not known'}
      </p>
      <dl class="figures">
        <div class="figure">
          <dt>on their way</dt>
          <dd>{countText(live)}</dd>
        </div>
        <div class="figure">
          <dt>due now</dt>
          <dd>{countText(due)}</dd>
        </div>
        <div class="figure">
          <dt>longest overdue</dt>
          <dd>{oldestDueMs === null || oldestDueMs <= 0 ? 'none' : durationText(oldestDueMs)}</dd>
        </div>
      </dl>
      <ul class="chips" aria-label={`States of ${name}`}>
        {all.map(([state, count]) => (
          <li key={state}>
            <a class={`chip tone-${toneOfTags(state, [state])}`} href={messagesLink(name, { state })}>
              {state} <b>{countText(count)}</b>
            </a>
          </li>
        ))}
      </ul>
      {!known && <p class="muted">This dashboard does not have its machine, so it shows no chart of it.</p>}
    </section>
  )
}
