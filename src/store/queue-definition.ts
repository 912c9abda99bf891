import type { QueueDefinition } from './store.ts'

/** What the server has of a queue; `undefined` for a text that is no definition. */
export function readDefinition(text: string): QueueDefinition | undefined {
  const stored = parse(text)
  if (typeof stored !== 'object' || stored === null || !('partitions' in stored)) return undefined
  const { partitions } = stored
  const isNumber = typeof partitions === 'number' && Number.isInteger(partitions)
  return isNumber && partitions >= 1 && partitions <= MOST ? { partitions } : undefined
}

const MOST = 1024

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
