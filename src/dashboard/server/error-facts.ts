import { createHash } from 'node:crypto'
import type { Message } from '../../message.ts'
import type { Show } from './plain.ts'

/** The last failure of a message, as far as it tells of one. */
export interface ErrorFacts {
  readonly name: string
  readonly code?: string
  readonly message: string
  /** The same for errors that differ in numbers, ids and quoted texts alone. */
  readonly fingerprint: string
}

/** Of the machine's own error, or of the one that the default machine keeps in its context. */
export function errorFacts({ error, context, quarantine }: Message, show: Show): ErrorFacts | undefined {
  const thrown = quarantine ? { name: 'Quarantined', message: quarantine.reason } : (error ?? context['error'])
  if (thrown === undefined || thrown === null) return undefined
  const shown = show(thrown, 'error')
  const facts = typeof shown === 'object' && shown !== null ? (shown as Record<string, unknown>) : { message: shown }
  const { name, code, message } = facts
  const told = {
    name: typeof name === 'string' ? name : 'Error',
    ...(typeof code === 'string' || typeof code === 'number' ? { code: String(code) } : {}),
    message: typeof message === 'string' ? message : (JSON.stringify(message) ?? ''),
  }
  return { ...told, fingerprint: fingerprintOf(told) }
}

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
