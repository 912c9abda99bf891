import type { QueueRuntime } from '../engine/runtime.ts'
import type { ConfirmedWrites } from '../store/confirmer.ts'

/** What a write answered for each of its parts, beside how many replicas have it where that was asked for. */
export interface Written<Status> {
  readonly status: Status
  readonly confirmed?: number
}

/** Writes, and has it confirmed by replicas where the client asks for that. */
export async function writeConfirmed<Status>(
  { store, confirmer }: Pick<QueueRuntime, 'store' | 'confirmer'>,
  write: (writes: ConfirmedWrites) => Promise<Status[]>,
): Promise<Written<Status>[]> {
  if (!confirmer) return (await write(store)).map((status) => ({ status }))
  const { answer, replicas } = await confirmer.confirm(write)
  return answer.map((status) => ({ status, confirmed: replicas }))
}
