import { readFileSync } from 'node:fs'
import type { RedisOptions } from 'ioredis'
import { nearest, RedriveError } from '../errors.ts'
import { show } from '../options.ts'
import { checkRedisOptions } from './redis-options.ts'

/** What a URL says. @throws RedriveError `E_INVALID_OPTION` */
export function urlOptions(address: string, path: string): RedisOptions {
  const url = parseUrl(address, path)
  const options = url.protocol === 'unix:' ? socketOf(url, path) : serverOf(url, path)
  const { db: inQuery, ...query } = queryOptions(url, path)
  const inPath = options.db
  if (inPath !== undefined && inQuery !== undefined && inPath !== inQuery)
    throw refusal(`${path} names the database ${inPath} in its path and ${inQuery} in its query. Leave one out.`, path)
  const db = inPath ?? inQuery
  return checkRedisOptions(
    { ...options, ...query, ...credentials(url, path), ...(db === undefined ? {} : { db }) },
    path,
  )
}

function serverOf(url: URL, path: string): RedisOptions {
  if (url.hash !== '')
    throw refusal(`${path} has a "#". In a password it must be percent-encoded, as "%23"; else leave it out.`, path)
  return {
    host: url.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
    port: Number(url.port || 6379),
    ...database(url.pathname.slice(1), path),
  }
}

function socketOf(url: URL, path: string): RedisOptions {
  const socket = decodeURIComponent(url.pathname)
  // With two slashes, the first folder would be taken for a host, and another socket for this one.
  if (!['', 'localhost'].includes(url.hostname) || socket === '' || socket === '/')
    throw refusal(`${path} must name the path of a socket after three slashes, as in unix:///run/redis.sock.`, path)
  return { path: socket }
}

function parseUrl(address: string, path: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url && ['redis:', 'rediss:', 'unix:'].includes(url.protocol)) return url
  throw noAddress(show(redactUrl(address)), path, suggestion(address))
}

export function noAddress(got: string, path: string, fix = ''): RedriveError {
  const text = `${path} must be a URL such as redis://127.0.0.1:6379, rediss://… or unix:///path, options of ioredis, or a client of ioredis; got ${got}.`
  return refusal(fix === '' ? text : `${text} ${fix}`, path)
}

const refusal = (message: string, path: string): RedriveError => new RedriveError('E_INVALID_OPTION', message, { path })

/** What somebody has probably meant. Nothing that may hold a password. */
function suggestion(address: string): string {
  if (/^\d{2,5}$/.test(address)) return `Did you mean redis://127.0.0.1:${address}?`
  if (/^[\w.-]+:\d{1,5}(\/\d*)?$/.test(address)) return `Did you mean redis://${address}?`
  if (/^\/[^?@]+$/.test(address)) return `Did you mean unix://${address}?`
  if (/^(redis\+)?sentinel:/.test(address))
    return 'Sentinels are named by options: { sentinels: [{ host, port }], name }.'
  return ''
}

const CERTIFICATES = ['ca', 'cert', 'key', 'servername']
const QUERY = ['db', 'family', 'connectionName']
/** Names under which others look for a secret, all in small letters and without what parts words. */
const SECRETS = /pass|pwd|auth|user|secret|token|credential/

/** @throws RedriveError `E_INVALID_OPTION` for what would do nothing; it shows no value, which may be a password. */
function queryOptions(url: URL, path: string): RedisOptions {
  const known = url.protocol === 'rediss:' ? [...QUERY, ...CERTIFICATES] : QUERY
  for (const name of new Set(url.searchParams.keys())) {
    if (known.includes(name)) continue
    throw refusal(`${path} has "${name.slice(0, 40)}" in its query: ${remedy(name, url.protocol, known)}`, path)
  }
  const value = (name: string) => {
    const found = url.searchParams.get(name)
    return found === null || found === '' ? {} : { [name]: found }
  }
  return {
    ...database(url.searchParams.get('db'), path),
    ...value('family'),
    ...value('connectionName'),
    ...(url.protocol === 'rediss:' ? { tls: certificates(url.searchParams, path) } : {}),
  }
}

function remedy(name: string, protocol: string, known: readonly string[]): string {
  if (SECRETS.test(name.toLowerCase()))
    return `a user and a password belong before the host, as in ${protocol}//user:password@host:6379, where no log shows them.`
  if (/^(tls|ssl)/i.test(name)) return 'the scheme says it: rediss:// speaks TLS, and redis:// does not.'
  if (CERTIFICATES.includes(name)) return 'it is for TLS: write rediss://.'
  const near = nearest(name, known)
  return near ? `did you mean "${near}"?` : `it may have ${known.join(', ')}.`
}

/** The files that the query of a URL names, so that one text says all to the command line, to worker processes and in REDIS_URL. */
function certificates(query: URLSearchParams, path: string): Record<string, string> {
  const found = CERTIFICATES.flatMap((name): [string, string][] => {
    const value = query.get(name)
    if (value === null) return []
    return [[name, name === 'servername' ? value : readPem(name, value, path)]]
  })
  return Object.fromEntries(found)
}

function readPem(name: string, file: string, path: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    const text = `the file "${file}" that the Redis URL names as "${name}" cannot be read. It must be a certificate or key in PEM.`
    throw new RedriveError('E_INVALID_OPTION', text, { path, cause })
  }
}

function credentials(url: URL, path: string): RedisOptions {
  try {
    return {
      ...(url.username ? { username: decodeURIComponent(url.username) } : {}),
      ...(url.password ? { password: decodeURIComponent(url.password) } : {}),
    }
  } catch {
    // The error of the decoder would be about the password.
    throw refusal(
      'the user or the password of the Redis URL has a "%" that begins no escape; write "%25" for it.',
      path,
    )
  }
}

function database(text: string | null, path: string): RedisOptions {
  if (!text) return {}
  if (/^\d+$/.test(text)) return { db: Number(text) }
  throw refusal(
    `the database of a Redis URL must be a number, as in redis://127.0.0.1:6379/2 or unix:///path?db=2. A password with "/", "?", "#" or "@" in it must be percent-encoded.`,
    path,
  )
}

/**
 * Without user and password, up to the last `@`: a password that should have been encoded may itself have one, or a slash. A path after
 * `///` has none. Of the query, only what is no secret.
 */
export function redactUrl(url: string): string {
  const [, before = '', query] = /^([^?]*)(?:\?(.*))?$/s.exec(url.replace(/(?<!\/)\/\/(?!\/).*@/s, '//')) ?? []
  const shown = (query ?? '')
    .split('&')
    .filter((each) => [...QUERY, ...CERTIFICATES].includes(each.split('=')[0] ?? ''))
  return shown.length > 0 ? `${before}?${shown.join('&')}` : before
}
