import type { QueueDefinition } from './store.ts'

/** What the server has of a queue; `undefined` for a text that is no definition. */
export function readDefinition(text: string): QueueDefinition | undefined {
  const stored = parse(text)
  if (typeof stored !== 'object' || stored === null || !('partitions' in stored)) return undefined
  const { partitions } = stored
  const redact = 'redact' in stored ? stored.redact : undefined
  const isNumber = typeof partitions === 'number' && Number.isInteger(partitions)
  return isNumber && partitions >= 1 && partitions <= MOST
    ? { partitions, ...(isPaths(redact) ? { redact } : {}) }
    : undefined
}

const MOST = 1024

const isPaths = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((path) => typeof path === 'string')

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** Whether nothing else is to be hidden than what is; one who says nothing of it changes nothing. */
export const sameRedact = (stored: QueueDefinition, { redact }: QueueDefinition): boolean =>
  redact === undefined || JSON.stringify(redact) === JSON.stringify(stored.redact ?? [])
