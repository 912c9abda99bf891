import type { LiveEvent } from './mailbox.ts'
import type { Monitor } from './monitor.ts'

/** Nothing on the way may keep it, or gather it to compress it. */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

/** Milliseconds after which a browser connects again. */
const RETRY = 1000

/** Server-sent events of a queue, as long as somebody reads them. */
export function eventStream(monitor: Monitor, gone: AbortSignal): Response {
  const viewer = monitor.view()
  const text = new TextEncoder()
  const leave = (): void => monitor.leave(viewer)
  gone.addEventListener('abort', leave, { once: true })
  if (gone.aborted) leave()
  const body = new ReadableStream<Uint8Array>(
    {
      start: (controller) => controller.enqueue(text.encode(`retry: ${RETRY}\n\n`)),
      async pull(controller) {
        const event = await viewer.next()
        if (event) return controller.enqueue(text.encode(frame(event)))
        controller.close()
      },
      cancel: leave,
    },
    { highWaterMark: 1 },
  )
  return new Response(body, { headers: HEADERS })
}

const frame = ({ id, name, data }: LiveEvent): string => `id: ${id}\nevent: ${name}\ndata: ${data}\n\n`
