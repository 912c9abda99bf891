import type { Board } from './board.ts'
import type { Route } from './route.ts'
import { chartRoutes } from './routes/chart.ts'
import { errorRoutes } from './routes/errors.ts'
import { liveRoutes } from './routes/live.ts'
import { messageRoutes } from './routes/messages.ts'
import { overviewRoutes } from './routes/overview.ts'
import { searchRoutes } from './routes/search.ts'

/** The whole API. A new file of routes is a line here; the description at `openapi.json` is made from the table. */
export function createRoutes(board: Board): readonly Route[] {
  return [
    ...overviewRoutes(board),
    ...chartRoutes(board),
    ...liveRoutes(board),
    ...messageRoutes(board),
    ...errorRoutes(board),
    ...searchRoutes(board),
  ]
}
