import { hasCode, RedriveError } from '../errors.ts'
import type { Keys } from './keys.ts'
import type { Scripts } from './scripts.ts'
import type { Partition } from './store.ts'

/** Who needs rights: a client that sends events and messages, or a worker, which needs all. */
export type Role = 'sender' | 'worker'

/** Commands of the scripts that store messages and events, and of those that are run before the first of them. */
const OF_SENDERS: ReadonlySet<string> = new Set([
  'del',
  'exists',
  'get',
  'hget',
  'hmget',
  'hset',
  'hsetnx',
  'incrby',
  'llen',
  'pexpire',
  'publish',
  'rpush',
  'sadd',
  'set',
  'smembers',
  'time',
  'type',
  'xadd',
  'zadd',
  'zcard',
  'zcount',
  'zremrangebyrank',
  'zscore',
])

/** How servers say no within a script; up to 7.0 they speak otherwise than later ones. */
const REFUSAL = /NOPERM|ACL failure|user executing the script/

/** Rules that are lacking, as ACL SETUSER takes them, from the pairs that `rights.lua` returns. */
function lackingRules(reply: readonly string[], role: Role, prefix: string): string[] {
  const rules = new Set<string>()
  for (let i = 0; i < reply.length; i += 2) {
    const [name = '', refusal = ''] = [reply[i], reply[i + 1]]
    if (!REFUSAL.test(refusal) || (role === 'sender' && !OF_SENDERS.has(name))) continue
    rules.add(/\bkeys?\b/.test(refusal) ? `~${prefix}:*` : /\bchannels?\b/.test(refusal) ? `&${prefix}:*` : `+${name}`)
  }
  return [...rules]
}

/** Rules without which announcements are lost, and nothing else is. */
const isOfChannels = (rule: string): boolean => rule.startsWith('&') || rule === '+publish'

/** What somebody may not do, and how an administrator gives it to them. */
function lackingRights(where: string, user: string, rules: readonly string[]): RedriveError {
  const command = `ACL SETUSER ${user} ${rules.join(' ')}`
  const channels = rules.some(isOfChannels) ? ' Without channels, workers hear nothing of new messages.' : ''
  return new RedriveError(
    'E_REDIS_AUTH',
    `the user "${user}" of ${where} lacks a permission that Redrive needs.${channels} An administrator can allow it: ${command}. All rules stand in docs/guides/security.md.`,
    { user, rules },
  )
}

export interface RightsOf {
  readonly where: string
  readonly user: string
  readonly prefix: string
}

/** Throws `E_REDIS_AUTH` where a role lacks something. */
export function createRights(scripts: Scripts, keys: Keys, { where, user, prefix }: RightsOf) {
  return async (role: Role, partition?: Partition): Promise<void> => {
    const reply = await scripts.rights(keys.probe(partition), keys.probeChannel(partition))
    const rules = lackingRules(reply, role, prefix)
    if (rules.length > 0) throw lackingRights(where, user, rules)
  }
}

/** To send, one needs no channels; but nobody hears of it. @throws RedriveError `E_REDIS_AUTH` for anything else */
export async function warningOfChannels(check: (role: Role) => Promise<void>): Promise<string[]> {
  try {
    await check('sender')
    return []
  } catch (error) {
    if (!hasCode(error, 'E_REDIS_AUTH')) throw error
    const { rules } = error.details as { readonly rules?: readonly string[] }
    if (!rules?.every(isOfChannels)) throw error
    return [error.message]
  }
}
