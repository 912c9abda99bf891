import type { JSX } from 'preact'
import { ApiError } from '../api/request.ts'
import { shown } from '../live/use-live.ts'
import { timeText } from '../time/duration-text.ts'
import { overview, overviewError } from './facts.ts'

/** Says that what is shown is old, since when, and that nobody needs to do anything about it here. */
export function Notice(): JSX.Element {
  const trouble = troubleNow()
  return (
    <div role="status" aria-live="polite" class="notice-place">
      {trouble && <p class="notice">{trouble}</p>}
    </div>
  )
}

/** Why, and at which address, as the dashboard's server was told. */
function reason(error: unknown): string {
  const text = error instanceof ApiError && error.status === 503 ? error.message : overview.value?.redis.reason
  return text === undefined ? '' : ` ${text.replace(/\.?$/, '.')}`
}

function troubleNow(): string | undefined {
  const error = overviewError.value
  const tick = shown.value?.tick.value
  const since = overview.value ? ` Figures are those of ${timeText(tick?.at ?? overview.value.at)}.` : ''
  if (error instanceof ApiError && error.status === 0)
    return `The dashboard’s server does not answer.${since} This page connects again by itself.`
  if (
    (error instanceof ApiError && error.status === 503) ||
    overview.value?.redis.up === false ||
    tick?.redis === 'away'
  )
    return `Redis is away.${reason(error)}${since} See whether the server runs and can be reached. This page goes on by itself when it answers.`
  if (error instanceof ApiError && error.status !== 401) return error.message
  if (tick && shown.value?.connection.value === 'lost') return 'The live view was cut off; it is being opened again.'
  return undefined
}
