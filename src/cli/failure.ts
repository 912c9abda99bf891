import { CommanderError } from 'commander'
import { causesOf } from '../../machines/error-message.ts'
import { isError, reasonOf, RedriveError, type ErrorCode } from '../errors.ts'
import { toJson } from './plain-json.ts'
import { printable } from './printable.ts'
import { colorsFor, type Terminal } from './terminal.ts'

export const EXIT = { ok: 0, failed: 1, usage: 2, notFound: 3, unreachable: 4, misfit: 5 } as const

const BY_CODE: Partial<Record<ErrorCode, number>> = {
  E_USAGE: EXIT.usage,
  E_INVALID_OPTION: EXIT.usage,
  E_INVALID_DURATION: EXIT.usage,
  E_INVALID_ID: EXIT.usage,
  E_NOT_FOUND: EXIT.notFound,
  E_UNKNOWN_QUEUE: EXIT.notFound,
  E_QUARANTINED: EXIT.misfit,
  E_REDIS_UNAVAILABLE: EXIT.unreachable,
  E_REDIS_AUTH: EXIT.unreachable,
  E_REDIS_VERSION: EXIT.unreachable,
  E_REDIS_MISSING: EXIT.unreachable,
}

export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage
  return error instanceof RedriveError ? (BY_CODE[error.code] ?? EXIT.failed) : EXIT.failed
}

/** Redis is gone, or refuses everything: going on with the next message makes no sense. */
export function isRedisFailure(error: unknown): error is RedriveError {
  return error instanceof RedriveError && error.code.startsWith('E_REDIS_')
}

export interface FailureStyle {
  readonly json: boolean
}

/** One line for people; another for programs that asked for JSON. The stack is for those who mend Redrive itself. */
export function reportFailure(error: unknown, { stderr, env }: Terminal, { json }: FailureStyle): void {
  const colors = colorsFor(stderr, env)
  const lines = messageOf(error).split('\n').map(printable)
  stderr.write(`${colors.red('error:')} ${withoutPasswords(lines.join('\n'))}\n`)
  if (json) stderr.write(`${withoutPasswords(toJson({ error: failureFacts(error) }))}\n`)
  if (env['REDRIVE_DEBUG'] === '1') stderr.write(`${withoutPasswords(stackOf(error))}\n`)
}

/** An error as a part of a record. */
export function failureFacts(error: unknown): object {
  if (error instanceof RedriveError) return error.toJSON()
  return { code: 'E_FAILED', message: messageOf(error), details: {} }
}

function messageOf(error: unknown): string {
  return error instanceof RedriveError ? error.message : `E_FAILED: ${reasonOf(error)}`
}

function stackOf(error: unknown): string {
  return stacksOf(error, new Set())
}

/** Bounded, because causes may go in a circle. */
function stacksOf(error: unknown, met: Set<unknown>): string {
  if (!isError(error) || met.has(error) || met.size > 10) return ''
  met.add(error)
  const causes = causesOf(error)
    .map((cause) => stacksOf(cause, met))
    .filter((each) => each !== '')
  return [error.stack ?? '', ...causes].join('\ncaused by ')
}

/** User and password of every URL. Greedy up to the last `@`: a password may hold one, or a slash. Likewise those in a query. */
export const withoutPasswords = (text: string): string =>
  text.replace(/:\/\/[^\s"]*@/g, '://').replace(/([?&][\w-]*(?:pass|pwd|auth|secret|token)[\w-]*=)[^\s"&]*/gi, '$1…')
