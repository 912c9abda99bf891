import type { JSX } from 'preact'
import { search } from '../api/overview.ts'
import { useResource } from '../resource.ts'
import { messageLink, route } from '../route.ts'
import { PageState } from '../shell/page-state.tsx'

export function SearchPage(): JSX.Element {
  const id = route.value.query.get('id') ?? ''
  const { data, error } = useResource(`search ${id}`, (signal) => search(id, signal))
  return (
    <>
      <h1>Messages whose id begins with “{id.slice(0, 100)}”</h1>
      {!data && <PageState error={error} what="the messages" />}
      {data?.items.length === 0 && <p class="empty">There is none in any queue.</p>}
      {data && data.items.length > 0 && (
        <ul class="panel found">
          {data.items.map(({ queue, id: found, state }) => (
            <li key={`${queue}/${found}`}>
              <a href={messageLink(queue, found)}>{found}</a>
              <span class="muted">
                {queue} · {state}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}
