import type { JSX } from 'preact'
import { loadHealth, type Health, type HealthFinding } from '../api/health.ts'
import { useResource } from '../resource.ts'
import { PageState } from '../shell/page-state.tsx'
import { overview } from '../shell/facts.ts'
import { durationText } from '../time/duration-text.ts'
import { bytesText } from '../value/bytes-text.ts'

const TONES = { error: 'dead', warning: 'retrying', info: 'ended' } as const

/** What the doctor found. */
export function HealthPage(): JSX.Element {
  const { data, error } = useResource('health', loadHealth, 10_000)
  return (
    <>
      <h1>Health</h1>
      <p class="lead">
        What <code>redrive doctor</code> finds in the server and in the stored messages: what, why it matters, and what
        mends it.
      </p>
      {!data && <PageState error={error} what="the findings" />}
      {data?.findings.length === 0 && <p class="panel well">Nothing was found: all is well.</p>}
      {data?.findings.map((finding, index) => (
        <Finding key={`${finding.code} ${index}`} {...finding} />
      ))}
      {data && (
        <section class="panel" aria-labelledby="redis-heading">
          <h2 id="redis-heading">Redis</h2>
          <Server {...data.redis} />
        </section>
      )}
    </>
  )
}

/** What it is, and what it answered a moment ago. */
function Server({ description, address }: Health['redis']): JSX.Element {
  const { memory, latencyMs } = overview.value?.redis ?? {}
  return (
    <dl class="facts">
      <div>
        <dt>Server</dt>
        <dd>{description}</dd>
      </div>
      {address !== undefined && (
        <div>
          <dt>Address</dt>
          <dd>
            <code>{address}</code>
          </dd>
        </div>
      )}
      {memory && (
        <div>
          <dt>Memory</dt>
          <dd>
            {bytesText(memory.used)} in use, {memory.max > 0 ? `of ${bytesText(memory.max)}` : 'without a limit'}
            {memory.policy !== undefined && `; when it is full: ${memory.policy}`}
          </dd>
        </div>
      )}
      {latencyMs !== undefined && (
        <div>
          <dt>Answers within</dt>
          <dd>{durationText(latencyMs)}</dd>
        </div>
      )}
    </dl>
  )
}

const Finding = ({ code, severity, queue, what, why, mend, command }: HealthFinding): JSX.Element => (
  <section class="panel finding" aria-label={code}>
    <p>
      <span class={`tag tone-${TONES[severity]}`}>{severity}</span> <code>{code}</code>{' '}
      {queue !== undefined && <b>{queue}</b>}
    </p>
    <p class="finding-what">{what}</p>
    <p class="muted">{why}</p>
    <p>{mend}</p>
    {command !== undefined && (
      <p>
        <code>{command}</code>
      </p>
    )}
  </section>
)
