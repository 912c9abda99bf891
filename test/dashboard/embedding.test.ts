/** The dashboard in the frameworks that people use, below a path, behind their body parsers and compression. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { connect, createServer as createHttp2Server } from 'node:http2'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { serve, type HttpBindings } from '@hono/node-server'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import compression from 'compression'
import express from 'express'
import Fastify from 'fastify'
import { Hono } from 'hono'
import { compress } from 'hono/compress'
import { dashboard, type Dashboard, type DashboardOptions } from '../../src/dashboard/index.ts'
import type { Redrive } from '../../src/index.ts'
import { inMemory, type TestBackend } from '../support/backends.ts'
import { readLive, stageOf, type Stage } from './stage.ts'

const MOUNT = '/admin/queues'

let backend: TestBackend
let redrive: Redrive
let stage: Stage | undefined

beforeAll(async () => {
  backend = await inMemory()
  redrive = backend.open()
  await redrive.queue('emails').send({ to: 'ada' }, { id: 'a/b c', delay: '1h' })
})
afterEach(async () => {
  await stage?.close()
  stage = undefined
})
afterAll(() => backend.stop())

const withExpress = ({ node }: Dashboard): Server => {
  const app = express()
  app.use(compression())
  app.use(express.json())
  app.use(MOUNT, node)
  return createServer(app as RequestListener)
}

async function withFastify({ node }: Dashboard): Promise<Server> {
  const app = Fastify()
  app.all(`${MOUNT}*`, (request, reply) => {
    reply.hijack()
    return node(Object.assign(request.raw, { body: request.body }), reply.raw)
  })
  await app.listen({ host: '127.0.0.1', port: 0 })
  return app.server
}

function withHono({ fetch }: Dashboard): Server {
  const app = new Hono<{ Bindings: HttpBindings }>()
  app.use(compress())
  app.all(`${MOUNT}/*`, (c) => fetch(c.req.raw, { address: c.env.incoming.socket.remoteAddress ?? '' }))
  app.all(MOUNT, (c) => fetch(c.req.raw, { address: c.env.incoming.socket.remoteAddress ?? '' }))
  return serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }) as Server
}

const withNode = ({ node }: Dashboard): Server =>
  createServer((request, response) => {
    if (request.url?.startsWith(MOUNT)) return void node(request, response)
    response.writeHead(404).end()
  })

const FRAMEWORKS: [string, (dashboard: Dashboard) => Server | Promise<Server>][] = [
  ['Express, behind its parser and compression', withExpress],
  ['Fastify, behind its parser', withFastify],
  ['Hono, behind its compression', withHono],
  ['node:http', withNode],
]

describe.each(FRAMEWORKS)('%s', (_, serveWith) => {
  async function mounted(options: DashboardOptions = {}): Promise<Stage> {
    const server = await serveWith(dashboard(redrive, options))
    stage = await stageOf(server, `${MOUNT}/`)
    return stage
  }

  test('reads, sends and rehearses below its path', async () => {
    const { get, post } = await mounted()
    expect((await get('api/v1/overview')).body.queues[0].states).toEqual(
      expect.objectContaining({ pending: expect.any(Number) }),
    )
    expect((await get(`api/v1/queues/emails/messages/${encodeURIComponent('a/b c')}`)).body.message.id).toBe('a/b c')
    const id = `new-${_.length}`
    expect(
      (await post('api/v1/queues/emails/messages', { input: { big: 'x'.repeat(50_000) }, id, delay: '1h' })).body
        .results,
    ).toEqual([{ id, status: 'created' }])
    const run = await post(`api/v1/queues/emails/messages/${id}/dry-run`, { event: { type: 'CANCEL' } })
    expect(run.body).toMatchObject({ from: 'pending', to: 'cancelled' })
  })

  test('streams live events at once', async () => {
    const { url } = await mounted()
    const reader = await readLive(`${url}api/v1/queues/emails/live`, { 'accept-encoding': 'gzip' })
    try {
      const first = await reader.until(({ event }) => event === 'tick')
      expect(first.data.redis).toBe('up')
      expect(reader.headers.get('content-encoding')).toBeNull()
      await redrive.queue('emails').send(1, { delay: '1h' })
      expect((await reader.until(({ event }) => event === 'flow')).data.items).toHaveLength(1)
    } finally {
      await reader.close()
    }
  })

  test('gives the page out at its path, with and without a slash', async () => {
    const { url, get } = await mounted()
    for (const address of [url, url.slice(0, -1)]) {
      const page = await fetch(address, { redirect: 'manual' })
      expect([page.status, page.headers.get('content-security-policy')]).toEqual([
        200,
        expect.stringContaining("default-src 'none'"),
      ])
      const [, script = ''] = /src="([^"]+)"/.exec(await page.text())!
      expect((await fetch(new URL(script, address))).headers.get('content-type')).toContain('text/javascript')
    }
    expect((await get('assets/never.js')).status).toBe(404)
  })

  test('asks whoever it was told to ask, with the request of the framework', async () => {
    const asked: unknown[] = []
    const { get, post } = await mounted({
      authorize: (request, action) => {
        asked.push(action)
        const header = request instanceof Request ? request.headers.get('x-user') : request.headers['x-user']
        return header === 'ada' && action.type !== 'send' && { actor: 'ada' }
      },
    })
    expect((await get('api/v1/overview', { 'x-user': 'ada' })).status).toBe(200)
    expect((await get('api/v1/overview')).status).toBe(403)
    expect((await post('api/v1/queues/emails/messages', { input: 1 }, { 'x-user': 'ada' })).status).toBe(403)
    expect(asked).toEqual([{ type: 'read' }, { type: 'read' }, { type: 'send', queue: 'emails' }])
  })
})

test('HTTP/2 is answered too', async () => {
  const { node } = dashboard(redrive)
  const server = createHttp2Server((request, response) => {
    // It has what a request of HTTP/1 has, under another type.
    void node(request as unknown as IncomingMessage, response as unknown as ServerResponse)
  })
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  const client = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  try {
    const sent = client.request({ ':path': '/api/v1/overview' })
    const [[headers], body] = await Promise.all([once(sent, 'response'), text(sent)])
    expect([headers[':status'], JSON.parse(body).queues[0].name]).toEqual([200, 'emails'])
  } finally {
    client.destroy()
    await new Promise<void>((resolve) => void server.close(() => resolve()))
  }
})
