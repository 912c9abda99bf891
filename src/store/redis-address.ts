import { readFileSync } from 'node:fs'
import type { RedisOptions } from 'ioredis'
import { RedriveError } from '../errors.ts'
import { show } from '../options.ts'

/**
 * `redis://user:password@host:port/db`, `rediss://…` (TLS), `unix:///path/to.sock`, the same with TLS options beside it, or the options of
 * ioredis. A URL of TLS may name files in PEM: `rediss://host:6379?ca=ca.crt&cert=client.crt&key=client.key&servername=redis.internal`.
 */
export type RedisAddress = string | SecuredAddress | RedisOptions

export interface SecuredAddress {
  /** `rediss://…` */
  readonly url: string
  /** Default: the authorities that Node trusts, and no certificate of one's own. */
  readonly tls?: TlsOptions
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

/** What ioredis is given. @throws RedriveError `E_INVALID_OPTION` */
export function addressOptions(address: RedisAddress): RedisOptions {
  if (typeof address === 'string') return urlOptions(address)
  if (typeof address !== 'object' || address === null) throw noAddress(show(address))
  if (!('url' in address)) return address
  const { url, tls } = address
  const options = urlOptions(url)
  if (tls === undefined) return options
  if (options.tls) return { ...options, tls: { ...options.tls, ...tls } }
  throw new RedriveError('E_INVALID_OPTION', 'redis.tls needs a URL that begins with rediss://.', { path: 'redis.tls' })
}

function urlOptions(address: string): RedisOptions {
  const url = parseUrl(address)
  if (url.protocol === 'unix:') {
    return { path: decodeURIComponent(url.pathname), ...credentials(url), ...database(url.searchParams.get('db')) }
  }
  return {
    host: url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: Number(url.port || 6379),
    ...credentials(url),
    ...database(url.pathname.slice(1)),
    ...(url.protocol === 'rediss:' ? { tls: tlsOptions(url.searchParams) } : {}),
  }
}

function parseUrl(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url && ['redis:', 'rediss:', 'unix:'].includes(url.protocol)) return url
  throw noAddress(show(typeof address === 'string' ? redactUrl(address) : address))
}

const noAddress = (got: string): RedriveError =>
  new RedriveError(
    'E_INVALID_OPTION',
    `redis must be a URL such as redis://127.0.0.1:6379, rediss://… or unix:///path; got ${got}.`,
    { path: 'redis' },
  )

/** The files that the query of a URL names, so that one text says all to the command line, to worker processes and in REDIS_URL. */
function tlsOptions(query: URLSearchParams): TlsOptions {
  const file = (name: string): { [name: string]: string } => {
    const path = query.get(name)
    return path === null ? {} : { [name]: readPem(name, path) }
  }
  const servername = query.get('servername')
  return { ...file('ca'), ...file('cert'), ...file('key'), ...(servername === null ? {} : { servername }) }
}

function readPem(name: string, path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (cause) {
    throw new RedriveError(
      'E_INVALID_OPTION',
      `the file "${path}" that the Redis URL names as "${name}" cannot be read. It must be a certificate or key in PEM.`,
      { path: 'redis', cause },
    )
  }
}

function credentials(url: URL): RedisOptions {
  try {
    return {
      ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
      ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
    }
  } catch {
    // The error of the decoder would be about the password.
    throw new RedriveError(
      'E_INVALID_OPTION',
      'the user or the password of the Redis URL has a "%" that begins no escape; write "%25" for it.',
      { path: 'redis' },
    )
  }
}

function database(text: string | null): RedisOptions {
  if (!text) return {}
  if (/^\d+$/.test(text)) return { db: Number(text) }
  throw new RedriveError(
    'E_INVALID_OPTION',
    `the database of a Redis URL must be a number, as in redis://127.0.0.1:6379/2 or unix:///path?db=2. A password with "/", "?", "#" or "@" in it must be percent-encoded.`,
    { path: 'redis' },
  )
}

/** The address without its password, for messages and logs. */
export function describeAddress(address: RedisAddress): string {
  if (typeof address === 'string') return redactUrl(address)
  if ('url' in address) return redactUrl(address.url)
  return address.path ? `unix://${address.path}` : `redis://${address.host ?? '127.0.0.1'}:${address.port ?? 6379}`
}

/** Up to the last `@`: a password that should have been encoded may itself have one, or a slash. A path after `///` has none. */
const redactUrl = (url: string): string => url.replace(/(?<!\/)\/\/(?!\/).*@/s, '//')
