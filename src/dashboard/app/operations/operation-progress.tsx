import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { loadOperations, stop, undo, type Operation } from '../api/operations.ts'
import { sentence } from '../api/request.ts'
import { useResource } from '../resource.ts'
import { isReadOnly } from '../shell/facts.ts'
import { countText } from '../time/duration-text.ts'
import { ACTIONS } from './operation-dialog.tsx'

/** How far an operation is, followed until its end. */
export function OperationProgress({ operation: first }: { operation: Operation }): JSX.Element {
  const { data, reload } = useResource(`operation ${first.id}`, loadOperations, 500)
  const operation = data?.items.find(({ id }) => id === first.id) ?? first
  return <OperationStatus operation={operation} onChange={reload} />
}

const STATES = { running: 'running', done: 'done', stopped: 'stopped', failed: 'failed' } as const
const TONES = { running: 'working', done: 'done', stopped: 'ended', failed: 'dead' } as const

export function OperationStatus({ operation, onChange }: { operation: Operation; onChange: () => void }): JSX.Element {
  const problem = useSignal('')
  const { id, matching, done, skipped, failed, state, undo: undoing, error } = operation
  const ask = (order: (id: string) => Promise<unknown>): void => {
    order(id).then(onChange, (refused: unknown) => (problem.value = sentence(refused)))
  }
  const through = done + skipped + failed
  return (
    <div class="operation" data-operation={id} data-state={state}>
      <p>
        <b>{actionName(operation.action)}</b> in {operation.queue}{' '}
        <span class={`tag tone-${TONES[state]}`}>{STATES[state]}</span>
      </p>
      <progress
        max={Math.max(matching, through, 1)}
        value={through}
        aria-label={`${actionName(operation.action)}: progress`}
      />
      <p role="status" class="muted">
        {countText(done)} of {countText(matching)} done
        {skipped > 0 && `, ${countText(skipped)} left alone: they were elsewhere by then`}
        {failed > 0 && `, ${countText(failed)} failed`}
        {error !== undefined && error !== null && `. ${messageOf(error)}`}
      </p>
      {!isReadOnly() && (
        <div class="buttons">
          {state === 'running' && (
            <button type="button" onClick={() => ask(stop)}>
              Stop
            </button>
          )}
          {state !== 'running' && undoing.possible && (
            <button type="button" onClick={() => ask(undo)}>
              Undo
            </button>
          )}
        </div>
      )}
      {state !== 'running' && !undoing.possible && undoing.why !== undefined && (
        <p class="muted">Cannot be undone: {undoing.why}</p>
      )}
      {problem.value !== '' && (
        <p class="problem" role="alert">
          {problem.value}
        </p>
      )}
    </div>
  )
}

const actionName = (action: string): string =>
  Object.entries(ACTIONS).find(([name]) => name === action)?.[1].name ?? action

function messageOf(error: unknown): string {
  if (typeof error === 'object' && error !== null && 'message' in error) return String(error.message)
  return String(error)
}
