import type { Redis } from 'ioredis'
import type { Keys } from './keys.ts'
import { compareMembers, type Lookout, type Member, type MembersQuery, type StateSurvey } from './lookout.ts'
import { PARKED, type Partition } from './store.ts'

/** Members read at a time behind a cursor, where many may have its score. */
const PAGE = 500

export function createRedisLookout(redis: Redis, keys: Keys): Lookout {
  async function stateSurvey(partition: Partition, state: string, now: number): Promise<StateSurvey> {
    const key = keys.state(partition, state)
    const [count, due, [id, score]] = await Promise.all([
      redis.zcard(key),
      redis.zcount(key, '-inf', `(${now + 1}`),
      redis.zrange(key, 0, '0', 'WITHSCORES'),
    ])
    if (id === undefined) return { count, due, next: null, headEnteredAt: null }
    const at = Number(score)
    // A parked message tells by its score when it came; of any other its own hash does.
    if (at >= PARKED) return { count, due, next: null, headEnteredAt: at - PARKED }
    const [entered, created, bare] = await redis.hmget(keys.message(partition, id), 'a', 'b', 'B')
    const stored = entered ?? created ?? bare
    return { count, due, next: Math.floor(at), headEnteredAt: stored ? Number(stored) : null }
  }

  return {
    async survey(partition) {
      const [states, [seconds = 0, micros = 0]] = await Promise.all([
        redis.smembers(keys.states(partition)),
        redis.time(),
      ])
      const now = seconds * 1000 + Math.floor(micros / 1000)
      const surveys = await Promise.all(states.map((state) => stateSurvey(partition, state, now)))
      return { now, states: new Map(states.map((state, i) => [state, surveys[i]!])) }
    },
    members: (partition, query) => members(redis, keys.state(partition, query.state), query),
    async server() {
      const start = performance.now()
      const info = await redis.info('memory')
      const latencyMs = performance.now() - start
      const fact = (name: string): string => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
      const memory = {
        used: Number(fact('used_memory')),
        max: Number(fact('maxmemory')),
        policy: fact('maxmemory_policy'),
      }
      return { latencyMs, memory }
    },
  }
}

/** By score and not by rank: what comes and goes before the cursor does not move what is behind it. */
async function members(redis: Redis, key: string, { after, limit, newestFirst }: MembersQuery): Promise<Member[]> {
  const found: Member[] = []
  const isBehind = (member: Member): boolean => {
    if (!after) return true
    const order = compareMembers(member, after)
    return newestFirst ? order < 0 : order > 0
  }
  for (let offset = 0; found.length < limit;) {
    const size = after ? Math.max(PAGE, limit) : limit
    const from = after ? String(after.score) : newestFirst ? '+inf' : '-inf'
    const flat = newestFirst
      ? await redis.zrange(key, from, '-inf', 'BYSCORE', 'REV', 'LIMIT', offset, size, 'WITHSCORES')
      : await redis.zrange(key, from, '+inf', 'BYSCORE', 'LIMIT', offset, size, 'WITHSCORES')
    const page = flat.flatMap((id, i) => (i % 2 === 0 ? [{ id, score: Number(flat[i + 1]) }] : []))
    found.push(...page.filter(isBehind))
    if (page.length < size) break
    offset += size
  }
  return found.slice(0, limit)
}
