import type { AnyStateMachine } from 'xstate'
import { toChart } from '../../../inspect/chart/chart.ts'
import { layOut, type ChartLayout } from '../../../inspect/chart/layout.ts'
import type { QueueChart } from '../../shapes/chart.ts'
import { createPlaceAside } from '../../../inspect/chart/place-aside.ts'
import type { Board } from '../board.ts'
import { hasTag } from '../etag.ts'
import type { Route } from '../route.ts'

/** Layouts kept; a process has about as many machines. */
const KEPT = 100
/** Milliseconds for one picture: machines of one's own are not chosen badly, and this machine may be busy. */
const PATIENCE = 60_000

export function chartRoutes({ queues }: Board): Route[] {
  const layouts = new Map<string, Promise<ChartLayout>>()
  const place = createPlaceAside(PATIENCE)

  /** Once for each structure, and in a thread: a process that works, or asks Redis, must not stand still for a second meanwhile. */
  function layoutOf(ref: string, machine: AnyStateMachine): Promise<ChartLayout> {
    const known = layouts.get(ref)
    if (known) return known
    const layout = layOut(toChart(machine), place)
    layout.catch(() => layouts.delete(ref))
    if (layouts.size >= KEPT) layouts.delete(layouts.keys().next().value ?? '')
    layouts.set(ref, layout)
    return layout
  }

  return [
    {
      method: 'GET',
      path: 'queues/:q/chart',
      action: 'read',
      summary: 'The statechart of a queue with coordinates; its ETag is the fingerprint of the machine',
      async handle({ params, headers }) {
        const { runtime } = await queues.known(params['q'] ?? '')
        const { fingerprint, id, version, ref, machine } = runtime.machine
        const head = { etag: `"${fingerprint}"`, 'cache-control': 'no-cache' }
        if (hasTag(headers, head.etag)) return new Response(null, { status: 304, headers: head })
        const chart: QueueChart = { fingerprint, id, version, layout: await layoutOf(ref, machine) }
        return Response.json(chart, { headers: head })
      },
    },
  ]
}
