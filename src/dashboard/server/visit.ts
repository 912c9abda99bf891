import type { IncomingMessage } from 'node:http'

/** A request on its way in, and what is known of where it comes from. */
export interface Visit {
  readonly request: Request
  /** What the handler was called with, for `authorize`. */
  readonly raw: IncomingMessage | Request
  /** IP address of the other end, or `unknown`. */
  readonly address: string
  /** Where the dashboard is mounted, if the framework says so. */
  readonly mount?: string | undefined
  /** The body, where a parser of the framework has read it already. */
  readonly body?: unknown
}
