import type { JSX } from 'preact'
import { loadAudit, loadOperations } from '../api/operations.ts'
import { useResource } from '../resource.ts'
import { PageState } from '../shell/page-state.tsx'
import { Ago } from '../time/ago.tsx'
import { countText } from '../time/duration-text.ts'
import { OperationStatus } from './operation-progress.tsx'

/** What was done to many messages at once, and by whom. */
export function OperationsPage(): JSX.Element {
  const operations = useResource('operations', loadOperations, 1000)
  const audit = useResource('audit', loadAudit, 3000)
  return (
    <>
      <h1>Operations</h1>
      <p class="lead">
        What somebody does to messages by hand: redrive, retry, cancel, remove, pause. Begin one on the page of a
        state’s messages; here is how far each is, and who did what.
      </p>
      <section class="panel" aria-labelledby="running-heading">
        <h2 id="running-heading">Operations</h2>
        {operations.data ? (
          <>
            {operations.data.items.length === 0 && <p class="empty">None yet.</p>}
            {operations.data.items.map((operation) => (
              <OperationStatus key={operation.id} operation={operation} onChange={operations.reload} />
            ))}
          </>
        ) : (
          <PageState error={operations.error} what="the operations" />
        )}
      </section>
      <section class="panel" aria-labelledby="audit-heading">
        <h2 id="audit-heading">Who did what</h2>
        {audit.data ? <Audit items={audit.data.items} /> : <PageState error={audit.error} what="the audit" />}
      </section>
    </>
  )
}

function Audit({ items }: Awaited<ReturnType<typeof loadAudit>>): JSX.Element {
  if (items.length === 0) return <p class="empty">Nothing was done by hand yet.</p>
  return (
    <div class="scroll" tabIndex={0} role="region" aria-label="Audit">
      <table>
        <thead>
          <tr>
            <th scope="col">When</th>
            <th scope="col">Who</th>
            <th scope="col">Queue</th>
            <th scope="col">What</th>
            <th scope="col">Messages</th>
          </tr>
        </thead>
        <tbody>
          {items.map(({ at, actor, queue, action, what, count }, index) => (
            <tr key={`${at} ${index}`}>
              <td>
                <Ago at={at} />
              </td>
              <td>{actor}</td>
              <td>{queue}</td>
              <td>
                <b>{action}</b> {what}
              </td>
              <td>{countText(count)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
