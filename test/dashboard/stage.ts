import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Redrive } from '../../src/index.ts'
import { dashboard, type DashboardOptions } from '../../src/dashboard/index.ts'

/** An answer, read whole. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  // oxlint-disable-next-line typescript/no-explicit-any -- whatever the API says; the test knows what to expect
  readonly body: any
  readonly text: string
}

/** A dashboard on a port of its own. */
export interface Stage {
  /** Ends with a slash. */
  readonly url: string
  get(path: string, headers?: Record<string, string>): Promise<Answer>
  post(path: string, body: unknown, headers?: Record<string, string>): Promise<Answer>
  remove(path: string): Promise<Answer>
  close(): Promise<void>
}

export async function openStage(redrive: Redrive, options: DashboardOptions = {}): Promise<Stage> {
  const { node } = dashboard(redrive, options)
  return stageOf(createServer((request, response) => void node(request, response)))
}

/** Of a server that has the dashboard at `mount`. */
export async function stageOf(server: Server, mount = '/'): Promise<Stage> {
  if (!server.listening) await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${mount}`
  const ask = (path: string, init: RequestInit = {}): Promise<Answer> => request(url + path, init)
  return {
    url,
    get: (path, headers = {}) => ask(path, { headers }),
    post: (path, body, headers = {}) =>
      ask(path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      }),
    remove: (path) => ask(path, { method: 'DELETE' }),
    async close() {
      const closed = new Promise((resolve) => void server.close(resolve))
      server.closeAllConnections()
      await closed
    },
  }
}

export async function request(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { redirect: 'manual', ...init })
  const text = await response.text()
  const isJson = response.headers.get('content-type')?.startsWith('application/json') === true
  return {
    status: response.status,
    headers: response.headers,
    text,
    body: isJson ? (JSON.parse(text) as unknown) : text,
  }
}

export interface LiveEvent {
  readonly id: string
  readonly event: string
  // oxlint-disable-next-line typescript/no-explicit-any -- as above
  readonly data: any
}

/** A live stream, event by event. */
export interface LiveReader {
  /** Reads until an event is as wanted. */
  until(wanted: (event: LiveEvent) => boolean): Promise<LiveEvent>
  readonly headers: Headers
  close(): Promise<void>
}

export async function readLive(url: string, headers: Record<string, string> = {}): Promise<LiveReader> {
  const ended = new AbortController()
  const response = await fetch(url, { headers, signal: ended.signal })
  if (!response.ok || !response.body) throw new Error(`${response.status}: ${await response.text()}`)
  const chunks = response.body.pipeThrough(new TextDecoderStream()).getReader()
  let text = ''

  async function next(): Promise<LiveEvent> {
    for (;;) {
      const end = text.indexOf('\n\n')
      if (end < 0) {
        const { done, value } = await chunks.read()
        if (done) throw new Error('the stream has ended')
        text += value
        continue
      }
      const lines = text.slice(0, end).split('\n')
      text = text.slice(end + 2)
      const field = (name: string): string =>
        lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2) ?? ''
      if (field('event') !== '') return { id: field('id'), event: field('event'), data: JSON.parse(field('data')) }
    }
  }

  return {
    headers: response.headers,
    async until(wanted) {
      for (;;) {
        const event = await next()
        if (wanted(event)) return event
      }
    },
    async close() {
      ended.abort()
      await chunks.cancel().catch(() => {})
    },
  }
}
