import type { Board } from '../server/board.ts'
import type { Route } from '../server/route.ts'
import { extrasOf } from './extras.ts'
import { operationRoutes } from './operation-routes.ts'
import { rosterRoutes } from './roster-routes.ts'
import { steeringRoutes } from './steering-routes.ts'

/** What operators do, and who else does something. */
export function operatingRoutes(board: Board): Route[] {
  board.monitors.ask((queue) => extrasOf(board.inside, queue))
  return [...steeringRoutes(board), ...operationRoutes(board), ...rosterRoutes(board)]
}
