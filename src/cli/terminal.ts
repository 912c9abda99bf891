import type { Readable } from 'node:stream'
import picocolors from 'picocolors'

interface ScreenLike {
  write(text: string): boolean
  readonly isTTY?: boolean
  readonly columns?: number
}

/** The streams of a program. Data goes to stdout; progress, questions and errors go to stderr. */
export interface Terminal {
  readonly stdin: Readable & { readonly isTTY?: boolean }
  readonly stdout: NodeJS.WritableStream & ScreenLike
  readonly stderr: NodeJS.WritableStream & ScreenLike
  readonly env: Readonly<Record<string, string | undefined>>
}

export type Colors = ReturnType<typeof picocolors.createColors>

/**
 * Colours for one stream. picocolors decides for stdout alone and colours pipes when `CI` is set, so the decision is made here:
 * `NO_COLOR` (no-color.org) wins, then `FORCE_COLOR`, then whether it is a terminal.
 */
export function colorsFor(stream: ScreenLike, env: Terminal['env']): Colors {
  const forced = Boolean(env['FORCE_COLOR']) && env['FORCE_COLOR'] !== '0'
  const able = stream.isTTY === true && env['TERM'] !== 'dumb'
  return picocolors.createColors(!env['NO_COLOR'] && (forced || able))
}
