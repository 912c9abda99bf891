import type { IncomingMessage } from 'node:http'
import { RedriveError } from '../../errors.ts'
import { checkNames, show, toInteger } from '../../options.ts'

/** What somebody is about to do. `page` is the app itself, which holds no data. */
export interface Action {
  readonly type:
    | 'page'
    | 'read'
    | 'send'
    | 'event'
    | 'edit'
    | 'remove'
    | 'pause'
    | 'resume'
    | 'operate'
    | 'stop'
    | 'undo'
  readonly queue?: string
  readonly id?: string
}

/**
 * Whether the one who asks may do it; the name in an answer goes into the audit. `request` is what the handler was called with: the
 * request of Node (or of Express, with what middleware put there), or the `Request` given to `fetch`.
 */
export type Authorize = (
  request: IncomingMessage | Request,
  action: Action,
) => boolean | { readonly actor: string } | Promise<boolean | { readonly actor: string }>

/**
 * Returns what is shown of a value, at each level of everything that messages hold: `path` begins with `input`, `context`, `output`,
 * `error`, `progress` or `event`. What it returns instead of the value is not looked into any more.
 */
export type Redact = (value: unknown, path: readonly string[]) => unknown

export interface DashboardOptions {
  /** Wanted with every request, as `Authorization: Bearer …`. At least 16 characters. Without it and `authorize`, only this machine is answered. */
  readonly token?: string | undefined
  /** Asked for every request. Default: whoever has the token may do everything. */
  readonly authorize?: Authorize | undefined
  /** Refuses whatever changes something. Default false. */
  readonly readOnly?: boolean | undefined
  /** Hides what must not be seen. Default: everything is shown. */
  readonly redact?: Redact | undefined
  /** Where it is mounted, such as `/admin/queues`. Default: it finds out. */
  readonly basePath?: string | undefined
  /** Requests that one address may make in a minute, with bursts of a quarter of it. Default 2400; bounds 10–1,000,000. */
  readonly rateLimit?: number | undefined
}

const NAMES = ['token', 'authorize', 'readOnly', 'redact', 'basePath', 'rateLimit']
const RATE_LIMIT = 2400
const SHORTEST_TOKEN = 16

export type Settings = Pick<DashboardOptions, 'token' | 'authorize' | 'redact' | 'basePath'> & {
  readonly readOnly: boolean
  readonly rateLimit: number
}

/** @throws RedriveError `E_INVALID_OPTION` */
export function settingsOf(options: DashboardOptions): Settings {
  checkNames(options, '', NAMES, 'a dashboard')
  const { token, basePath, rateLimit = RATE_LIMIT, readOnly = false } = options
  if (
    token !== undefined &&
    (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token) || token.length < SHORTEST_TOKEN)
  )
    throw invalid('token', `token must be text of at least ${SHORTEST_TOKEN} visible ASCII characters, without spaces.`)
  if (basePath !== undefined && (typeof basePath !== 'string' || !basePath.startsWith('/')))
    throw invalid('basePath', `basePath must begin with "/"; got ${show(basePath)}.`)
  if (typeof readOnly !== 'boolean') throw invalid('readOnly', `readOnly must be true or false; got ${show(readOnly)}.`)
  for (const name of ['authorize', 'redact'] as const)
    if (options[name] !== undefined && typeof options[name] !== 'function')
      throw invalid(name, `${name} must be a function; got ${show(options[name])}.`)
  const { authorize, redact } = options
  return {
    token,
    authorize,
    redact,
    basePath: basePath?.replace(/\/+$/, ''),
    readOnly,
    rateLimit: toInteger(rateLimit, 'rateLimit', { min: 10, max: 1_000_000 }),
  }
}

const invalid = (path: string, message: string): RedriveError => new RedriveError('E_INVALID_OPTION', message, { path })
