import { useSignal, type Signal } from '@preact/signals'
import type { JSX } from 'preact'
import { FILTER_NAMES, type Filter, type FilterName, type MessageRow } from '../api/messages.ts'
import type { Action, Target } from '../api/operations.ts'
import { ACTIONS, OperationDialog } from '../operations/operation-dialog.tsx'
import { isReadOnly } from '../shell/facts.ts'
import { durationText } from '../time/duration-text.ts'

interface ActionBarProps {
  readonly queue: string
  readonly state: string
  readonly filter: Filter
  readonly rows: readonly MessageRow[]
  readonly chosen: Signal<ReadonlySet<string>>
  onDone(): void
}

/** What can be done to the chosen messages, or, when none is chosen, to all that match the filter. */
export function ActionBar({ queue, state, filter, rows, chosen, onDone }: ActionBarProps): JSX.Element | null {
  const asked = useSignal<Action | undefined>(undefined)
  if (isReadOnly()) return null
  const ids = [...chosen.value]
  const target: Target = ids.length > 0 ? { ids } : { filter: { state, ...filter } }
  const what = ids.length > 0 ? `${ids.length} chosen` : `all in ${state}${filterText(filter)}`
  const close = (): void => {
    asked.value = undefined
    chosen.value = new Set()
    onDone()
  }
  return (
    <div class="action-bar" role="group" aria-label={`Actions for ${what}`}>
      <span class="action-target">
        For <b>{what}</b>:
      </span>
      {actionsFor(state, rows).map((action) => (
        <button key={action} type="button" disabled={rows.length === 0} onClick={() => (asked.value = action)}>
          {ACTIONS[action].name}…
        </button>
      ))}
      {asked.value && (
        <OperationDialog queue={queue} action={asked.value} target={target} what={what} onClose={close} />
      )}
    </div>
  )
}

/** What makes sense here comes first; a machine of somebody's own takes events that this page cannot know. */
function actionsFor(state: string, rows: readonly MessageRow[]): readonly Action[] {
  if (state === '~quarantined') return ['release', 'remove']
  if (state === '~failed') return ['redrive', 'remove']
  const tags = new Set(rows.flatMap((row) => row.tags))
  if (tags.has('dead') || state === 'dead') return ['redrive', 'event', 'remove']
  if (tags.has('settled') || ['succeeded', 'cancelled'].includes(state)) return ['remove']
  return ['retry', 'event', 'cancel', 'remove']
}

function filterText(filter: Filter): string {
  const { equals } = filter
  const parts = FILTER_NAMES.flatMap((name) => {
    const value = filter[name]
    return value === undefined || name === 'equals' ? [] : [WORDS[name](value, equals ?? '')]
  })
  return parts.length === 0 ? '' : ` with ${parts.join(', ')}`
}

const WORDS: Readonly<Record<Exclude<FilterName, 'equals'>, (value: string, equals: string) => string>> = {
  errorName: (name) => `the error ${name}`,
  errorCode: (code) => `the code ${code}`,
  errorFingerprint: () => 'this error',
  minAttempts: (count) => `${count} attempts or more`,
  maxAttempts: (count) => `${count} attempts or fewer`,
  minAgeMs: (ms) => `${durationText(Number(ms))} or more in it`,
  maxAgeMs: (ms) => `${durationText(Number(ms))} or less in it`,
  idPrefix: (beginning) => `an id that begins with ${beginning}`,
  field: (path, equals) => `${path} = ${equals}`,
}
