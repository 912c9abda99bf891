import type { PartitionBounds, Refusal } from './bounds.ts'
import type { MemoryMessage } from './memory-message.ts'
import { PARKED, type NewMessage } from './store.ts'

/** Says of each message of a batch whether there is room for it; see `lua/enqueue.lua`. */
export interface Room {
  /** The size to count it for; `undefined` where bytes are not bounded. */
  admit(message: NewMessage): { readonly size: number | undefined } | Refusal
  /** Takes note that it was stored. */
  took(message: MemoryMessage): void
}

export function createRoom(stored: Iterable<MemoryMessage>, bounds: PartitionBounds = {}): Room {
  const { messages = Infinity, bytes = Infinity } = bounds
  let [held, taken] = [0, 0]
  const took = ({ score, size = 0 }: MemoryMessage): void => {
    if (score < PARKED) held++
    taken += size
  }
  if (messages < Infinity || bytes < Infinity) for (const message of stored) took(message)
  return {
    took,
    admit(message) {
      const size = bounds.bytes === undefined ? undefined : sizeOf(message)
      if (held >= messages) return { refused: 'messages', held }
      if (taken + (size ?? 0) > bytes) return { refused: 'bytes', held: taken }
      return { size }
    },
  }
}

/** Here nothing is cut into fields, so that it is a little less than in Redis. */
function sizeOf({ id, first, fields }: NewMessage): number {
  const { state, journal, timers } = first
  const all = Object.entries({ ...first.fields, ...fields }).flat()
  const texts = [id, state, journal, ...all, ...timers.map(({ text }) => text)]
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0)
}
