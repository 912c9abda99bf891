import type { JSX } from 'preact'
import { loadVersions, type QueueVersions } from '../api/versions.ts'
import { useResource } from '../resource.ts'
import { messageLink, messagesLink } from '../route.ts'
import { PageState } from '../shell/page-state.tsx'
import { Ago } from '../time/ago.tsx'
import { countText } from '../time/duration-text.ts'

/** Which versions of their machines messages are in, and what fits nowhere. */
export function VersionsPage(): JSX.Element {
  const { data, error } = useResource('versions', loadVersions, 10_000)
  return (
    <>
      <h1>Versions</h1>
      <p class="lead">
        A message stays with the version of the machine that it began with. Drift is what the current version no longer
        has a place for; what no worker could go on with waits in quarantine, whole.
      </p>
      {!data && <PageState error={error} what="the versions" />}
      {data?.queues.map((queue) => (
        <VersionsOf key={queue.queue} {...queue} />
      ))}
    </>
  )
}

const VersionsOf = ({ queue, current, known, versions, drift, moves, quarantined }: QueueVersions): JSX.Element => (
  <section class="panel" aria-label={queue}>
    <h2>{queue}</h2>
    <p class="muted">
      Current: <code>{current}</code>
    </p>
    <div class="scroll" tabIndex={0} role="region" aria-label={`Versions of ${queue}`}>
      <table>
        <thead>
          <tr>
            <th scope="col">Version</th>
            <th scope="col">Not finished</th>
            <th scope="col">Finished</th>
            <th scope="col">States</th>
          </tr>
        </thead>
        <tbody>
          {versions.map(({ ref, live, finished, states }) => (
            <tr key={ref}>
              <th scope="row">
                <code>{ref}</code> {ref === current && <span class="tag">current</span>}
              </th>
              <td>{countText(live)}</td>
              <td>{countText(finished)}</td>
              <td class="muted">
                {Object.entries(states)
                  .map(([state, count]) => `${state} ${countText(count)}`)
                  .join(', ')}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
    {drift.length > 0 ? (
      <>
        <h3>Drift</h3>
        <ul class="facts-list">
          {drift.map(({ ref, state, fate, count, example, reason }) => (
            <li key={`${ref} ${state} ${fate} ${reason}`}>
              <a href={messagesLink(queue, { state: fate === 'stuck' ? '~quarantined' : state })}>
                {countText(count)} {fate === 'stuck' ? `in quarantine, before in ${state}` : `in ${state}`}
              </a>{' '}
              <span class="muted">
                of {ref}: {reason}
              </span>{' '}
              <a href={messageLink(queue, example)}>{example}</a>
            </li>
          ))}
        </ul>
      </>
    ) : (
      <p class="muted">
        {known
          ? 'No drift: the current version has a place for every message.'
          : 'Whether there is drift cannot be told: this dashboard does not have the machine.'}
      </p>
    )}
    {moves.length > 0 && (
      <>
        <h3>Would move</h3>
        <ul class="facts-list">
          {moves.map((move) => (
            <li key={`${move.ref} ${move.state} ${move.to}`}>
              {countText(move.count)} in {move.state} to {move.to}{' '}
              <span class="muted">
                {[...changes('keeps', move), ...changes('begins', move), ...changes('ends', move)].join('; ')}
              </span>
            </li>
          ))}
        </ul>
      </>
    )}
    {quarantined.length > 0 && (
      <>
        <h3>Quarantined</h3>
        <ul class="facts-list">
          {quarantined.map(({ id, reason, at }) => (
            <li key={id}>
              <a href={messageLink(queue, id)}>{id}</a> {reason} <span class="muted">{at > 0 && <Ago at={at} />}</span>
            </li>
          ))}
        </ul>
      </>
    )}
  </section>
)

/** Timers and invocations that begin, end or stay with a move. */
function changes(what: 'keeps' | 'begins' | 'ends', move: QueueVersions['moves'][number]): string[] {
  const ids = Object.keys(move[what])
  return ids.length === 0 ? [] : [`${what} ${ids.join(', ')}`]
}
