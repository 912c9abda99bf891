import { createHash } from 'node:crypto'
import type { Message } from '../../message.ts'

/** What may be seen of a part of a message: of its `input`, its `error` and so on. */
export type See = (value: unknown, part: string) => unknown

/** The last failure of a message, as far as it tells of one. */
export interface ErrorFacts {
  readonly name: string
  readonly code?: string
  readonly message: string
  /** Twelve hexadecimal characters; the same for errors that differ in numbers, ids and quoted texts alone. */
  readonly fingerprint: string
}

/** Of its quarantine, of the machine's own error, or of the one that the default machine keeps in its context. */
export function errorFacts({ error, context, quarantine }: Message, see: See): ErrorFacts | undefined {
  const thrown: unknown = quarantine ? { name: 'Quarantined', message: quarantine.reason } : (error ?? context['error'])
  if (thrown === undefined || thrown === null) return undefined
  const seen = see(thrown, 'error')
  const facts = typeof seen === 'object' && seen !== null ? (seen as Record<string, unknown>) : { message: seen }
  const { name, code, message } = facts
  const told = {
    name: typeof name === 'string' ? name : 'Error',
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    message: textOf(message),
  }
  return { ...told, fingerprint: fingerprintOf(told) }
}

const textOf = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? '' : (JSON.stringify(value) ?? '')

function fingerprintOf({ name, code = '', message }: Omit<ErrorFacts, 'fingerprint'>): string {
  const kind = message
    .slice(0, 1000)
    .replace(/(["'`]).*?\1/g, '"…"')
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, '#')
    .replace(/\b(?=[a-z]*\d)[0-9a-z]{12,}\b/gi, '#')
    .replace(/\d+(\.\d+)?/g, '#')
  return createHash('sha256')
    .update(JSON.stringify([name, code, kind]))
    .digest('hex')
    .slice(0, 12)
}
