import type { RedisOptions } from 'ioredis'
import { RedriveError } from '../errors.ts'
import { show } from '../options.ts'
import { checkRedisOptions, checkTogether, takeRedisOptions } from './redis-options.ts'
import { noAddress, redactUrl, urlOptions } from './redis-url.ts'

/**
 * `redis://user:password@host:port/db`, `rediss://…` (TLS), `unix:///path/to.sock`, the same with options beside it, the options of
 * ioredis, or a client of ioredis, whose options are taken. A URL of TLS may name files in PEM:
 * `rediss://host:6379?ca=ca.crt&cert=client.crt&key=client.key&servername=redis.internal`. See docs/reference/connecting.md.
 */
export type RedisAddress = string | URL | SecuredAddress | RedisOptions | RedisClient

/** A URL, and options of ioredis beside it. */
export interface SecuredAddress extends Omit<RedisOptions, 'tls'> {
  /** `redis://…`, `rediss://…` or `unix:///…` */
  readonly url: string
  /** Default: the authorities that Node trusts, and no certificate of one's own. Only with `rediss://`. */
  readonly tls?: TlsOptions
}

/** A client of ioredis 5 or 6, of whichever copy. It is neither used nor closed: Redrive connects by itself, as that client would. */
export interface RedisClient {
  readonly options: object
  readonly status: string
  duplicate(): unknown
}

/** Texts in PEM. */
export interface TlsOptions {
  /** The authority that has signed the certificate of the server. */
  readonly ca?: string | Buffer
  /** The certificate and the key of this client, for a server that asks for one. */
  readonly cert?: string | Buffer
  readonly key?: string | Buffer
  readonly passphrase?: string
  /** The name that the certificate of the server is for, where that is not the host of the URL. */
  readonly servername?: string
}

/** What ioredis is given. `path` is the name under which the address was given. @throws RedriveError `E_INVALID_OPTION` */
export function addressOptions(address: RedisAddress, path = 'redis'): RedisOptions {
  if (typeof address === 'object' && address !== null && isClient(address)) return clientOptions(address, path)
  return checkTogether(ownOptions(address, path), path)
}

function ownOptions(address: Exclude<RedisAddress, RedisClient>, path: string): RedisOptions {
  if (typeof address === 'string') return urlOptions(address, path)
  if (address instanceof URL) return urlOptions(address.href, path)
  checkKind(address, path)
  if (!('url' in address)) return checkRedisOptions(address, path)
  const { url, ...beside } = address
  if (typeof url !== 'string') throw noAddress(show(url), `${path}.url`)
  return merge(urlOptions(url, path), checkRedisOptions(beside, path), path)
}

function merge(url: RedisOptions, beside: RedisOptions, path: string): RedisOptions {
  if (beside.tls && !url.tls) throw refusal(`${path}.tls needs a URL that begins with rediss://.`, `${path}.tls`)
  for (const name of ['host', 'port', 'path', 'sentinels'] as const)
    if (beside[name] !== undefined)
      throw refusal(`${path}.url and ${path}.${name} are given: leave one of them out.`, `${path}.${name}`)
  for (const name of ['db', 'username', 'password', 'family', 'connectionName'] as const)
    if (url[name] !== undefined && beside[name] !== undefined && url[name] !== beside[name])
      throw refusal(`${path}.${name} is not what ${path}.url says: leave one of them out.`, `${path}.${name}`)
  return { ...url, ...beside, ...(url.tls ? { tls: { ...url.tls, ...beside.tls } } : {}) }
}

/** @throws RedriveError `E_INVALID_OPTION` for what is no address, and for what looks like one to a person. */
function checkKind(given: unknown, path: string): asserts given is object {
  if (typeof given === 'number') throw noAddress(show(given), path, `Did you mean redis://127.0.0.1:${given}?`)
  if (Array.isArray(given))
    throw noAddress(
      show(given),
      path,
      'Name one server, or its Sentinels: { sentinels: [{ host, port }], name }. Redis Cluster is not supported yet.',
    )
  if (typeof given !== 'object' || given === null) throw noAddress(show(given), path)
  const { isCluster, isOpen, then } = given as { readonly [name: string]: unknown }
  if (isCluster === true || ('startupNodes' in given && typeof (given as { nodes?: unknown }).nodes === 'function'))
    throw noAddress(
      'a Cluster of ioredis',
      path,
      'Redis Cluster is not supported yet: name one server, or its Sentinels.',
    )
  if (typeof isOpen === 'boolean') throw noAddress('a client of node-redis', path, 'Give the URL of that client.')
  if (typeof then === 'function') throw noAddress('a promise', path, 'Await it first.')
  if (!isPlain(given)) throw noAddress(`an instance of ${nameOf(given)}`, path)
}

/** A Cluster has all of these too, and `isCluster`. */
function isClient(given: object): given is RedisClient {
  const { options, duplicate, status, isCluster } = given as Partial<RedisClient> & { readonly isCluster?: unknown }
  if (isCluster === true) return false
  return typeof options === 'object' && typeof duplicate === 'function' && typeof status === 'string'
}

/** Also of another realm, such as that of a test runner. */
function isPlain(given: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(given)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function nameOf(given: object): string {
  const name: unknown = (given.constructor as { readonly name?: unknown } | undefined)?.name
  return typeof name === 'string' && name !== '' ? name.slice(0, 40) : 'a class'
}

/** As they are now: a client may have logged in, or changed its database, since it was made. */
function clientOptions(client: RedisClient, path: string): RedisOptions {
  const { condition } = client as { readonly condition?: { readonly select?: unknown } | null }
  const options = takeRedisOptions(client.options, path)
  const { select } = condition ?? {}
  return typeof select === 'number' ? { ...options, db: select } : options
}

const refusal = (message: string, path: string): RedriveError => new RedriveError('E_INVALID_OPTION', message, { path })

/** The address without its password, for messages and logs. */
export function describeAddress(address: RedisAddress): string {
  if (typeof address === 'string') return redactUrl(address)
  if (address instanceof URL) return redactUrl(address.href)
  if ('url' in address && typeof address.url === 'string') return redactUrl(address.url)
  return describeOptions(isClient(address) ? takeRedisOptions(address.options, 'redis') : address)
}

function describeOptions({ path, host, port, db, tls, sentinels, name }: RedisOptions): string {
  const database = db ? `/${db}` : ''
  if (sentinels)
    return `sentinel://${sentinels.map((each) => place(each.host, each.port ?? 26_379)).join(',')}/${name ?? ''}${database}`
  if (path) return `unix://${path}${db ? `?db=${db}` : ''}`
  return `${tls ? 'rediss' : 'redis'}://${place(host, port ?? 6379)}${database}`
}

/** An address of IPv6 stands in brackets, or its last part would look like the port. */
const place = (host = '127.0.0.1', port: number | string): string =>
  `${host.includes(':') ? `[${host}]` : host}:${port}`
