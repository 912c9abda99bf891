import type { JSX } from 'preact'
import type { MessageDetails } from '../api/message.ts'
import { TextView } from '../value/value-view.tsx'

/** How the message lies in Redis: for whoever has a redis-cli open beside it. */
export const RawView = ({ raw: { fields, keys } }: Pick<MessageDetails, 'raw'>): JSX.Element => (
  <details class="panel raw">
    <summary>As it lies in Redis</summary>
    <table>
      <caption>Keys</caption>
      <tbody>
        {Object.entries(keys).map(([name, key]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <code>{key}</code>
            </td>
          </tr>
        ))}
      </tbody>
    </table>
    <table>
      <caption>Fields of the hash</caption>
      <tbody>
        {Object.entries(fields).map(([name, text]) => (
          <tr key={name}>
            <th scope="row">
              <code>{name}</code>
            </th>
            <td>
              <TextView text={text} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  </details>
)
