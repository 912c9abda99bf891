import type { JSX } from 'preact'
import { loadWorkers, type WorkerView } from '../api/workers.ts'
import { useResource } from '../resource.ts'
import { chartLink, messageLink } from '../route.ts'
import { PageState } from '../shell/page-state.tsx'
import { Ago, Countdown } from '../time/ago.tsx'
import { countText, durationText, rateText } from '../time/duration-text.ts'

/** Who works on what. */
export function WorkersPage(): JSX.Element {
  const { data, error } = useResource('workers', loadWorkers, 2000)
  return (
    <>
      <h1>Workers</h1>
      <p class="lead">
        Processes that run handlers. What one holds is leased to it: should it die, another takes the message on when
        the lease ends.
      </p>
      {!data && <PageState error={error} what="the workers" />}
      {data?.items.length === 0 && (
        <p class="empty">
          No worker is there. Messages wait until one is: <code>queue.work(…)</code> or <code>redrive worker</code>.
        </p>
      )}
      <div class="worker-cards">
        {data?.items.map((worker) => (
          <WorkerCard key={`${worker.queue} ${worker.name}`} {...worker} />
        ))}
      </div>
    </>
  )
}

function WorkerCard(worker: WorkerView): JSX.Element {
  const {
    name,
    queue,
    host,
    pid,
    startedAt,
    seenAt,
    concurrency,
    active,
    processed,
    claimsPerSecond,
    lag,
    holds,
    machines = [],
  } = worker
  return (
    <section class="panel" aria-label={`Worker ${name}`}>
      <h2 class="clipped">{name}</h2>
      <p class="muted">
        on <a href={chartLink(queue)}>{queue}</a>, {host}, process {pid}, since <Ago at={startedAt} />, seen{' '}
        <Ago at={seenAt} />
      </p>
      <p>
        <meter min={0} max={Math.max(concurrency, 1)} value={active} aria-label="Handlers that run" /> {active} of{' '}
        {concurrency} handlers run
      </p>
      {machines.length > 0 && (
        <p class="muted">
          knows <code>{machines.join(', ')}</code>
        </p>
      )}
      <dl class="figures">
        <div class="figure">
          <dt>claims a second</dt>
          <dd>{rateText(claimsPerSecond)}</dd>
        </div>
        <div class="figure">
          <dt>processed</dt>
          <dd>{countText(processed)}</dd>
        </div>
        <div class="figure">
          <dt>lag, typical · 99 %</dt>
          <dd>
            {durationText(lag.p50)} · {durationText(lag.p99)}
          </dd>
        </div>
      </dl>
      {holds.length > 0 && (
        <ul class="holds" aria-label="Messages that it holds">
          {holds.map(({ id, state, leaseUntil }) => (
            <li key={id}>
              <a class="clipped" href={messageLink(queue, id)}>
                {id}
              </a>
              <span class="muted">
                {state}, lease ends <Countdown to={leaseUntil} />
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}
