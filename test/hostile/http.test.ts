/** Whatever somebody sends over HTTP: the answer is one of the API, never a 500, and the next request is answered as ever. */
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { createMachine } from 'xstate'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo } from 'node:net'
import { text as textOf } from 'node:stream/consumers'
import { dashboard, type Dashboard } from '../../src/dashboard/index.ts'
import { ERROR_CODES } from '../../src/errors.ts'
import { hasCode, type Queue } from '../../src/index.ts'
import { onRedis } from '../support/backends.ts'
import { attack, checkPrototypes, LONG } from './fuzz.ts'
import { id, text } from './values.ts'

/** One line of the description of the API. */
interface Described {
  readonly method: string
  readonly path: string
  readonly query: readonly string[]
  readonly body: readonly string[]
}

/** Code of a user that is not prepared for what comes. */
const picky = createMachine({
  id: 'order',
  context: ({ input }) => ({ total: (input as { total: { cents: number } }).total.cents }),
  initial: 'open',
  states: {
    open: { on: { '*': { guard: ({ event }) => (event as unknown as { by: { name: string } }).by.name !== '' } } },
  },
})

let backend: Awaited<ReturnType<typeof onRedis>>
let queue: Queue
let face: Dashboard
let server: Server
let api: readonly Described[]

beforeAll(async () => {
  backend = await onRedis()
  const redrive = backend.open()
  queue = redrive.queue('mails', { retention: { succeeded: 0 } })
  redrive.queue('orders', { machine: picky })
  face = dashboard(redrive, { rateLimit: 1_000_000 })
  server = createServer((request, response) => void face.node(request, response))
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  api = described(await (await ask('GET', 'api/v1/openapi.json')).json())
})
afterAll(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => void server.close(resolve))
  await backend.stop()
})

const ask = (method: string, path: string, init: RequestInit = {}): Promise<Response> =>
  face.fetch(new Request(`http://localhost/${path}`, { method, ...init }), { address: '127.0.0.1' })

type Operation = {
  readonly parameters?: readonly { readonly name: string; readonly in: string }[]
  readonly requestBody?: { readonly content: Record<string, { readonly schema: { readonly properties?: object } }> }
}

function described(document: unknown): Described[] {
  const { paths } = document as { paths: Record<string, Record<string, Operation>> }
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path: path.slice(1),
      query: parameters.flatMap((each) => (each.in === 'query' ? [each.name] : [])),
      body: Object.keys(requestBody?.content['application/json']?.schema.properties ?? {}),
    })),
  )
}

const json = fc.oneof(
  fc.json({ stringUnit: 'binary' }),
  fc.constantFrom('{"__proto__":{"polluted":true}}', '1e999', '"\\ud800"', '[]', '{}', 'null'),
)
/** What would be right, oftener than chance would have it. */
const known: Readonly<Record<string, fc.Arbitrary<string>>> = {
  event: fc.constantFrom('{"type":"CANCEL"}', '{"type":"RETRY"}', '{"type":""}', '{"type":1}', '"CANCEL"'),
  action: fc.constantFrom('"retry"', '"redrive"', '"cancel"', '"event"', '"release"'),
  ids: fc.constantFrom('["a","b"]', '["a"]', '[1]', '{}'),
  filter: fc.constantFrom(
    '{"state":"pending"}',
    '{"state":"dead","errorName":"x"}',
    '{}',
    '{"state":"pending","field":"__proto__.x","equals":"1"}',
  ),
  messages: fc.constantFrom('[{"input":1}]', '[{}]', '[]', '[null]', '[{"input":1,"delay":-1}]'),
  delay: fc.constantFrom('"1h"', '0', '-1', '1e300', '"forever"'),
  limit: fc.constantFrom('1', '0', '501', '1.5', 'x', '-1'),
  cursor: fc.constantFrom('a', '0', '{}', 'eyJhIjoxfQ', '1:a'),
  state: fc.constantFrom('pending', 'dead', 'live', '~quarantined', 'pending.x'),
}

const member = (name: string): fc.Arbitrary<string> =>
  fc.oneof({ weight: 3, arbitrary: known[name] ?? json }, json).map((value) => `${JSON.stringify(name)}:${value}`)

const bodyOf = (names: readonly string[]): fc.Arbitrary<string> =>
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(...names.map((name) => fc.option(member(name), { nil: '', freq: 2 })))
        .map((all) => `{${all.filter(Boolean).join()}}`),
    },
    { weight: 1, arbitrary: json },
    { weight: 1, arbitrary: text },
  )

const segment = fc
  .oneof({ weight: 3, arbitrary: fc.constantFrom('mails', 'orders', 'a', 'b', 'none') }, id)
  .map(encoded)
function encoded(part: string): string {
  try {
    return encodeURIComponent(part)
  } catch {
    return '%ED%A0%80' // half a surrogate has no encoding; this is what others make of it
  }
}

interface Shot {
  readonly method: string
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string
}

