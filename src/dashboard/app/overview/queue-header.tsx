import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { setPaused } from '../api/overview.ts'
import { sentence } from '../api/request.ts'
import type { LiveQueue } from '../live/live-queue.ts'
import { Confirm } from '../operations/confirm.tsx'
import { chartLink, messagesLink } from '../route.ts'
import { isReadOnly, queueOf, refreshOverview } from '../shell/facts.ts'

interface QueueHeaderProps {
  readonly queue: string
  readonly page: 'chart' | 'messages' | 'message'
  readonly live?: LiveQueue
}

/** Name of a queue, its pages, and its brake. */
export function QueueHeader({ queue, page, live }: QueueHeaderProps): JSX.Element {
  const facts = queueOf(queue)
  const paused = live?.tick.value?.paused ?? facts?.paused ?? false
  const current = (is: boolean): 'page' | undefined => (is ? 'page' : undefined)
  return (
    <div class="queue-header">
      {page === 'message' ? <p class="queue-name">{queue}</p> : <h1>{queue}</h1>}
      {paused && <span class="tag tone-retrying">paused: workers take nothing new</span>}
      {live && <LiveMark live={live} />}
      <nav class="tabs" aria-label={`Pages of ${queue}`}>
        <a href={chartLink(queue)} aria-current={current(page === 'chart')}>
          Chart
        </a>
        <a href={messagesLink(queue)} aria-current={current(page === 'messages')}>
          Messages
        </a>
      </nav>
      {facts && !isReadOnly() && page !== 'message' && <Brake queue={queue} paused={paused} />}
    </div>
  )
}

function LiveMark({ live }: { live: LiveQueue }): JSX.Element {
  const isLive = live.connection.value === 'live' && live.tick.value?.redis !== 'away'
  return <span class={isLive ? 'live-mark is-live' : 'live-mark'}>{isLive ? 'live' : 'waiting'}</span>
}

function Brake({ queue, paused }: { queue: string; paused: boolean }): JSX.Element {
  const asking = useSignal(false)
  const problem = useSignal('')
  const act = async (): Promise<void> => {
    asking.value = false
    problem.value = await setPaused(queue, !paused).then(() => '', sentence)
    await refreshOverview()
  }
  return (
    <>
      <button type="button" onClick={() => (paused ? void act() : (asking.value = true))}>
        {paused ? 'Resume' : 'Pause'}
      </button>
      {problem.value !== '' && <span role="alert">{problem.value}</span>}
      {asking.value && (
        <Confirm title={`Pause ${queue}?`} yes="Pause" onYes={() => void act()} onNo={() => (asking.value = false)}>
          Workers everywhere take nothing new from it. Handlers that run come to their end, messages can still be sent,
          and timers that fall due wait. Resume it here at any time.
        </Confirm>
      )}
    </>
  )
}
