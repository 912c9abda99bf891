import type { Redis } from 'ioredis'
import { withDeadline } from '../deadline.ts'
import { isError, RedriveError } from '../errors.ts'
import { toRedriveError, withTrouble } from './connection.ts'

type Method = (...args: never[]) => Promise<unknown>

/** Wraps every call of a store: it ends in time, and an error of the driver becomes one of Redrive's own, naming the server. */
export function guarded<T extends { [K in keyof T]: Method }>(
  store: T,
  redis: Redis,
  {
    where,
    timeout,
    database,
  }: { readonly where: string; readonly timeout: number; database(): Promise<void> | undefined },
): T {
  const wrapped = Object.entries<Method>(store).map(([name, method]) => {
    const call = async (...args: never[]): Promise<unknown> => {
      const since = performance.now()
      try {
        const checked = database()
        if (checked) await withDeadline(checked, timeout, where)
        return await withDeadline(method(...args), timeout, where)
      } catch (error) {
        throw withTrouble(toRedriveError(error, where), redis, since)
      }
    }
    return [name, call]
  })
  return Object.fromEntries(wrapped) as T
}

/**
 * Whether the server has the database of an address. The driver goes on in database 0 where it has not, and says nothing: so each
 * connection asks once, before its first call.
 * @returns resolves at once for database 0; throws `E_INVALID_OPTION`
 */
export function createDatabaseCheck(redis: Redis, where: string): () => Promise<void> | undefined {
  const { db = 0 } = redis.options
  let asked: Promise<void> | undefined
  let isThere = db === 0

  async function ask(): Promise<void> {
    try {
      await redis.select(db)
      isThere = true
    } catch (error) {
      asked = undefined
      if (!isError(error) || !/DB index is out of range|SELECT is not allowed/i.test(error.message)) throw error
      const why = error.message.replace(/^ERR /, '')
      throw new RedriveError(
        'E_INVALID_OPTION',
        `${where} has no database ${db}: ${why}. Give one that it has, such as 0.`,
        {
          path: 'db',
        },
      )
    }
  }

  return () => (isThere ? undefined : (asked ??= ask()))
}
