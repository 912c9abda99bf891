import type { RedisOptions } from 'ioredis'
import { hasCode, isError, messageOf, RedriveError } from '../errors.ts'
import { authFix, awayFix } from './server-fixes.ts'
import { withDeadline } from '../deadline.ts'
import { Redis } from './driver.ts'
import { addressOptions, describeAddress, type RedisAddress } from './redis-address.ts'
import type { ServerFacts } from './store.ts'

export { describeAddress, type RedisAddress } from './redis-address.ts'

export interface ConnectionSettings {
  /** Milliseconds. */
  readonly commandTimeout: number
}

function connectionOptions(address: RedisAddress, { commandTimeout }: ConnectionSettings) {
  const options = addressOptions(address)
  return {
    ...options,
    protocol: 2,
    replyMapping: 'legacy',
    lazyConnect: true,
    connectTimeout: commandTimeout,
    // Disconnecting what is cut off already leaves a timer of this length, and the process waits for it.
    disconnectTimeout: 100,
    // After an ordered failover the old primary still takes writes for a while, and loses them: the Sentinels tell at once.
    ...(options.sentinels ? { failoverDetector: true, sentinelReconnectStrategy: () => 1000 } : {}),
  } as const satisfies RedisOptions
}

/** A connection that reconnects for ever, with backoff and jitter, and re-sends what was not answered. */
export function openConnection(address: RedisAddress, settings: ConnectionSettings): Redis {
  const options: RedisOptions & { replyMapping: 'legacy' } = {
    ...connectionOptions(address, settings),
    // A peer that is gone without a word would be waited for for ever, and every call after the one that it did not answer.
    socketTimeout: settings.commandTimeout,
    maxRetriesPerRequest: null,
    // With `false` a promise can stay unsettled for ever; every script is idempotent, so a second run does no harm.
    autoResendUnfulfilledCommands: true,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000) * (0.5 + Math.random() / 2),
    reconnectOnError(error) {
      if (!asksForAnother(error)) return false
      note(error)
      return 2
    },
  }
  const redis = new Redis(options)
  const note = (error: Error): void => void troubles.set(redis, { text: error.message, at: performance.now() })
  // The driver subscribes again by itself, and hears nothing of a failure: that would end the process.
  const subscribe = redis.subscribe.bind(redis)
  redis.subscribe = (...channels: unknown[]) => {
    const subscribed = subscribe(...(channels as string[]))
    subscribed.catch(() => {})
    return subscribed
  }
  // Without a listener ioredis prints every failed attempt; failures reach the caller through the commands.
  redis.on('error', note)
  return redis
}

/** What went wrong last with a connection, of which its commands do not hear: they wait for the next one. */
const troubles = new WeakMap<Redis, { readonly text: string; readonly at: number }>()

/** Of a call that began at an instant of `performance.now()` and was not answered in time: what stood in its way, where that is known. */
export function withTrouble(error: unknown, redis: Redis, since: number): unknown {
  const trouble = troubles.get(redis)
  if (!hasCode(error, 'E_REDIS_UNAVAILABLE') || error.cause || !trouble || trouble.at < since) return error
  const text = error.message.replace(/^\w+: /, '')
  return new RedriveError('E_REDIS_UNAVAILABLE', `${text} What went wrong last: ${trouble.text}`)
}

/**
 * Whether a command is to be sent again by a new connection: a primary became a replica in a failover, or is left by its replicas, which
 * follow another one; or the server could not take a subscription just now, which nobody would ask for again.
 */
function asksForAnother(error: Error & { readonly command?: { readonly name?: string } }): boolean {
  if (/^(READONLY|NOREPLICAS)/.test(error.message)) return true
  return error.command?.name === 'subscribe' && /^(BUSY|LOADING|MASTERDOWN) /.test(error.message)
}

/** A connection to a lock node. What cannot be sent at once is a vote that is not cast: nothing waits, and nothing is sent again. */
export function openLockNode(address: RedisAddress, settings: ConnectionSettings): Redis {
  const options: RedisOptions & { replyMapping: 'legacy' } = {
    ...connectionOptions(address, settings),
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => 200 + Math.random() * 100,
  }
  const redis = new Redis(options)
  redis.on('error', () => {})
  return redis
}

/**
 * Connects once, and refuses a server that cannot keep the promises.
 * @throws RedriveError `E_REDIS_UNAVAILABLE`, `E_REDIS_AUTH` or `E_REDIS_VERSION`.
 */
