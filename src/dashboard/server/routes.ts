import { operatingRoutes } from '../operations/routes.ts'
import type { Board } from './board.ts'
import { statelyRoutes } from './inspect/stately.ts'
import type { Route } from './route.ts'
import { chartRoutes } from './routes/chart.ts'
import { errorRoutes } from './routes/errors.ts'
import { futureRoutes } from './routes/future.ts'
import { healthRoutes } from './routes/health.ts'
import { inspectingRoutes } from './routes/inspecting.ts'
import { liveRoutes } from './routes/live.ts'
import { messageRoutes } from './routes/messages.ts'
import { openapiRoutes } from './routes/openapi.ts'
import { overviewRoutes } from './routes/overview.ts'
import { searchRoutes } from './routes/search.ts'
import { sendingRoutes } from './routes/sending.ts'
import { sourceRoutes } from './routes/sources.ts'
import { versionRoutes } from './routes/versions.ts'
import { VERSION } from '../../version.ts'

/** The whole API. A new file of routes is a line here; the description at `openapi.json` is made from the table. */
export function createRoutes(board: Board): readonly Route[] {
  const routes = [
    ...overviewRoutes(board),
    ...chartRoutes(board),
    ...liveRoutes(board),
    ...messageRoutes(board),
    ...futureRoutes(board),
    ...sendingRoutes(board),
    ...operatingRoutes(board),
    ...errorRoutes(board),
    ...searchRoutes(board),
    ...versionRoutes(board),
    ...healthRoutes(board),
    ...inspectingRoutes(board),
    ...sourceRoutes(board),
    ...statelyRoutes,
  ]
  return [...routes, ...openapiRoutes(routes, VERSION)]
}
