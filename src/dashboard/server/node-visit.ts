import type { IncomingMessage, ServerResponse } from 'node:http'
import { failureAnswer, badRequest } from './failure.ts'
import { alreadyRead } from './request-body.ts'
import type { Visit } from './visit.ts'

/** What frameworks add to a request of Node. */
interface Dressed {
  /** Express: the path before it took the place of its mounting away, and that place. */
  readonly originalUrl?: string
  readonly baseUrl?: string
  /** Express: the address by its rules for proxies. */
  readonly ip?: string
  readonly body?: unknown
}

/** What the answer goes to: a response, or the bare socket of a connection that is to be upgraded. */
interface Closing {
  once(event: 'close', listener: () => void): unknown
}

/** A request of Node as the handler wants it, or the answer to one that cannot be understood. */
export function visitOfNode(incoming: IncomingMessage & Dressed, response: Closing): Visit | Response {
  const { method = 'GET', headers, socket } = incoming
  // Some proxies send the whole address.
  const path = (incoming.originalUrl ?? incoming.url ?? '/').replace(/^https?:\/\/[^/?#]*/i, '')
  const host = headers.host ?? headers[':authority'] ?? 'localhost'
  const url = `http://${String(host)}${path.startsWith('/') ? path : '/'}`
  if (!URL.canParse(url)) return wrong('the address of the request cannot be understood.')
  const gone = new AbortController()
  response.once('close', () => gone.abort())
  // A parser before us has read the stream; what it made of it lies beside.
  const eaten = incoming.body !== undefined && (incoming.readableDidRead || incoming.readableEnded)
  const reads = method !== 'GET' && method !== 'HEAD' && !eaten
  try {
    const request = new Request(url, {
      method,
      headers: headersOf(incoming),
      signal: gone.signal,
      ...(reads ? { body: bodyOf(incoming), duplex: 'half' } : {}),
    })
    return {
      request,
      raw: incoming,
      address: socket.remoteAddress ?? 'unknown',
      ...(incoming.baseUrl ? { mount: incoming.baseUrl } : {}),
      ...(eaten ? { body: incoming.body } : {}),
    }
  } catch {
    return wrong(`the request cannot be understood: its method ${method} or one of its headers is not allowed.`)
  }
}

/** Read when somebody wants it, and left as it is by one who does not want the rest: the answer must still get through. */
function bodyOf(incoming: IncomingMessage): ReadableStream<Uint8Array> {
  let chunks: AsyncIterator<Uint8Array, undefined> | undefined
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (chunks === undefined && incoming.readableDidRead) throw alreadyRead()
        chunks ??= incoming.iterator({ destroyOnReturn: false }) as AsyncIterator<Uint8Array, undefined>
        const { done, value } = await chunks.next()
        if (done) controller.close()
        else controller.enqueue(value)
      },
    },
    { highWaterMark: 0 },
  )
}

function wrong(message: string): Response {
  const { status, body } = failureAnswer(badRequest(message))
  return Response.json(body, { status })
}

/** From the list as it came: HTTP/2 has no other form of it, and names of its own that begin with a colon. */
function headersOf({ rawHeaders }: IncomingMessage): Headers {
  const headers = new Headers()
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const [name = '', value = ''] = rawHeaders.slice(i, i + 2)
    if (!name.startsWith(':')) headers.append(name, value)
  }
  return headers
}

/** Writes an answer as far as the other end takes it, and no further than it stays. */
export async function answerNode(answer: Response, request: IncomingMessage, response: ServerResponse): Promise<void> {
  try {
    response.writeHead(answer.status, Object.fromEntries(answer.headers))
    if (answer.body === null) response.end()
    else await pour(answer.body, response)
    // What is left of a request that was refused is thrown away; unread, it would keep the answer from its sender.
    if (!request.complete) request.resume()
  } catch {
    // The other end has gone, or the stream broke: half an answer must not look like a whole one.
    response.destroy()
  }
}

async function pour(body: ReadableStream<Uint8Array>, response: ServerResponse): Promise<void> {
  const reader = body.getReader()
  const gone = (): void => void reader.cancel().catch(() => {})
  response.once('close', gone)
  if (response.destroyed) gone()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) break
    const more = response.write(value)
    // Middleware that compresses holds back what it is not told to send.
    ;(response as ServerResponse & { flush?: () => void }).flush?.()
    if (!more && !response.destroyed) await drained(response)
  }
  response.off('close', gone)
  response.end()
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off('drain', done)
      response.off('close', done)
      resolve()
    }
    response.once('drain', done)
    response.once('close', done)
  })
}
