import type { JSX } from 'preact'
import { ApiError, sentence } from '../api/request.ts'

/** What a page shows until its first answer has come, or when none came. */
export function PageState({ error, what }: { error: unknown; what: string }): JSX.Element {
  if (error === undefined) return <p class="loading">Loading {what}…</p>
  // The notice at the top tells of a server that is away; this page tries again.
  if (error instanceof ApiError && (error.status === 0 || error.status === 503))
    return <p class="loading">Waiting for {what}…</p>
  return (
    <p class="problem" role="alert">
      {sentence(error)}
    </p>
  )
}
