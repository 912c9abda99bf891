import { RedriveError, type ErrorCode } from '../../errors.ts'

/** HTTP status by error code; whatever is not here is a fault of ours. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  E_INVALID_REQUEST: 400,
  E_INVALID_OPTION: 400,
  E_INVALID_DURATION: 400,
  E_INVALID_ID: 400,
  E_INVALID_PAYLOAD: 400,
  E_INVALID_EVENT: 400,
  E_UNKNOWN_EVENT: 400,
  E_UNSERIALIZABLE: 400,
  E_USAGE: 400,
  E_UNAUTHORIZED: 401,
  E_FORBIDDEN: 403,
  E_NOT_FOUND: 404,
  E_UNKNOWN_QUEUE: 404,
  E_UNKNOWN_MACHINE: 404,
  E_EMPTY_FILTER: 400,
  E_NOT_EDITABLE: 409,
  E_QUARANTINED: 409,
  E_NOT_UNDOABLE: 409,
  E_ID_TAKEN: 409,
  E_LOCKED: 409,
  E_QUEUE_FULL: 409,
  E_INBOX_FULL: 409,
  E_STEP_FAILED: 409,
  E_PAYLOAD_TOO_LARGE: 413,
  E_RATE_LIMITED: 429,
  E_CLOSED: 503,
  E_REDIS_UNAVAILABLE: 503,
  E_REDIS_AUTH: 503,
  E_REDIS_FULL: 503,
  E_LOCKS_UNAVAILABLE: 503,
  E_OUTBOX_FULL: 503,
  E_TIMEOUT: 504,
}

/** An error as the API tells it. */
export interface FailureAnswer {
  readonly status: number
  readonly body: { readonly error: { readonly code: string; readonly message: string; readonly details: object } }
}

/** What is no error of Redrive's own may hold anything, so nothing of it is told. */
export function failureAnswer(error: unknown): FailureAnswer {
  if (!(error instanceof RedriveError)) {
    const message = 'E_INTERNAL: the dashboard failed; the log of its process says why.'
    return { status: 500, body: { error: { code: 'E_INTERNAL', message, details: {} } } }
  }
  const { code, message, details } = error
  const { status = STATUS[code] ?? 500, ...facts } = details
  return {
    status: Number(status),
    body: {
      error: {
        code,
        message: withoutPasswords(message),
        details: JSON.parse(withoutPasswords(JSON.stringify(facts))) as object,
      },
    },
  }
}

/** User and password of every URL. */
const withoutPasswords = (text: string): string => text.replace(/:\/\/[^\s"/]*@/g, '://')

/** A request that is wrong in itself. */
export const badRequest = (message: string, status = 400, details: object = {}): RedriveError =>
  new RedriveError('E_INVALID_REQUEST', message, { ...details, status })
