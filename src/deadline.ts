import type { Clock } from './clock.ts'
import { RedriveError } from './errors.ts'

/**
 * The outcome of a call, or `E_REDIS_UNAVAILABLE` when it does not come in time. The call itself may still happen later, which is
 * why every script is idempotent.
 *
 * Not by `commandTimeout` of ioredis: the timers of its own handshake outlive a connection that is closed early, and keep the
 * process alive with them.
 */
export async function withDeadline<T>(call: Promise<T>, ms: number, where: string, after = realTime): Promise<T> {
  let cancel = (): void => {}
  const late = new Promise<never>((_resolve, reject) => {
    cancel = after(ms, () => {
      reject(new RedriveError('E_REDIS_UNAVAILABLE', `${where} did not answer within ${ms} ms.`))
    })
  })
  try {
    return await Promise.race([call, late])
  } finally {
    cancel()
  }
}

const realTime: Clock['after'] = (ms, callback) => {
  const timeout = setTimeout(callback, ms)
  return () => clearTimeout(timeout)
}
