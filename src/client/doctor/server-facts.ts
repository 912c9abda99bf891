import type { Redis } from 'ioredis'

/** What the server says of itself. */
export interface ServerFacts {
  /** Of INFO. */
  readonly info: ReadonlyMap<string, string>
  /** Of CONFIG GET; `undefined` where that is not allowed. */
  readonly config: ReadonlyMap<string, string> | undefined
  /** How far the clock of this machine is ahead of that of Redis, in milliseconds; `precision` is how far that can be off. */
  readonly clock: { readonly ahead: number; readonly precision: number }
}

const SETTINGS = [
  'save',
  'appendfsync',
  'min-replicas-to-write',
  'hash-max-listpack-value',
  'hash-max-listpack-entries',
] as const

export async function readServerFacts(redis: Redis, now: () => number): Promise<ServerFacts> {
  const info = parseInfo(await redis.info())
  // Where an administrator has taken CONFIG away, the rest is examined all the same.
  const config = await redis.config('GET', ...SETTINGS).then(pairs, () => undefined)
  return { info, config, clock: await compareClocks(redis, now) }
}

const parseInfo = (text: string): ReadonlyMap<string, string> =>
  new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, key = '', value = '']) => [key, value]))

function pairs(reply: unknown): ReadonlyMap<string, string> {
  const flat = reply as readonly string[]
  return new Map(flat.flatMap((key, i) => (i % 2 === 0 ? [[key, flat[i + 1] ?? ''] as const] : [])))
}

/** The quickest of a few readings tells best. */
async function compareClocks(redis: Redis, now: () => number): Promise<ServerFacts['clock']> {
  let best = { ahead: 0, precision: Infinity }
  for (let i = 0; i < 5; i++) {
    const sent = performance.now()
    const [seconds, micros] = await redis.time()
    const precision = (performance.now() - sent) / 2
    const remote = Number(seconds) * 1000 + Number(micros) / 1000
    if (precision < best.precision) best = { ahead: Math.round(now() - precision - remote), precision }
  }
  return best
}