export async function connect(
  redis: Redis,
  address: RedisAddress,
  { commandTimeout }: ConnectionSettings,
): Promise<ServerFacts> {
  const where = describeAddress(address)
  // Asked again, or after a first command, it is connected already, or will be.
  const first = redis.status === 'wait' || redis.status === 'end'
  try {
    if (first) await connectAtLast(redis, commandTimeout, where)
    const info = parseInfo(await withDeadline(redis.info().catch(hidden), commandTimeout, where))
    if (info.size === 0) return { description: `a server that does not tell its version, at ${where}`, warnings: [] }
    return { description: `${checkVersion(info, where)} at ${where}`, warnings: policyWarnings(info) }
  } catch (error) {
    if (first && !['end', 'reconnecting'].includes(redis.status)) redis.disconnect()
    throw withDoubt(toRedriveError(error, where), where)
  }
}

/** A user that may only read may not ask for the version either. */
function hidden(error: Error): string {
  if (error.message.startsWith('NOPERM')) return ''
  throw error
}

/**
 * One attempt, after which the connection is there or ended. To disconnect it between two attempts would not do: ioredis then takes
 * the next loss of a connection for a wish to close it.
 */
async function connectOnce(redis: Redis, timeout: number, where: string): Promise<void> {
  const { retryStrategy } = redis.options
  redis.options.retryStrategy = () => null
  try {
    const lastError = nextError(redis)
    await withDeadline(redis.connect(), timeout, where).catch(async (error: unknown) => {
      throw (await lastError()) ?? error
    })
  } finally {
    redis.options.retryStrategy = retryStrategy!
  }
}

/** Attempts at a server that hangs up on each of them. */
const ATTEMPTS = 4

/**
 * A connection that is cut while it begins is no server that is away: a later cut would pass unnoticed too. What a server refuses, or that
 * nobody listens, is told at once.
 */
async function connectAtLast(redis: Redis, timeout: number, where: string): Promise<void> {
  const since = performance.now()
  for (let attempt = 1; ; attempt++) {
    const left = Math.max(1, timeout - (performance.now() - since))
    try {
      return await connectOnce(redis, left, where)
    } catch (error) {
      if (attempt === ATTEMPTS || !isCut(error) || redis.status !== 'end') throw error
    }
    await new Promise<void>((resolve) => setTimeout(resolve, 25 * 2 ** attempt))
  }
}

const isCut = (error: unknown): boolean =>
  isError(error) && /^Connection is closed|ECONNRESET|EPIPE/.test(error.message)

/** Ends a connection for good. What waits for an answer fails at once. */
export function disconnect(redis: Redis): void {
  // ioredis would leave the commands of a connection that waits for its next attempt unanswered.
  if (redis.status === 'reconnecting') redis.connect().catch(() => {})
  redis.disconnect()
}

/** ioredis rejects with "Connection is closed." and tells the reason in an event only. */
function nextError(redis: Redis): () => Promise<Error | undefined> {
  let reason: Error | undefined
  redis.once('error', (error: Error) => {
    reason = error
  })
  return async () => {
    await new Promise(setImmediate)
    return reason
  }
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  return new Map([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, key, value]) => [key!, value!]))
}

function checkVersion(info: ReadonlyMap<string, string>, where: string): string {
  const valkey = info.get('valkey_version')
  const version = valkey ?? info.get('redis_version') ?? '0'
  const [major = 0, minor = 0] = version.split('.').map(Number)
  const [name, required] = valkey ? (['valkey', 7.2] as const) : (['redis', 7.0] as const)
  if (major + minor / 10 >= required) return `${name} ${version}`
  throw new RedriveError(
    'E_REDIS_VERSION',
    `Redrive needs Redis 7.0 or Valkey 7.2 at least, for script flags; ${where} is ${name} ${version}. Upgrade the server.`,
    { found: version },
  )
}

function policyWarnings(info: ReadonlyMap<string, string>): string[] {
  const policy = info.get('maxmemory_policy') ?? 'noeviction'
  if (policy === 'noeviction') return []
  return [
    `maxmemory-policy is "${policy}": a full server will DELETE MESSAGES that were acknowledged. Run: CONFIG SET maxmemory-policy noeviction`,
  ]
}

/** Node tries each address of a name, and tells of all of them in an AggregateError, which says nothing itself. */
const isRefusedTwice = (error: Error): boolean => 'code' in error && UNAVAILABLE.test(messageOf(error))

