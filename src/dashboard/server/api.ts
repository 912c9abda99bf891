import type { Access } from './access/access.ts'
import type { Board } from './board.ts'
import type { Action } from './dashboard-options.ts'
import { checkType, requestBody } from './request-body.ts'
import { checkBody, checkQuery, matchRoute, type Call, type Route } from './route.ts'
import { createRoutes } from './routes.ts'
import type { Visit } from './visit.ts'

/** Answers what is below `api/v1/`. */
export type Api = (visit: Visit, segments: readonly string[]) => Promise<Response>

export function createApi(board: Board, access: Access): Api {
  const routes: readonly Route[] = createRoutes(board)

  const pages = new Set(routes.flatMap(({ action, path }) => (action === 'page' ? [path] : [])))

  return async (visit, segments) => {
    const { request } = visit
    const isPage = pages.has(segments.join('/'))
    // Like the app itself: a link cannot carry the token, and there is nothing in them.
    if (isPage) await access.enterPage(visit)
    else access.enter(visit)
    const { route, params } = matchRoute(routes, request.method, segments)
    if (route.method !== 'GET') checkType(request.headers, { required: route.method === 'POST' })
    const call: Call = {
      params,
      query: new URL(request.url).searchParams,
      body: async () => checkBody(route, await requestBody(visit)),
      headers: request.headers,
      actor: isPage ? '' : await access.permit(visit, actionOf(route, params)),
      signal: request.signal,
    }
    checkQuery(route, call.query)
    const answer = await route.handle(call)
    if (answer instanceof Response) return answer
    return Response.json(answer, { headers: { 'cache-control': 'no-store' } })
  }
}

function actionOf({ action }: Route, { q, id }: Readonly<Record<string, string>>): Action {
  return { type: action, ...(q === undefined ? {} : { queue: q }), ...(id === undefined ? {} : { id }) }
}
