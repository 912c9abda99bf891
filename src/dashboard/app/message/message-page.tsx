import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import { readableDelays } from '../../../inspect/chart/delay-text.ts'
import { loadMessage, type MessageDetails } from '../api/message.ts'
import { ApiError } from '../api/request.ts'
import { toneOfTags } from '../chart/tone.ts'
import { useLive } from '../live/use-live.ts'
import type { LiveQueue } from '../live/live-queue.ts'
import { QueueHeader } from '../overview/queue-header.tsx'
import { useResource } from '../resource.ts'
import { messagesLink, replaceQuery, route } from '../route.ts'
import { isReadOnly } from '../shell/facts.ts'
import { PageState } from '../shell/page-state.tsx'
import { ValueView } from '../value/value-view.tsx'
import { ContextPart } from './context-part.tsx'
import { EditPayload } from './edit-payload.tsx'
import { ErrorView } from './error-view.tsx'
import { Facts } from './facts.tsx'
import { Inspect } from './inspect.tsx'
import { MessageActions } from './message-actions.tsx'
import { MessageChart } from './message-chart.tsx'
import { NextSteps } from './next-steps.tsx'
import { Part } from './part.tsx'
import { RawView } from './raw-view.tsx'
import { SendEvent } from './send-event.tsx'
import { Sources } from './sources.tsx'
import { TimeTravel } from './time-travel.tsx'
import { Timeline } from './timeline.tsx'

const EVERY = 2000

/** All about one message. */
export function MessagePage({ queue, id }: { queue: string; id: string }): JSX.Element {
  const live = useLive(queue)
  const { data, error, reload } = useResource(
    `message ${queue} ${id}`,
    (signal) => loadMessage(queue, id, signal),
    EVERY,
  )
  useEffect(
    () =>
      live.onFlow(({ items }) => {
        if (items.some((item) => item.id === id)) reload()
      }),
    [live, id],
  )
  const gone = error instanceof ApiError && error.status === 404
  return (
    <>
      <QueueHeader queue={queue} page="message" live={live} />
      {gone && (
        <p class="notice">
          There is no message “{id}”: it was removed, its queue keeps none for so long, or it was never sent.
        </p>
      )}
      {data ? (
        <Details queue={queue} live={live} details={data} reload={reload} />
      ) : (
        !gone && <PageState error={error} what="the message" />
      )}
    </>
  )
}

interface DetailsProps {
  readonly queue: string
  readonly live: LiveQueue
  readonly details: MessageDetails
  reload(): void
}

function Details({ queue, live, details, reload }: DetailsProps): JSX.Element {
  const { message, history: steps } = details
  const last = steps.length - 1
  const asked = Number(route.value.query.get('step') ?? last)
  const current = Math.max(0, Math.min(Number.isInteger(asked) ? asked : last, last))
  const choose = (index: number): void => replaceQuery({ step: index >= last ? undefined : index })
  const step = steps[current]
  const then = steps.length > 0 && current < last
  const says = step
    ? `step ${current + 1} of ${steps.length}: ${readableDelays(step.event)} → ${step.state}`
    : 'no steps are kept'
  return (
    <>
      <div class="message-head">
        <h1>{message.id}</h1>
        <a
          class={`tag tone-${toneOfTags(message.state, message.tags)}`}
          href={messagesLink(queue, { state: message.state })}
        >
          {message.state}
        </a>
        <div class="buttons">
          <Inspect queue={queue} id={message.id} />
          {!isReadOnly() && <MessageActions queue={queue} message={message} onDone={reload} />}
        </div>
      </div>
      {message.failedIn && (
        <section class="panel quarantine" aria-label="Failure">
          <p>
            <b>Failed in {message.failedIn.state}</b>, at <code>{message.failedIn.event}</code>: its machine has nothing
            for that. A redrive brings it back there, and runs what it waited for.
          </p>
        </section>
      )}
      {message.quarantine && (
        <section class="panel quarantine" aria-label="Quarantine">
          <p>
            <b>Set aside, whole.</b> {message.quarantine.reason}
          </p>
          {message.quarantine.event && <ValueView value={message.quarantine.event} depth={1} />}
        </section>
      )}
      <div class="message-columns">
        <div class="message-main">
          <MessageChart
            queue={queue}
            id={message.id}
            live={live}
            steps={steps}
            current={current}
            state={message.state}
          />
          <TimeTravel steps={steps.length} current={current} says={says} onChoose={choose} />
          <Sources queue={queue} id={message.id} />
          <Part title="Journal">
            <Timeline steps={steps} current={current} onChoose={choose} />
          </Part>
        </div>
        <div class="message-side">
          <Part title="Now">
            <Facts queue={queue} message={message} />
          </Part>
          <Errors details={details} current={current} />
          {!then && <Next queue={queue} message={message} reload={reload} />}
          <ContextPart queue={queue} details={details} current={current} />
          <Part
            title="Payload"
            extra={
              canEdit(message) && <EditPayload queue={queue} id={message.id} input={message.input} onDone={reload} />
            }
          >
            <ValueView value={message.input} />
            {message.sentInput !== undefined && (
              <>
                <h3>As it was sent</h3>
                <ValueView value={message.sentInput} />
              </>
            )}
          </Part>
          {message.output !== undefined && (
            <Part title="Result">
              <ValueView value={message.output} />
            </Part>
          )}
          {message.inbox.length > 0 && (
            <Part title={`Inbox: ${message.inbox.length} waiting`}>
              <ValueView value={message.inbox} depth={1} />
            </Part>
          )}
        </div>
      </div>
      <RawView raw={details.raw} />
    </>
  )
}

const canEdit = ({ tags, status, quarantine }: MessageDetails['message']): boolean =>
  !isReadOnly() && ((tags.includes('dead') && status === 'active') || quarantine !== undefined)

function Errors({
  details: { message, history },
  current,
}: {
  details: MessageDetails
  current: number
}): JSX.Element | null {
  const isLast = current >= history.length - 1
  const { error = errorIn(message.context) } = message
  const told = isLast ? error : history[current]?.error
  if (told === undefined || told === null || told === '') return null
  return (
    <Part title={isLast ? 'Last error' : 'Error of this step'}>
      <ErrorView error={told} />
    </Part>
  )
}

/** Where the default machine keeps it. */
const errorIn = (context: unknown): unknown =>
  typeof context === 'object' && context !== null && 'error' in context ? context.error : undefined

function Next({
  queue,
  message,
  reload,
}: {
  queue: string
  message: MessageDetails['message']
  reload: () => void
}): JSX.Element | null {
  const picked = useSignal('')
  const round = useSignal(0)
  const form = useRef<HTMLDivElement>(null)
  const writes = !isReadOnly() && message.status === 'active'
  const pick = (type: string): void => {
    picked.value = type
    round.value += 1
    form.current?.scrollIntoView({ block: 'nearest' })
  }
  return (
    <Part title="What can happen next">
      <NextSteps queue={queue} id={message.id} revision={message.revision} onPick={writes ? pick : undefined} />
      {writes && (
        <div ref={form}>
          <h3>Send an event</h3>
          <SendEvent key={round.value} queue={queue} id={message.id} picked={picked.value} onSent={reload} />
        </div>
      )}
    </Part>
  )
}
