import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Redrive } from '../../client/redrive.ts'
import type { RedriveError } from '../../errors.ts'
import { createAccess } from './access/access.ts'
import { createApi } from './api.ts'
import { createBoard } from './board.ts'
import { settingsOf, type DashboardOptions } from './dashboard-options.ts'
import { badRequest, failureAnswer } from './failure.ts'
import { createInspectEndpoint, type Upgrade } from './inspect/endpoint.ts'
import { answerNode, visitOfNode } from './node-visit.ts'
import { placeOf, type Place } from './place.ts'
import { refusedPage, wantsPage } from './refused-page.ts'
import { SECURITY_HEADERS } from './security-headers.ts'
import { staticFile } from './static-files.ts'
import type { Visit } from './visit.ts'

/** The dashboard as a handler, to be mounted wherever a framework takes one. */
export interface Dashboard {
  /** For `node:http`, Express, Fastify (`request.raw`, `reply.raw`) and whatever else has requests of Node. Never rejects. */
  node(request: IncomingMessage, response: ServerResponse): Promise<void>
  /**
   * For Hono and whatever else has a `Request`. `address` is the IP address of the other end, where it is known; without it, and with
   * neither `token` nor `authorize`, nobody is answered. Never rejects.
   */
  fetch(request: Request, from?: { readonly address?: string }): Promise<Response>
  /**
   * For the event `upgrade` of a `node:http` server, where the XState inspector is wanted: `server.on('upgrade', upgrade)`. It answers
   * every upgrade that it is given. Never rejects.
   */
  readonly upgrade: Upgrade
}

/**
 * The dashboard of all queues of a client's server. What it knows of machines are those of the queues that the client has opened.
 * @throws RedriveError `E_INVALID_OPTION`
 *
 * @example
 * const { node } = dashboard(redrive, { authorize: (request) => request.user?.isAdmin === true })
 * app.use('/queues', node)
 */
export function dashboard(redrive: Redrive, options: DashboardOptions = {}): Dashboard {
  const settings = settingsOf(options)
  const access = createAccess(settings)
  const board = createBoard(redrive, settings)
  const api = createApi(board, access)

  async function answer(visit: Visit): Promise<Response> {
    const { request } = visit
    const place: Place = placeOf(new URL(request.url).pathname, settings.basePath ?? visit.mount)
    if (place.type === 'api') return api(visit, place.segments)
    if (request.method !== 'GET' && request.method !== 'HEAD') throw notHere(request.method)
    if (place.type === 'health') return health(place.which)
    await access.enterPage(visit)
    return staticFile(place, request)
  }

  /** Without data, and for everybody: whoever watches over processes has no token. */
  async function health(which: 'healthz' | 'readyz'): Promise<Response> {
    const ready =
      which === 'healthz' ||
      (await board.store.queues().then(
        () => true,
        () => false,
      ))
    return new Response(ready ? 'ok' : 'away', { status: ready ? 200 : 503, headers: { 'cache-control': 'no-store' } })
  }

  async function handle(visit: Visit): Promise<Response> {
    const { method, signal } = visit.request
    const given = await answer(visit).catch((error: unknown) => {
      // Half a request of one who has gone is no fault of anybody's here.
      const { status } = failureAnswer(error)
      if (status === 500 && !signal.aborted) board.inside.log.dashboardFailed(error)
      return refusal(error, visit.request)
    })
    const response = method === 'HEAD' ? await headOf(given) : given
    for (const [name, value] of Object.entries(SECURITY_HEADERS))
      if (!response.headers.has(name)) response.headers.set(name, value)
    return response
  }

  return {
    async node(request, response) {
      const visit = visitOfNode(request, response)
      await answerNode(await (visit instanceof Response ? visit : handle(visit)), request, response)
    },
    upgrade: createInspectEndpoint(board, access),
    fetch: (request, from = {}) => handle({ request, raw: request, address: from.address ?? 'unknown' }),
  }
}

/** Whoever follows a redirect to the page would find what he sent answered with 200. */
const notHere = (method: string): RedriveError =>
  badRequest(`this path takes GET, not ${method}. What is sent goes below api/v1/.`, 405, { allow: 'GET' })

/** Not every server ends a stream that it does not want. */
async function headOf(answer: Response): Promise<Response> {
  await answer.body?.cancel()
  return new Response(null, answer)
}

function refusal(error: unknown, request: Request): Response {
  const { status, body } = failureAnswer(error)
  const { allow, retryAfter } = body.error.details as { allow?: unknown; retryAfter?: unknown }
  const isPage = wantsPage(request)
  return new Response(isPage ? refusedPage(status, body.error.message) : JSON.stringify(body), {
    status,
    headers: {
      'content-type': isPage ? 'text/html; charset=utf-8' : 'application/json',
      'cache-control': 'no-store',
      vary: 'accept',
      ...(typeof allow === 'string' ? { allow } : {}),
      ...(typeof retryAfter === 'number' ? { 'retry-after': String(retryAfter) } : {}),
      ...(status === 401 ? { 'www-authenticate': 'Bearer realm="redrive"' } : {}),
    },
  })
}
