import type { LiveEvent, Mailbox } from './mailbox.ts'

/** What a stream is of. */
export interface Viewed {
  view(): Mailbox
  leave(viewer: Mailbox): void
}

/** Nothing on the way may keep it, or gather it to compress it. */
const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-cache, no-transform',
  'x-accel-buffering': 'no',
}

/** Milliseconds after which a browser connects again. */
const RETRY = 1000

/** Server-sent events, as long as somebody reads them. */
export function eventStream(viewed: Viewed, gone: AbortSignal): Response {
  const viewer = viewed.view()
  const text = new TextEncoder()
  const leave = (): void => viewed.leave(viewer)
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