const shotAt = (line: Described): fc.Arbitrary<Shot> =>
  fc
    .record({
      method: fc.oneof(
        { weight: 9, arbitrary: fc.constant(line.method) },
        fc.constantFrom('GET', 'POST', 'DELETE', 'PUT', 'HEAD'),
      ),
      path: fc
        .array(segment, { minLength: 3, maxLength: 3 })
        .map((parts) => line.path.replace(/\{\w+\}/g, () => parts.pop() ?? 'x')),
      query: fc.array(
        fc.tuple(
          fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...line.query, 'x') }, text),
          fc.oneof(
            fc.constantFrom(...line.query, 'x').chain((name) => known[name] ?? text),
            text,
          ),
        ),
        { maxLength: 3 },
      ),
      type: fc.oneof(
        { weight: 9, arbitrary: fc.constant('application/json') },
        fc.constantFrom('text/plain', 'application/json;charset=x', 'a/b/c'),
      ),
      site: fc.oneof({ weight: 9, arbitrary: fc.constant('same-origin') }, fc.constantFrom('cross-site', 'none', 'x')),
      body: bodyOf(line.body),
    })
    .map(({ method, path, query, type, site, body }) => ({
      method,
      path: `${path}?${query.map(([name, value]) => `${encoded(name)}=${encoded(value)}`).join('&')}`,
      headers: { 'content-type': type, 'sec-fetch-site': site },
      ...(method === 'GET' || method === 'HEAD' ? {} : { body }),
    }))

/** What may go wrong without being a fault of ours: it was asked wrongly, is not there, or is not possible now. */
const FITTING = new Set([400, 401, 403, 404, 405, 409, 413, 415, 504])

async function check(shot: Shot): Promise<void> {
  const answer = await ask(shot.method, shot.path, {
    headers: shot.headers,
    ...(shot.body === undefined ? {} : { body: shot.body }),
  })
  if (answer.headers.get('content-type')?.startsWith('text/event-stream') === true) return answer.body?.cancel()
  const said = await answer.text()
  if (answer.status < 400) return
  expect([...FITTING]).toContain(answer.status)
  if (shot.method === 'HEAD') return
  const { error } = JSON.parse(said) as { error: { code: string; message: string } }
  expect(Object.keys(ERROR_CODES)).toContain(error.code)
  expect(error.message.length).toBeLessThan(10_100)
}

test(
  'every path of the API works or says what was wrong, and the next message goes its way',
  async () => {
    let count = 0
    const seen: string[] = []
    queue.work((input) => void seen.push(JSON.stringify(input)))
    const fate = await attack(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...api).chain(shotAt), { minLength: 1, maxLength: 10 }),
        async (shots) => {
          for (const shot of shots) await check(shot)
          await ask('POST', 'api/v1/queues/mails/resume', {
            headers: { 'content-type': 'application/json' },
            body: '{}',
          })
          const path = 'api/v1/queues/mails/messages'
          const good = JSON.stringify({ input: `good${++count}`, id: `good${count}` })
          const sent = await ask('POST', path, { headers: { 'content-type': 'application/json' }, body: good })
          expect(await sent.json()).toEqual({ results: [{ id: `good${count}`, status: 'created' }] })
          await queue.result(`good${count}`, { timeout: '60s' }).catch((error: unknown) => {
            // Gone when it has succeeded, as this queue keeps nothing.
            if (!hasCode(error, 'E_NOT_FOUND')) throw error
          })
          checkPrototypes()
        },
      ),
      { sample: 400, share: 0.2, batch: 5 },
    )
    expect(fate).toBe('held')
    expect(seen.filter((input) => input.startsWith('"good'))).toHaveLength(count)
  },
  LONG,
)

/** The bytes of a request as no client would send them. */
const raw = fc
  .record({
    method: fc.constantFrom('GET', 'POST', 'DELETE', 'OPTIONS', 'TRACE', 'PATCH', 'get', 'X'),
    target: fc.oneof(
      fc.constantFrom(
        '/',
        '//',
        '*',
        '/%',
        '/%00',
        '/../../etc/passwd',
        '/assets/../../package.json',
        '/assets/%2e%2e/x',
        '/api/v1/',
        '/api/v1//',
        '/api/v1/queues/%/messages',
        'http://[',
        'http://evil.example/api/v1/overview',
        '/api/v1/api/v1/overview',
        '/?#',
        '/healthz/..',
      ),
      fc.webPath().map((path) => `/${path}`),
      text.map((part) => `/${part.replaceAll(/\s/g, '')}`),
    ),
    headers: fc.array(
      fc.constantFrom(
        'host: [',
        'host: localhost:x',
        'host: ::',
        'host:',
        'content-length: 3',
        'content-length: -1',
        'transfer-encoding: chunked',
        'content-type: application/json',
        'accept-encoding: br;q=x',
        'if-none-match: *',
        'last-event-id: \u00ff',
        'authorization: Bearer',
        'cookie: __proto__=1',
        'upgrade: websocket',
        'connection: upgrade',
      ),
      { maxLength: 4 },
    ),
    body: fc.constantFrom('', '{}', '{"', '3\r\n{}\r\n0\r\n\r\n'),
  })
  .map(({ method, target, headers, body }) =>
    [`${method} ${target} HTTP/1.1`, ...headers, 'host: localhost', 'connection: close', '', body].join('\r\n'),
  )

async function speak(bytes: string): Promise<string> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.on('error', () => {})
  socket.end(bytes)
  return textOf(socket).catch(() => '')
}

test(
  'bytes that are hardly HTTP end neither the process nor the service',
  async () => {
    const fate = await attack(
      fc.asyncProperty(raw, async (bytes) => {
        expect(await speak(bytes)).not.toMatch(/^HTTP\/1.1 500|root:|"name": "redrive"/)
        expect(await speak('GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n')).toMatch(
          /^HTTP\/1.1 200 OK[^]*ok/,
        )
        checkPrototypes()
      }),
      { sample: 150, share: 0.05 },
    )
    expect(fate).toBe('held')
  },
  LONG,
)
