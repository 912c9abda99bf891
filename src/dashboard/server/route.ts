import type { Action } from './dashboard-options.ts'
import { nearest } from '../../errors.ts'
import { badRequest } from './failure.ts'

/** One line of the API: `handle` gets what the path, the query and the body say, and returns what becomes JSON. */
export interface Route {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below `api/v1/`, with parameters as `:q` (a queue), `:id` (a message) or another name. */
  readonly path: string
  readonly action: Action['type']
  /** For the description of the API: a sentence without its full stop. */
  readonly summary: string
  /** Names of the query's parameters, each with what it means. */
  readonly query?: Readonly<Record<string, string>>
  /** Names of the body's properties, each with what it means. */
  readonly body?: Readonly<Record<string, string>>
  /** For the description too: a status of what goes well beside 200, and the type, where it is not JSON. */
  readonly answer?: { readonly also?: 202; readonly type?: 'text/event-stream' | 'text/html' | 'text/javascript' }
  handle(call: Call): Promise<Response | object>
}

export interface Call {
  readonly params: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  /** The body of a POST: a JSON object. @throws RedriveError `E_INVALID_REQUEST`, `E_PAYLOAD_TOO_LARGE` */
  body(): Promise<Readonly<Record<string, unknown>>>
  readonly headers: Headers
  /** Who asks, for the audit. */
  readonly actor: string
  /** Aborts when the other end has gone. */
  readonly signal: AbortSignal
}

export interface Match {
  readonly route: Route
  readonly params: Readonly<Record<string, string>>
}

/** @throws RedriveError `E_INVALID_REQUEST` with status 404 or 405. */
export function matchRoute(routes: readonly Route[], method: string, segments: readonly string[]): Match {
  const here = routes.flatMap((route) => {
    const params = paramsOf(route, segments)
    return params ? [{ route, params }] : []
  })
  const wanted = method === 'HEAD' ? 'GET' : method
  const match = here.find(({ route }) => route.method === wanted)
  if (match) return match
  if (here.length === 0) throw badRequest('there is nothing at this path. api/v1/openapi.json lists all that is.', 404)
  const allow = here.map(({ route }) => route.method).join(', ')
  throw badRequest(`this path takes ${allow}, not ${method}.`, 405, { allow })
}

/**
 * A misspelt filter would find all that it was to leave out. Where a route has no parameters, what stands behind the path is nobody's.
 * @throws RedriveError `E_INVALID_REQUEST`
 */
export function checkQuery({ query = {} }: Route, given: URLSearchParams): void {
  const known = Object.keys(query)
  if (known.length === 0) return
  const names = [...given.keys()]
  checkNames('parameter', names, known)
  // One of them would be heard.
  const twice = names.find((name, i) => names.indexOf(name) < i)
  if (twice !== undefined) throw badRequest(`give "${twice}" once.`, 400, { path: twice })
}

/** The same for the properties of a body: with a misspelt eventId, an event would be applied each time. */
export function checkBody({ body = {} }: Route, given: Readonly<Record<string, unknown>>): typeof given {
  checkNames('property', Object.keys(given), Object.keys(body))
  return given
}

function checkNames(what: string, names: readonly string[], known: readonly string[]): void {
  const strange = names.find((name) => !known.includes(name))
  if (strange === undefined) return
  const near = nearest(strange, known)
  throw badRequest(
    `there is no ${what} "${strange.slice(0, 100)}" here${near ? `. Did you mean "${near}"?` : `, but: ${known.join(', ')}.`}`,
    400,
    { path: strange },
  )
}

function paramsOf({ path }: Route, segments: readonly string[]): Record<string, string> | undefined {
  const parts = path.split('/')
  if (parts.length !== segments.length) return undefined
  const params: Record<string, string> = {}
  for (const [i, part] of parts.entries()) {
    const segment = segments[i]!
    if (part.startsWith(':')) params[part.slice(1)] = segment
    else if (part !== segment) return undefined
  }
  return params
}
