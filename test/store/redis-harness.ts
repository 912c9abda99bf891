import { setTimeout as sleep } from 'node:timers/promises'
import type { Redis } from 'ioredis'
import { toRedriveError } from '../../src/store/connection.ts'
import { createKeys, type Keys } from '../../src/store/keys.ts'
import { createRedisStore } from '../../src/store/redis-store.ts'
import { scriptSource } from '../../src/store/script-source.ts'
import { createScripts, type Scripts } from '../../src/store/scripts.ts'
import type { Partition, Store } from '../../src/store/store.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createScene, type Scene, type StoreHarness } from './scene.ts'

/** The store, and the server behind it for a look at the keys. */
export interface RedisHarness extends StoreHarness {
  readonly redis: Redis
  readonly keys: Keys
  readonly server: TestRedis
}

export type RedisScene = Scene & Pick<RedisHarness, 'redis' | 'keys' | 'server'>

export const SETTINGS = { prefix: 'rd', commandTimeout: 10_000, feed: 10_000, tokenTtl: 60_000 }

export async function openRedis({ feed = SETTINGS.feed }: { feed?: number } = {}): Promise<RedisHarness> {
  // So that a small cap trims: the server drops whole nodes of the stream.
  const server = await startTestRedis({ 'stream-node-max-entries': '2' })
  const redis = server.client()
  const keys = createKeys(SETTINGS.prefix)
  const store = createRedisStore({ ...SETTINGS, feed, redis: server.url })
  await store.ready()
  return {
    store,
    redis,
    keys,
    server,
    async reach(time) {
      for (;;) {
        const [seconds, micros] = await redis.time()
        const left = time - (Number(seconds) * 1000 + Number(micros) / 1000)
        if (left <= 0) return
        await sleep(Math.ceil(left))
      }
    },
    hold: async (partition, id, token, ms) =>
      (await redis.set(keys.lock(partition, id), token, 'PX', ms, 'NX')) !== null,
    async letGo(partition, id, token) {
      const lock = keys.lock(partition, id)
      if ((await redis.get(lock)) === token) await redis.del(lock)
    },
    async close() {
      await store.close()
      await server.stop()
    },
  }
}

export function createRedisScene(harness: RedisHarness): RedisScene {
  return { ...createScene(harness), redis: harness.redis, keys: harness.keys, server: harness.server }
}

export type ScriptName = keyof Scripts
export type Patch = readonly [script: ScriptName, find: string, replace: string]

/** The same store over scripts whose text is patched; a patch that finds nothing is an error. */
export function patched(harness: RedisHarness, patches: readonly Patch[]): RedisHarness {
  const scripts = createScripts(harness.server.client(), SETTINGS, (name) => {
    let source = scriptSource(name)
    for (const [script, find, replace] of patches) {
      if (script !== name) continue
      if (source.split(find).length !== 2) throw new Error(`${name}.lua has not exactly one: ${find}`)
      source = source.replace(find, () => replace)
    }
    return source
  })
  const methods = Object.entries(scripts).map(
    ([name, run]: [string, (base: string, ...args: never[]) => Promise<unknown>]) => {
      const call = async (partition: Partition, ...args: never[]): Promise<unknown> => {
        try {
          return await run(harness.keys.base(partition), ...args)
        } catch (error) {
          throw toRedriveError(error, 'the server')
        }
      }
      return [name, call]
    },
  )
  return { ...harness, store: { ...harness.store, ...(Object.fromEntries(methods) as Partial<Store>) } }
}
