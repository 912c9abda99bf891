import type { RedisOptions } from 'ioredis'
import { nearest, RedriveError } from '../errors.ts'
import { show } from '../options.ts'

/** Makes sure of a value, and returns it as ioredis takes it. The text says what was expected. */
type Check = (value: unknown) => { readonly value: unknown } | { readonly expected: string }

/** What becomes of an option of ioredis. */
type Rule =
  /** It is taken, after its check. `sentinel`: it means something beside `sentinels` only. */
  | { readonly is: 'taken' | 'sentinel'; readonly check: Check }
  /** Redrive sets it itself, on connections that nobody else sees: what is given changes nothing. */
  | { readonly is: 'ours' }
  /** Redrive would not work with it, except with a value that does nothing. */
  | { readonly is: 'refused'; readonly harmless: (value: unknown) => boolean; readonly fix: string }

const taken = (check: Check): Rule => ({ is: 'taken', check })
const sentinel = (check: Check): Rule => ({ is: 'sentinel', check })
const ours: Rule = { is: 'ours' }

const ok = (value: unknown) => ({ value })
const text: Check = (value) => (typeof value === 'string' && value !== '' ? ok(value) : { expected: 'text' })
/** Empty as in a variable of the environment that is set to nothing: no user, no password. */
const secret: Check = (value) => (typeof value === 'string' ? ok(value || undefined) : { expected: 'text' })
const flag: Check = (value) => (typeof value === 'boolean' ? ok(value) : { expected: 'true or false' })
const callable: Check = (value) => (typeof value === 'function' ? ok(value) : { expected: 'a function' })

/** Also as text, as a variable of the environment has it. */
const whole =
  (min: number, max: number): Check =>
  (value) => {
    const number = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value
    const fits = Number.isInteger(number) && (number as number) >= min && (number as number) <= max
    return fits ? ok(number) : { expected: `a whole number from ${min} to ${max}` }
  }

const family: Check = (value) =>
  [0, 4, 6].includes(Number(value)) ? ok(Number(value)) : { expected: '4, 6, or 0 for both' }

/** As ioredis takes it: options of Node, `true` for none, or the name of one of its profiles. */
const tls: Check = (value) => {
  if (value === true || value === false) return ok(value ? {} : undefined)
  if (typeof value === 'string' && value !== '') return ok({ profile: value })
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
  return isObject ? ok(value) : { expected: 'an object such as { ca, cert, key, servername }, or true' }
}

const sentinels: Check = (value) => {
  const expected = 'a list such as [{ host: "sentinel-1", port: 26379 }], with one entry at least'
  if (!Array.isArray(value) || value.length === 0) return { expected }
  const checked = value.map((each: unknown) => {
    if (typeof each !== 'object' || each === null) return undefined
    const { host, port = 26_379 } = each as { readonly host?: unknown; readonly port?: unknown }
    const [name, number] = [text(host), whole(1, 65_535)(port)]
    return 'value' in name && 'value' in number ? { ...each, host: name.value, port: number.value } : undefined
  })
  return checked.includes(undefined) ? { expected } : ok(checked)
}

const natMap: Check = (value) =>
  typeof value === 'function' || (typeof value === 'object' && value !== null)
    ? ok(value)
    : { expected: 'an object or a function from "host:port" to { host, port }' }

