import type { Signal } from '@preact/signals'
import type { JSX } from 'preact'
import type { MessageRow } from '../api/messages.ts'
import { messageLink } from '../route.ts'
import { Ago, Countdown } from '../time/ago.tsx'

interface MessageTableProps {
  readonly queue: string
  readonly rows: readonly MessageRow[]
  readonly chosen: Signal<ReadonlySet<string>>
}

export function MessageTable({ queue, rows, chosen }: MessageTableProps): JSX.Element {
  const all = rows.length > 0 && rows.every(({ id }) => chosen.value.has(id))
  const choose = (ids: readonly string[], on: boolean): void => {
    const next = new Set(chosen.value)
    for (const id of ids)
      if (on) next.add(id)
      else next.delete(id)
    chosen.value = next
  }
  return (
    <table class="messages">
      <thead>
        <tr>
          <th scope="col">
            <input
              type="checkbox"
              aria-label="Choose all on this page"
              checked={all}
              disabled={rows.length === 0}
              onChange={({ currentTarget }) =>
                choose(
                  rows.map(({ id }) => id),
                  currentTarget.checked,
                )
              }
            />
          </th>
          <th scope="col">Message</th>
          <th scope="col">Here since</th>
          <th scope="col">Next due</th>
          <th scope="col">Attempts</th>
          <th scope="col">Last error</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <Row key={row.id} queue={queue} row={row} chosen={chosen.value.has(row.id)} choose={choose} />
        ))}
      </tbody>
    </table>
  )
}

interface RowProps {
  readonly queue: string
  readonly row: MessageRow
  readonly chosen: boolean
  choose(ids: readonly string[], on: boolean): void
}

const Row = ({
  queue,
  row: { id, enteredAt, dueAt, attempts, error, summary, worker },
  chosen,
  choose,
}: RowProps): JSX.Element => (
  <tr class={chosen ? 'is-chosen' : ''}>
    <td>
      <input
        type="checkbox"
        aria-label={`Choose ${id}`}
        checked={chosen}
        onChange={({ currentTarget }) => choose([id], currentTarget.checked)}
      />
    </td>
    <td class="cell-id">
      <a href={messageLink(queue, id)}>{id}</a>
      <span class="summary">{summary}</span>
    </td>
    <td data-label="Here since">
      <Ago at={enteredAt} />
    </td>
    <td data-label="Next due">
      {worker === undefined ? dueAt === null ? '–' : <Countdown to={dueAt} /> : `with ${worker}`}
    </td>
    <td data-label="Attempts" class="cell-number">
      {attempts}
    </td>
    <td class="cell-error" data-label="Last error">
      {error ? (
        <>
          <span class="error-name">{error.code ?? error.name}</span>{' '}
          <span class="summary">{said(error).slice(0, 160)}</span>
        </>
      ) : (
        '–'
      )}
    </td>
  </tr>
)

/** The code stands before it already. */
const said = ({ code, message }: NonNullable<MessageRow['error']>): string =>
  code !== undefined && message.startsWith(`${code}: `) ? message.slice(`${code}: `.length) : message
