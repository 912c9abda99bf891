export type { WorkerReport as WorkerView } from '../../engine/roster.ts'