/** The driver puts the whole command into its errors: the password of an AUTH, the payloads of a script. They would be logged with it. */
function hideArguments(error: Error): void {
  if (!('command' in error)) return
  const { name } = Object(error.command) as { readonly name?: unknown }
  Reflect.defineProperty(error, 'command', { value: { name }, configurable: true, enumerable: true, writable: true })
}

/** A user, a password or a permission, of which servers up to 7.0 speak otherwise within a script than later ones do. */
const REFUSED =
  /^(WRONGPASS|NOAUTH|NOPERM|ERR AUTH|ERR invalid password|ERR The user executing the script|ERR ACL failure in script)/

/** Names what went wrong with Redis; other errors pass as they are. */
export function toRedriveError(error: unknown, where: string): unknown {
  if (error instanceof RedriveError || !isError(error)) return error
  hideArguments(error)
  const { message } = error
  if (message.startsWith('OOM') || message.includes('-OOM')) {
    const text = `${where} is out of memory and refuses new messages; those that it holds still go on. Raise maxmemory or drain the queue.`
    return new RedriveError('E_REDIS_FULL', text, { cause: error })
  }
  if (REFUSED.test(message)) {
    const text = `${where} refused the user, the password or a permission: ${message.replace(/\.$/, '')}. ${authFix(message)}`
    return new RedriveError('E_REDIS_AUTH', text, { cause: error })
  }
  if (message.startsWith('WRONGTYPE') || message.includes('-WRONGTYPE')) {
    const text = `a key of Redrive on ${where} holds a value of another type, which another program must have written: ${message} Run "redrive doctor", which names such keys.`
    return new RedriveError('E_FOREIGN_KEY', text, { cause: error })
  }
  if ('code' in error && TLS.test(String(error.code))) {
    return new RedriveError('E_REDIS_TLS', `${where}: ${tlsFault(String(error.code), message)}`, { cause: error })
  }
  if (UNAVAILABLE.test(message) || 'syscall' in error || isRefusedTwice(error)) {
    const said = messageOf(error)
    const text = `${where} cannot be reached or did not answer in time: ${said.replace(/\.$/, '')}. ${awayFix(said)}`
    return new RedriveError('E_REDIS_UNAVAILABLE', text, { cause: error })
  }
  return error
}

const TLS = /^(ERR_SSL_|ERR_TLS_|ERR_OSSL_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/

/** What of TLS is not as it must be, and who can mend it. */
function tlsFault(code: string, message: string): string {
  const why = `(${code}: ${message.split('\n')[0]})`
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return `its certificate is for another name. Use the name that it is for in the URL, or give that as "servername". ${why}`
  if (code.startsWith('ERR_SSL_') && /ALERT|CERTIFICATE_REQUIRED/.test(code))
    return `it does not take the certificate of this client. Give one that its authority has signed: rediss://…?cert=client.crt&key=client.key ${why}`
  if (code.startsWith('ERR_SSL_WRONG_VERSION') || code === 'EPROTO' || code.startsWith('ERR_SSL_PACKET'))
    return `it does not speak TLS at this port. Use redis:// for a port without TLS. ${why}`
  if (/EXPIRED|NOT_YET_VALID/.test(code)) return `its certificate is out of date. Renew it. ${why}`
  return `its certificate is not signed by an authority that this client knows. Name the file of that authority: rediss://…?ca=ca.crt, or --tls-ca on the command line. ${why}`
}

/** A server that does not speak TLS says nothing at all, and one that misses a certificate may just hang up. */
const TLS_DOUBT =
  ' If it is there: does it speak TLS at this port (if not, use redis://), and does it ask for a certificate of its clients (?cert=client.crt&key=client.key)?'

function withDoubt(error: unknown, where: string): unknown {
  if (!hasCode(error, 'E_REDIS_UNAVAILABLE') || !where.startsWith('rediss:')) return error
  const text = error.message.replace(/^\w+: /, '')
  return new RedriveError('E_REDIS_UNAVAILABLE', text + TLS_DOUBT, { cause: error.cause })
}

/** `NOSCRIPT` comes behind a script that was refused in a failover: the driver took it for loaded. What is sent again loads it. */
const UNAVAILABLE =
  /timed out|^Socket timeout|ETIMEDOUT|max number of clients|Unknown RESP type|Protocol error|Connection is closed|ECONN|ENOENT|EPIPE|Stream isn't writeable|max retries|^(LOADING|BUSY|READONLY|MASTERDOWN|CLUSTERDOWN|MISCONF|TRYAGAIN|NOREPLICAS|NOSCRIPT)/
