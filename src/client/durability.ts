import { RedriveError } from '../errors.ts'
import { checkNames, toInteger, toMs, toObject, type Duration } from '../options.ts'
import type { Durability } from '../store/confirmer.ts'

export interface DurabilityOptions {
  /** Replicas to wait for. Bounds 1–10. */
  readonly replicas: number
  /** Longest wait for them, per batch of sends. Default `'50ms'`; bounds 1 ms–10 s. */
  readonly timeout?: Duration
}

/** @throws RedriveError `E_INVALID_OPTION`, `E_INVALID_DURATION` */
export function durabilityOf(given: DurabilityOptions | undefined, inMemory: boolean): Durability | undefined {
  if (given === undefined) return undefined
  checkNames(toObject(given, 'durability'), 'durability', ['replicas', 'timeout'])
  const { replicas, timeout = 50 } = given
  if (inMemory)
    throw new RedriveError(
      'E_INVALID_OPTION',
      'a store in memory has no replicas that could confirm: leave out durability.',
      {
        path: 'durability',
      },
    )
  return {
    replicas: toInteger(replicas, 'durability.replicas', { min: 1, max: 10 }),
    timeout: toMs(timeout, 'durability.timeout', { min: 1, max: 10_000 }),
  }
}
