import type { ChartLayout } from '../../inspect/chart/layout.ts'

/** `queues/:q/chart` */
export interface QueueChart {
  readonly fingerprint: string
  readonly id: string
  readonly version: string
  readonly layout: ChartLayout
}
