export { dashboard } from './server/dashboard.ts'
export type { Dashboard } from './server/dashboard.ts'
export type { Action, Authorize, DashboardOptions, Redact } from './server/dashboard-options.ts'