/** All options of ioredis 6: a new one does not compile until it is decided on. docs/reference/connecting.md tells of each. */
export const RULES: Readonly<Record<keyof RedisOptions, Rule>> = {
  host: taken(text),
  port: taken(whole(1, 65_535)),
  path: taken(text),
  family: taken(family),
  username: taken(secret),
  password: taken(secret),
  db: taken(whole(0, 1_000_000)),
  tls: taken(tls),
  connectionName: taken(text),
  clientInfoTag: taken(text),
  disableClientInfo: taken(flag),
  keepAlive: taken(whole(0, 86_400_000)),
  noDelay: taken(flag),
  Connector: taken(callable),

  sentinels: taken(sentinels),
  name: sentinel(text),
  sentinelUsername: sentinel(secret),
  sentinelPassword: sentinel(secret),
  sentinelRetryStrategy: sentinel(callable),
  sentinelCommandTimeout: sentinel(whole(1, 600_000)),
  sentinelTLS: sentinel(tls),
  sentinelMaxConnections: sentinel(whole(1, 1000)),
  enableTLSForSentinelMode: sentinel(flag),
  natMap: sentinel(natMap),
  updateSentinels: sentinel(flag),
  // An ordered failover leaves connections to the old primary open: what it still answers is lost.
  failoverDetector: ours,
  sentinelReconnectStrategy: ours,

  retryStrategy: ours,
  reconnectOnError: ours,
  maxRetriesPerRequest: ours,
  enableOfflineQueue: ours,
  offlineQueue: ours,
  commandQueue: ours,
  autoResendUnfulfilledCommands: ours,
  autoResubscribe: ours,
  enableReadyCheck: ours,
  maxLoadingRetryTime: ours,
  lazyConnect: ours,
  commandTimeout: ours,
  connectTimeout: ours,
  socketTimeout: ours,
  blockingTimeout: ours,
  blockingTimeoutGrace: ours,
  disconnectTimeout: ours,
  enableAutoPipelining: ours,
  autoPipeliningIgnoredCommands: ours,
  protocol: ours,
  replyMapping: ours,
  stringNumbers: ours,
  showFriendlyErrorStack: ours,
  scripts: ours,
  himportFieldsets: ours,

  keyPrefix: {
    is: 'refused',
    harmless: (value) => value === '',
    fix: 'would be put before keys and not before channels, so that nothing is announced. Use the option prefix of the client: new Redrive({ redis, prefix })',
  },
  readOnly: { is: 'refused', harmless: (value) => value === false, fix: 'must be left out: Redrive writes' },
  monitor: { is: 'refused', harmless: (value) => value === false, fix: 'must be left out: a monitor runs no commands' },
  role: {
    is: 'refused',
    harmless: (value) => value === 'master',
    fix: 'must be "master" or left out: a replica takes no writes',
  },
  preferredSlaves: { is: 'refused', harmless: () => false, fix: 'must be left out: Redrive works on the primary' },
}

/** What other clients and other versions call an option of the same meaning. */
const OTHER_NAMES: Readonly<Record<string, string>> = {
  connection: 'give what it holds as redis itself: { redis: { host, port } }',
  client: 'give what it holds as redis itself: { redis: client }',
  redis: 'give what it holds as redis itself: { redis: { host, port } }',
  socket: 'is of another client; ioredis calls what it holds host, port, path and tls, beside the others',
  uri: 'is called url',
  href: 'is called url',
  hostname: 'is called host',
  database: 'is called db',
  user: 'is called username',
  pass: 'is called password',
  auth: 'is called password',
  ssl: 'is called tls',
  servername: 'belongs into tls: { servername }',
  ca: 'belongs into tls: { ca }',
  cert: 'belongs into tls: { cert }',
  key: 'belongs into tls: { key }',
  nodes: 'is for Redis Cluster, which Redrive does not support yet: name one server, or its Sentinels',
  rootNodes: 'is for Redis Cluster, which Redrive does not support yet: name one server, or its Sentinels',
  startupNodes: 'is for Redis Cluster, which Redrive does not support yet: name one server, or its Sentinels',
  clusterRetryStrategy: 'is for Redis Cluster, which Redrive does not support yet',
  redisOptions: 'is for Redis Cluster, which Redrive does not support yet: name one server, or its Sentinels',
}

/** Each by itself; `checkTogether` comes after it. @throws RedriveError `E_INVALID_OPTION` */
export function checkRedisOptions(given: object, path: string): RedisOptions {
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue
    const rule = Object.hasOwn(RULES, name) ? RULES[name as keyof RedisOptions] : undefined
    if (!rule) throw unknown(name, path)
    apply(rule, { name, value, path }, options)
  }
  return options
}

