import { nearest, RedriveError, type ErrorCode } from '../errors.ts'

/** What may pass is thrown on; the rest is an answer. */
export async function orRefusal(action: () => Promise<void>): Promise<Error | undefined> {
  try {
    await action()
    return undefined
  } catch (error) {
    if (error instanceof RedriveError && !PASSING.has(error.code)) return error
    throw error
  }
}

const PASSING: ReadonlySet<ErrorCode> = new Set([
  'E_REDIS_UNAVAILABLE',
  'E_REDIS_AUTH',
  'E_REDIS_TLS',
  'E_REDIS_FULL',
  'E_REDIS_MISSING',
  'E_REDIS_VERSION',
  'E_QUEUE_FULL',
  'E_INBOX_FULL',
  'E_LEASE_LOST',
  'E_CLOSED',
])

export function unknownQueue(name: string, known: Iterable<string>, where: string): RedriveError {
  const near = nearest(name, known)
  const hint = near === undefined ? '' : ` Did you mean "${near}"?`
  return new RedriveError('E_UNKNOWN_QUEUE', `no queue "${name}" ${where}.${hint}`, { queue: name })
}
