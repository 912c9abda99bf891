import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { FilterName, MessageQuery } from '../api/messages.ts'
import { FILTER_NAMES } from '../api/messages.ts'
import { go, messagesLink } from '../route.ts'

interface FieldOf {
  readonly name: FilterName
  readonly label: string
  readonly type: 'text' | 'number'
  readonly placeholder: string
  /** What a person writes, for one of the API: seconds for milliseconds. */
  readonly factor?: number
}

const FIELDS: readonly FieldOf[] = [
  { name: 'idPrefix', label: 'Id begins with', type: 'text', placeholder: 'order-' },
  { name: 'errorName', label: 'Error', type: 'text', placeholder: 'TimeoutError' },
  { name: 'errorCode', label: 'Error code', type: 'text', placeholder: 'ECONNRESET' },
  { name: 'minAttempts', label: 'Attempts at least', type: 'number', placeholder: '3' },
  { name: 'maxAttempts', label: 'Attempts at most', type: 'number', placeholder: '5' },
  { name: 'minAgeMs', label: 'In it at least, s', type: 'number', placeholder: '60', factor: 1000 },
  { name: 'maxAgeMs', label: 'In it at most, s', type: 'number', placeholder: '3600', factor: 1000 },
  { name: 'field', label: 'Payload field', type: 'text', placeholder: 'customer.country' },
  { name: 'equals', label: 'equals', type: 'text', placeholder: '"CH"' },
]

/** Filters and order of a list. They go into the address, where the list reads them. */
export function FilterForm({ queue, query }: { queue: string; query: MessageQuery }): JSX.Element {
  const { state, order, direction, filter } = query
  const active = FILTER_NAMES.filter((name) => filter[name] !== undefined).length
  const open = useSignal(active > 0 && filter.errorFingerprint === undefined)
  const submit = (event: SubmitEvent): void => {
    event.preventDefault()
    if (event.currentTarget instanceof HTMLFormElement) apply(queue, query, new FormData(event.currentTarget))
  }
  return (
    <details class="filters" open={open.value} onToggle={(event) => (open.value = event.currentTarget.open)}>
      <summary>
        Filter and order {active > 0 && <span class="tag">{active} on</span>}
        {active > 0 && <a href={messagesLink(queue, { state })}>clear</a>}
      </summary>
      <form onSubmit={submit} key={JSON.stringify(query)}>
        {FIELDS.map((field) => (
          <label key={field.name}>
            {field.label}
            <FilterField field={field} value={shown(filter[field.name], field.factor)} />
          </label>
        ))}
        <label>
          Order
          <select name="order" defaultValue={`${order} ${direction}`}>
            <option value="due asc">next due first</option>
            <option value="due desc">last due first</option>
            <option value="entered asc">longest here first</option>
            <option value="entered desc">latest here first</option>
          </select>
        </label>
        <button type="submit" class="primary">
          Show
        </button>
      </form>
    </details>
  )
}

function FilterField({ field: { name, type, placeholder }, value }: { field: FieldOf; value: string }): JSX.Element {
  const same = { name, placeholder, defaultValue: value, autocomplete: 'off' } as const
  return type === 'number' ? (
    <input {...same} type="number" min="0" step="any" />
  ) : (
    <input {...same} spellcheck={false} />
  )
}

const shown = (value: string | undefined, factor = 1): string =>
  value === undefined || factor === 1 ? (value ?? '') : String(Number(value) / factor)

function apply(queue: string, { state, filter }: MessageQuery, form: FormData): void {
  const text = (name: string): string => {
    const value = form.get(name)
    return typeof value === 'string' ? value.trim() : ''
  }
  const [order, direction] = text('order').split(' ')
  const values = FIELDS.map(({ name, factor = 1 }) => {
    const value = text(name)
    return [name, value === '' || factor === 1 ? value : String(Number(value) * factor)] as const
  })
  go(['q', queue, 'messages'], {
    state,
    errorFingerprint: filter.errorFingerprint,
    ...Object.fromEntries(values),
    ...(order === 'due' ? {} : { order }),
    ...(direction === 'asc' ? {} : { direction }),
  })
}