/** The options of somebody's own connection: those of its defaults that mean nothing are among them, and ones of other versions. */
export function takeRedisOptions(given: object, path: string): RedisOptions {
  const options: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined || value === null) continue
    const rule = Object.hasOwn(RULES, name) ? RULES[name as keyof RedisOptions] : undefined
    const idle = rule?.is === 'sentinel' && !Array.isArray((given as RedisOptions).sentinels)
    // Without a list of Sentinels ioredis looks at none of theirs.
    if (rule && !idle && name !== 'preferredSlaves') apply(rule, { name, value, path }, options)
  }
  const { sentinels, enableTLSForSentinelMode, tls: secured, path: socket, ...rest } = options as RedisOptions
  // As ioredis reads them: Sentinels go before a path, and a path before a host.
  if (sentinels) {
    const { host: _host, port: _port, ...others } = rest
    return {
      ...others,
      sentinels,
      ...(enableTLSForSentinelMode && secured ? { tls: secured, enableTLSForSentinelMode } : {}),
    }
  }
  const { host, port, ...others } = rest
  return {
    ...others,
    ...(secured ? { tls: secured } : {}),
    ...(socket === undefined ? { ...(host ? { host } : {}), ...(port ? { port } : {}) } : { path: socket }),
  }
}

function apply(
  rule: Rule,
  { name, value, path }: { readonly name: string; readonly value: unknown; readonly path: string },
  options: Record<string, unknown>,
): void {
  if (rule.is === 'ours') return
  if (rule.is === 'refused') {
    if (rule.harmless(value)) return
    throw refusal(`${path}.${name} ${rule.fix}.`, `${path}.${name}`)
  }
  const checked = rule.check(value)
  if ('expected' in checked)
    // What was given for a password may be one.
    throw refusal(
      `${path}.${name} must be ${checked.expected}${SECRETS.test(name) ? `; got ${kind(value)}` : `; got ${show(value)}`}.`,
      `${path}.${name}`,
    )
  if (checked.value !== undefined) options[name] = checked.value
}

const SECRETS = /password|username|tls/i
const kind = (value: unknown): string => (Array.isArray(value) ? 'a list' : `a ${typeof value}`)

const refusal = (message: string, path: string): RedriveError => new RedriveError('E_INVALID_OPTION', message, { path })

function unknown(name: string, path: string): RedriveError {
  const other = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined
  const near = other === undefined ? nearest(name, [...Object.keys(RULES), 'url']) : undefined
  const hint = other ?? `is no option of ioredis${near ? `: did you mean "${near}"?` : ', so it would do nothing'}`
  const between = hint.startsWith('give') ? ':' : ''
  return refusal(`${path}.${name}${between} ${hint}${hint.endsWith('?') ? '' : '.'}`, `${path}.${name}`)
}

/** Refuses what contradicts something else, or means nothing without it. @throws RedriveError `E_INVALID_OPTION` */
export function checkTogether(options: RedisOptions, path: string): RedisOptions {
  const { sentinels, host, port, path: socket, username, password } = options
  const clash = (one: string, other: string, why: string): RedriveError =>
    refusal(`${path}.${one} and ${path}.${other} are given: ${why}`, `${path}.${other}`)
  if (sentinels && (host ?? port ?? socket) !== undefined) {
    const other = host === undefined ? (port === undefined ? 'path' : 'port') : 'host'
    throw clash('sentinels', other, 'the Sentinels say where the primary is. Leave one of them out.')
  }
  if (socket !== undefined && (host ?? port) !== undefined)
    throw clash('path', host === undefined ? 'port' : 'host', 'a Unix socket has none. Leave one of them out.')
  if (username !== undefined && password === undefined)
    throw refusal(
      `${path}.username is given without ${path}.password: nobody would log in. Give both.`,
      `${path}.password`,
    )
  if (sentinels) return withSentinels(options, path)
  const alone = Object.keys(options).find((each) => RULES[each as keyof RedisOptions].is === 'sentinel')
  if (alone !== undefined)
    throw refusal(
      `${path}.${alone} is for a primary that Sentinels know: give ${path}.sentinels too, or leave it out.`,
      `${path}.${alone}`,
    )
  return options
}

function withSentinels(options: RedisOptions, path: string): RedisOptions {
  if (options.name === undefined)
    throw refusal(
      `${path}.sentinels needs ${path}.name: what the Sentinels call the primary, often "mymaster".`,
      `${path}.name`,
    )
  if (!options.tls) return options
  // ioredis would talk to the primary in clear.
  if (options.enableTLSForSentinelMode === false)
    throw refusal(
      `${path}.tls is given and ${path}.enableTLSForSentinelMode is false: leave one of them out. For the Sentinels alone there is sentinelTLS.`,
      `${path}.enableTLSForSentinelMode`,
    )
  return { ...options, enableTLSForSentinelMode: true }
}
