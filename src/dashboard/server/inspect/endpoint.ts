import type { IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import type { RawData, WebSocket, WebSocketServer } from 'ws'
import { asError, RedriveError } from '../../../errors.ts'
import { loadWithRequire } from '../../../lent-require.ts'
import type { QueueRuntime } from '../../../engine/runtime.ts'
import type { MessageRef } from '../../../inspect/wire/message-wire.ts'
import type { WireMessage } from '../../../inspect/wire/wire-message.ts'
import type { Access } from '../access/access.ts'
import type { Board } from '../board.ts'
import { badRequest, failureAnswer } from '../failure.ts'
import type { RoomPlace } from './rooms.ts'
import { watchMessages } from './watch.ts'
import { readMessage } from '../message-view.ts'
import { visitOfNode } from '../node-visit.ts'
import { placeOf } from '../place.ts'
import { checkQuery } from '../route.ts'
import { inspectRoute } from '../routes/inspecting.ts'
import type { Visit } from '../visit.ts'

/** Takes a connection over from HTTP, or refuses it there. Never rejects. */
export type Upgrade = (request: IncomingMessage, socket: Duplex, head: Buffer) => Promise<void>

const MOST_CONNECTIONS = 100
/** Bytes of one message that a source sends. */
const MOST_TAKEN = 1024 * 1024
/** Bytes that may wait for a viewer who reads too slowly. */
const MOST_WAITING = 16 * 1024 * 1024
/** Milliseconds after which a silent other end is taken for gone. */
const HEARTBEAT = 30_000

/** The close codes of WebSocket that are used here. */
const CLOSE = { goingAway: 1001, refused: 1008, failed: 1011, tooSlow: 1013 } as const

interface Wanted {
  readonly place: RoomPlace
  readonly role: 'viewer' | 'source'
  readonly visit: Visit
}

/** `…/api/v1/inspect?queue=Q&id=ID`: the wire of `@statelyai/inspect` over WebSocket, for its clients and whatever else speaks it. */
export function createInspectEndpoint(board: Board, access: Access): Upgrade {
  const { inside, queues, settings, show, store, rooms, tickets } = board
  let server: Promise<WebSocketServer> | undefined
  let open = 0

  async function enter(request: IncomingMessage, socket: Duplex): Promise<Wanted> {
    const visit = visitOfNode(request, socket)
    if (visit instanceof Response) throw badRequest('the request cannot be understood.')
    const { pathname, searchParams } = new URL(visit.request.url)
    const place = placeOf(pathname, settings.basePath ?? visit.mount)
    access.enter(withToken(visit, searchParams.get('token')), { isValid: takesTicket(searchParams) })
    if (place.type !== 'api' || place.segments.join('/') !== 'inspect')
      throw badRequest('there is no WebSocket at this path. It is at api/v1/inspect?queue=…', 404)
    checkQuery(inspectRoute, searchParams)
    const wanted = readWanted(searchParams, visit)
    const { queue, id } = wanted.place
    const type = wanted.role === 'source' ? 'send' : 'read'
    await access.permit(visit, { type, queue, ...(id === undefined ? {} : { id }) })
    if (wanted.role === 'source') await queues.get(queue)
    else await queues.known(queue)
    if (id !== undefined && wanted.role === 'viewer') await readMessage(store, await queues.get(queue), id)
    if (open >= MOST_CONNECTIONS) throw new RedriveError('E_RATE_LIMITED', `${open} inspectors are connected already.`)
    return wanted
  }

  /** Of a viewer alone: a source writes. */
  function takesTicket(query: URLSearchParams): boolean {
    const [ticket, queue] = [query.get('ticket'), query.get('queue')]
    if (ticket === null || queue === null || (query.get('role') ?? 'viewer') !== 'viewer') return false
    return tickets.take(ticket, { queue, id: query.get('id') ?? undefined })
  }

  async function view({ place, visit }: Wanted, socket: WebSocket, signal: AbortSignal): Promise<void> {
    const tell = (messages: readonly WireMessage[]): void => {
      for (const message of messages) socket.send(JSON.stringify(message))
      if (socket.bufferedAmount > MOST_WAITING) socket.close(CLOSE.tooSlow, 'too slow; connect again')
    }
    const { runtime } = await queues.known(place.queue)
    const leave = rooms.view(place, { tell })
    signal.addEventListener('abort', leave, { once: true })
    const runtimeOf = async ({ queue, id }: MessageRef): Promise<QueueRuntime> => {
      await access.permit(visit, { type: 'read', queue, id })
      return (await queues.known(queue)).runtime
    }
    await watchMessages(runtime, { id: place.id, show, signal, tell, runtimeOf })
  }

  function listen(place: RoomPlace, socket: WebSocket): void {
    const source = rooms.enter(place)
    socket.once('close', () => source.leave())
    socket.on('message', (data) => {
      try {
        source.take(textOf(data))
      } catch (error) {
        socket.close(CLOSE.refused, asError(error).message.slice(0, 120))
      }
    })
  }

  function serve(wanted: Wanted, socket: WebSocket): void {
    const { place, role } = wanted
    const ended = new AbortController()
    open++
    const goAway = (): void => socket.close(CLOSE.goingAway)
    const stopBeating = keepAlive(socket)
    inside.closed.addEventListener('abort', goAway, { once: true })
    socket.once('close', () => {
      open--
      stopBeating()
      inside.closed.removeEventListener('abort', goAway)
      ended.abort()
    })
    // It is followed by "close".
    socket.on('error', () => {})
    if (role === 'source') return listen(place, socket)
    view(wanted, socket, ended.signal).catch((error: unknown) => {
      // What was asked of Redis when the client was closed fails with it.
      if (ended.signal.aborted || inside.closed.aborted) return
      inside.log.dashboardFailed(error)
      socket.close(CLOSE.failed, failureAnswer(error).body.error.message.slice(0, 120))
    })
  }

  return async (request, socket, head) => {
    const ignore = (): void => {}
    socket.on('error', ignore)
    try {
      const wanted = await enter(request, socket)
      server ??= loadWithRequire(() => import('ws')).then(
        (ws) => new ws.WebSocketServer({ noServer: true, maxPayload: MOST_TAKEN, perMessageDeflate: false }),
      )
      ;(await server).handleUpgrade(request, socket, head, (taken) => serve(wanted, taken))
    } catch (error) {
      refuse(socket, error)
    }
    socket.off('error', ignore)
  }
}

/** @throws RedriveError `E_INVALID_REQUEST` */
function readWanted(query: URLSearchParams, visit: Visit): Wanted {
  const [queue, id, role] = [query.get('queue'), query.get('id') ?? undefined, query.get('role') ?? 'viewer']
  if (queue === null || queue === '')
    throw badRequest('queue is missing: api/v1/inspect?queue=emails', 400, { path: 'queue' })
  if (role !== 'viewer' && role !== 'source') throw badRequest('role must be viewer or source.', 400, { path: 'role' })
  return { place: { queue, id: id === '' ? undefined : id }, role, visit }
}

/** The clients of `@statelyai/inspect` take a URL and nothing else, so here, and only here, a token may stand in it. */
function withToken(visit: Visit, token: string | null): Visit {
  if (token === null || visit.request.headers.has('authorization')) return visit
  const headers = new Headers(visit.request.headers)
  headers.set('authorization', `Bearer ${token}`)
  return { ...visit, request: new Request(visit.request, { headers }) }
}

function refuse(socket: Duplex, error: unknown): void {
  const { status, body } = failureAnswer(error)
  const text = JSON.stringify(body)
  const head = [
    `HTTP/1.1 ${status} Refused`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
    'cache-control: no-store',
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`)
}

/** An other end that went without a word is found out. */
function keepAlive(socket: WebSocket): () => void {
  let alive = true
  socket.on('pong', () => {
    alive = true
  })
  const beat = setInterval(() => {
    if (!alive) return socket.terminate()
    alive = false
    socket.ping()
  }, HEARTBEAT)
  return () => clearInterval(beat)
}

function textOf(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString()
  return (data instanceof ArrayBuffer ? Buffer.from(data) : data).toString()
}
