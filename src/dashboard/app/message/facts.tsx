import type { ComponentChildren, JSX } from 'preact'
import type { MessageJoin, MessageView } from '../api/message.ts'
import { delayText } from '../../../inspect/chart/delay-text.ts'
import { messageLink } from '../route.ts'
import { Ago, Countdown } from '../time/ago.tsx'
import { ValueView } from '../value/value-view.tsx'

/** When, who, and what it waits for. */
export const Facts = ({ queue, message }: { queue: string; message: MessageView }): JSX.Element => (
  <dl class="facts">
    <Fact name="Sent">
      <Ago at={message.createdAt} />
    </Fact>
    <Fact name="In this state since">
      <Ago at={message.enteredAt} />
    </Fact>
    <Fact name="Attempts">{message.attempts}</Fact>
    {message.worker !== undefined && (
      <Fact name="Worker">
        {message.worker}
        {typeof message.leaseUntil === 'number' && (
          <span class="muted">
            , lease ends <Countdown to={message.leaseUntil} />
          </span>
        )}
      </Fact>
    )}
    {message.invocations.map(({ id, src, running, leasesLost }) => (
      <Fact key={id} name="Handler">
        <b>{src}</b>
        {id !== src && ` as ${id}`}{' '}
        <span class={running ? 'tag tone-working' : 'tag'}>{running ? 'running' : 'waits for a worker'}</span>
        {leasesLost !== undefined && <span class="muted"> {leasesLost} lost with their worker</span>}
      </Fact>
    ))}
    {message.progress !== undefined && (
      <Fact name="Progress">
        <ValueView value={message.progress} depth={1} />
      </Fact>
    )}
    {message.timers.map(({ id, due }) => (
      <Fact key={id} name="Timer">
        {timerName(id)} <Countdown to={due} />
      </Fact>
    ))}
    {message.parent && (
      <Fact name="Parent">
        <Relative {...message.parent} within={queue} />
      </Fact>
    )}
    {message.joins?.map((join, index) => (
      <Fact key={index} name={`Children: ${join.join}`}>
        <Children join={join} queue={queue} />
      </Fact>
    ))}
    <Fact name="Machine">
      <code>{message.machine}</code>
    </Fact>
  </dl>
)

const Fact = ({ name, children }: { name: string; children: ComponentChildren }): JSX.Element => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

/** XState's `xstate.after.backoff.message.retrying` is the delay `backoff`; one without a name is a number. */
function timerName(id: string): string {
  const name = /^xstate\.after\.([^.]+)\./.exec(id)?.[1]
  return name !== undefined && /^\d+$/.test(name) ? delayText(Number(name)) : (name ?? id)
}

/** Of many children those that failed, or have not ended, come first. */
const SHOWN = 20
const RANK = { failed: 0, going: 1, done: 2 }

function Children({ join: { children, failed, over }, queue }: { join: MessageJoin; queue: string }): JSX.Element {
  const rank = ({ status }: MessageJoin['children'][number]): number => RANK[status ?? 'going']
  const ended = children.filter(({ status }) => status !== undefined).length
  const shown = children.toSorted((a, b) => rank(a) - rank(b)).slice(0, SHOWN)
  return (
    <>
      <span class="muted">
        {ended} of {children.length} ended{over ? ', and it is over' : ''}; {FAILURES[failed]}
      </span>
      <ul class="children">
        {shown.map((child) => (
          <li key={`${child.queue}/${child.id}`}>
            <Relative {...child} within={queue} />{' '}
            <span class={`tag ${TONES[child.status ?? 'going']}`}>
              {child.status ?? (over ? 'not waited for' : 'going on')}
            </span>
          </li>
        ))}
      </ul>
      {children.length > SHOWN && <span class="muted">and {children.length - SHOWN} more</span>}
    </>
  )
}

const FAILURES = {
  collect: 'what failed is told at the end',
  report: 'the first failure is told at once',
  cancel: 'the first failure cancels the others',
}

const TONES = { failed: 'tone-dead', going: 'tone-working', done: 'tone-done' }

const Relative = ({ queue, id, within }: { queue: string; id: string; within: string }): JSX.Element => (
  <a href={messageLink(queue, id)}>{queue === within ? id : `${queue} / ${id}`}</a>
)
