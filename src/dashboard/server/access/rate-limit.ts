import { RedriveError } from '../../../errors.ts'

/** Counts what comes from each address. */
export interface RateLimit {
  /** @throws RedriveError `E_RATE_LIMITED`, with the seconds to wait in `details.retryAfter`. */
  take(address: string): void
  /** The same, without taking any. */
  check(address: string): void
}

/** Addresses remembered; beyond, the one that was seen first is forgotten, which does it no harm. */
const REMEMBERED = 10_000

/** A bucket for each address: full with `burst`, and filled again by `perMinute`. */
export function createRateLimit(perMinute: number, burst: number, now = (): number => performance.now()): RateLimit {
  const buckets = new Map<string, { level: number; at: number }>()

  function bucketOf(address: string): { level: number; at: number } {
    const bucket = buckets.get(address) ?? { level: burst, at: now() }
    bucket.level = Math.min(burst, bucket.level + ((now() - bucket.at) * perMinute) / 60_000)
    bucket.at = now()
    if (!buckets.has(address) && buckets.size >= REMEMBERED) buckets.delete(buckets.keys().next().value ?? '')
    buckets.set(address, bucket)
    return bucket
  }

  function check(address: string): { level: number } {
    const bucket = bucketOf(address)
    if (bucket.level >= 1) return bucket
    const retryAfter = Math.ceil((1 - bucket.level) / (perMinute / 60))
    throw new RedriveError('E_RATE_LIMITED', `too many requests from ${address}. Try again in ${retryAfter} s.`, {
      retryAfter,
    })
  }

  return {
    check: (address) => void check(address),
    take(address) {
      check(address).level--
    },
  }
}
