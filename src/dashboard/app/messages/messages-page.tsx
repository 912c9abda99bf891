import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { FILTER_NAMES, loadErrors, loadMessages, type Filter, type MessageQuery } from '../api/messages.ts'
import { toneOfTags } from '../chart/tone.ts'
import { QueueHeader } from '../overview/queue-header.tsx'
import { useResource } from '../resource.ts'
import { linkTo, messagesLink, route, type Values } from '../route.ts'
import { overview, overviewError, queueOf } from '../shell/facts.ts'
import { PageState } from '../shell/page-state.tsx'
import { countText } from '../time/duration-text.ts'
import { ActionBar } from './action-bar.tsx'
import { ErrorGroups } from './error-groups.tsx'
import { FilterForm } from './filter-form.tsx'
import { MessageTable } from './message-table.tsx'

/** The messages of a state. All that a view shows is in its address. */
export function MessagesPage({ queue }: { queue: string }): JSX.Element {
  const facts = queueOf(queue)
  const { query } = route.value
  const state = query.get('state') ?? usualState(facts?.states)
  return (
    <>
      <QueueHeader queue={queue} page="messages" />
      {facts && <StateChips queue={queue} states={facts.states} current={state} />}
      {state === undefined ? (
        <Nothing queue={queue} />
      ) : (
        <Listing key={state} queue={queue} query={queryOf(state, query)} cursor={query.get('cursor')} />
      )}
    </>
  )
}

function Nothing({ queue }: { queue: string }): JSX.Element {
  // While Redis is away no queue is known, and this one may well be there.
  if (!overview.value?.redis.up) return <PageState error={overviewError.value} what="the queue" />
  if (queueOf(queue)) return <p class="empty">There is no message in this queue.</p>
  return (
    <p class="problem" role="alert">
      There is no queue “{queue}” on this server. <a href={linkTo(['queues'])}>All queues</a>
    </p>
  )
}

/** Somebody who comes without a wish most likely comes for what is dead. */
function usualState(states: Readonly<Record<string, number>> = {}): string | undefined {
  const inhabited = Object.entries(states).filter(([, count]) => count > 0)
  const dead = inhabited.find(([name]) => name === 'dead')
  return (dead ?? inhabited.toSorted(([, a], [, b]) => b - a)[0])?.[0]
}

function queryOf(state: string, query: URLSearchParams): MessageQuery {
  const given = FILTER_NAMES.flatMap((name) => {
    const value = query.get(name)
    return value === null || value === '' ? [] : [[name, value] as const]
  })
  return {
    state,
    order: query.get('order') === 'entered' ? 'entered' : 'due',
    direction: query.get('direction') === 'desc' ? 'desc' : 'asc',
    filter: Object.fromEntries(given) as Filter,
  }
}

function StateChips({
  queue,
  states,
  current,
}: {
  queue: string
  states: Readonly<Record<string, number>>
  current: string | undefined
}): JSX.Element {
  const names = Object.keys(states).filter((name) => (states[name] ?? 0) > 0 || name === current)
  if (current !== undefined && !names.includes(current)) names.push(current)
  return (
    <nav aria-label="States">
      <ul class="chips">
        {names.map((name) => (
          <li key={name}>
            <a
              class={`chip tone-${toneOfTags(name, [name])}`}
              href={messagesLink(queue, { state: name })}
              aria-current={name === current ? 'page' : undefined}
            >
              {name} {states[name] !== undefined && <b>{countText(states[name])}</b>}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  )
}

interface ListingProps {
  readonly queue: string
  readonly query: MessageQuery
  readonly cursor: string | null
}

function Listing({ queue, query, cursor }: ListingProps): JSX.Element {
  const { state, order, direction, filter } = query
  const key = JSON.stringify([queue, query, cursor])
  const page = useResource(`messages ${key}`, (signal) => loadMessages(queue, query, cursor, signal), 3000)
  const errors = useResource(`errors ${queue} ${state}`, (signal) => loadErrors(queue, state, signal), 10_000)
  const chosen = useSignal<ReadonlySet<string>>(new Set())
  const values: Values = {
    state,
    ...(order === 'due' ? {} : { order }),
    ...(direction === 'asc' ? {} : { direction }),
    ...filter,
  }
  const { data } = page
  return (
    <>
      <ErrorGroups
        groups={errors.data?.groups ?? []}
        filter={filter}
        linkFor={(change) => messagesLink(queue, { ...values, ...change })}
      />
      <FilterForm queue={queue} query={query} />
      {!data && <PageState error={page.error} what="the messages" />}
      {data && (
        <section class="panel list" aria-label={`Messages in ${state}`}>
          <ActionBar
            queue={queue}
            state={state}
            filter={filter}
            rows={data.items}
            chosen={chosen}
            onDone={page.reload}
          />
          <MessageTable queue={queue} rows={data.items} chosen={chosen} />
          <p class="paging">
            <span class="muted" role="status">
              {data.items.length === 0 ? 'No message is here now.' : `${data.items.length} shown.`}
              {Object.keys(filter).length > 0 &&
                ` ${countText(data.examined)} examined${data.complete ? '' : ', not all'}.`}
            </span>
            {cursor !== null && <a href={messagesLink(queue, values)}>First page</a>}
            {data.next !== null && (
              <a
                class="button"
                href={messagesLink(queue, { ...values, cursor: data.next })}
                onClick={() => (chosen.value = new Set())}
              >
                {data.items.length === 0 ? 'Search on' : 'Next page'}
              </a>
            )}
          </p>
        </section>
      )}
    </>
  )
}
