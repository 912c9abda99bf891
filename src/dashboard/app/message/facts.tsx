import type { ComponentChildren, JSX } from 'preact'
import type { MessageView } from '../api/message.ts'
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
    {message.invocations.map(({ id, src, running }) => (
      <Fact key={id} name="Handler">
        <b>{src}</b>
        {id !== src && ` as ${id}`}{' '}
        <span class={running ? 'tag tone-working' : 'tag'}>{running ? 'running' : 'waits for a worker'}</span>
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
    {message.parent !== undefined && message.parent !== null && (
      <Fact name="Parent">
        <Related value={message.parent} queue={queue} />
      </Fact>
    )}
    {message.joins !== undefined && message.joins !== null && (
      <Fact name="Children">
        <Related value={message.joins} queue={queue} />
      </Fact>
    )}
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

/** XState's `xstate.after.backoff.message.retrying` is the delay `backoff`. */
const timerName = (id: string): string => /^xstate\.after\.([^.]+)\./.exec(id)?.[1] ?? id

/** A message elsewhere, where it says which; as it lies there otherwise. */
function Related({ value, queue }: { value: unknown; queue: string }): JSX.Element {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  return (
    <>
      {items.map((item, index) => {
        const target = addressOf(item, queue)
        if (!target) return <ValueView key={index} value={item} depth={1} />
        return (
          <a key={index} href={messageLink(target.queue, target.id)}>
            {target.queue === queue ? target.id : `${target.queue} / ${target.id}`}
          </a>
        )
      })}
    </>
  )
}

function addressOf(item: unknown, queue: string): { queue: string; id: string } | undefined {
  if (typeof item !== 'object' || item === null || !('id' in item) || typeof item.id !== 'string') return undefined
  return { id: item.id, queue: 'queue' in item && typeof item.queue === 'string' ? item.queue : queue }
}
