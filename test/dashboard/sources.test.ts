import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals'
import { WebSocket } from 'ws'
import type { Redrive } from '../../src/index.ts'
import type { DashboardOptions } from '../../src/dashboard/index.ts'
import { createTickets } from '../../src/dashboard/server/access/tickets.ts'
import { openEndpoint, type Endpoint } from '../inspect/wire/inspected.ts'
import { inMemory, type TestBackend } from '../support/backends.ts'
import { readLive, request, type LiveReader } from './stage.ts'

const TOKEN = 'sixteen-characters'

let backend: TestBackend
let redrive: Redrive
let endpoint: Endpoint | undefined
let live: LiveReader | undefined
const sockets = new Set<WebSocket>()

beforeAll(async () => {
  backend = await inMemory()
  redrive = backend.open()
  await redrive.queue('emails').send({}, { id: 'e1', delay: '1h' })
})
afterEach(async () => {
  for (const socket of sockets) socket.terminate()
  sockets.clear()
  await live?.close()
  live = undefined
  await endpoint?.close()
})
afterAll(() => backend.stop())

/** Returns the address of the message. */
async function open(options: DashboardOptions = {}): Promise<string> {
  endpoint = await openEndpoint(redrive, options)
  return `${endpoint.url({}).replace('ws:', 'http:').replace('inspect?', '')}queues/emails/messages/e1`
}

async function source(query: Record<string, string> = {}): Promise<(message: object) => void> {
  const socket = new WebSocket(endpoint!.url({ queue: 'emails', id: 'e1', role: 'source', ...query }))
  sockets.add(socket)
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject))
  return (message) => socket.send(JSON.stringify({ sessionId: 'x:0', rootId: 'x:0', createdAt: '1', ...message }))
}

const LIGHT = {
  type: '@xstate.actor',
  name: 'light',
  definition: JSON.stringify({ id: 'light', initial: 'green', states: { green: { on: { NEXT: 'red' } }, red: {} } }),
  snapshot: { status: 'active', value: 'green', context: {} },
}

test('actors of programs elsewhere are told as they move, and when their program goes', async () => {
  const url = await open()
  live = await readLive(`${url}/sources`)
  expect((await live.until(({ event }) => event === 'sources')).data).toEqual({ actors: [] })
  const send = await source()
  send(LIGHT)
  const event = { type: 'NEXT', by: 'ada' }
  send({ type: '@xstate.snapshot', event, snapshot: { status: 'active', value: 'red', context: { n: 1 } } })
  const { data } = await live.until(({ data: { actors } }) => actors[0]?.state === 'red')
  const [actor] = data.actors
  expect(actor).toMatchObject({ session: 'source-1/x:0', name: 'light', connected: true, context: { n: 1 } })
  expect(actor.steps).toEqual([{ seq: 1, at: 1, event: 'NEXT', data: { by: 'ada' }, state: 'red', context: { n: 1 } }])
  const chart = await request(`${url}/source-charts/${actor.definition}`)
  expect(chart.body.layout.states.map(({ state }: { state: { id: string } }) => state.id)).toEqual(['', 'green', 'red'])
  for (const socket of sockets) socket.close()
  await live.until(({ data: { actors } }) => actors[0]?.connected === false)
  expect((await request(`${url}/source-charts/0123`)).status).toBe(404)
})

test('what cannot be drawn has no chart, and is told all the same', async () => {
  const url = await open()
  const send = await source()
  send({
    ...LIGHT,
    definition: JSON.stringify({ states: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [i, {}])) }),
  })
  send({
    type: '@xstate.snapshot',
    event: { type: 'NEXT' },
    snapshot: { status: 'active', context: 'x'.repeat(70_000) },
  })
  live = await readLive(`${url}/sources`)
  const { data } = await live.until(({ data: { actors } }) => actors[0]?.steps.length === 1)
  expect(data.actors[0]).not.toHaveProperty('definition')
  expect(data.actors[0]).not.toHaveProperty('state')
  expect(data.actors[0].context).toMatch(/too many to be shown/)
})

test('a source that says a great deal is not kept whole', async () => {
  const url = await open()
  const send = await source()
  send(LIGHT)
  for (let i = 0; i < 8; i++)
    send({
      type: '@xstate.snapshot',
      event: { type: `E${i}` },
      snapshot: { status: 'active', context: 'x'.repeat(500_000) },
    })
  send({ type: '@xstate.snapshot', event: { type: 'LAST' }, snapshot: { status: 'active', value: 'red' } })
  live = await readLive(`${url}/sources`)
  const { data } = await live.until(({ data: { actors } }) => actors[0]?.steps.at(-1)?.event === 'LAST')
  await live.close()
  live = await readLive(`${url}/sources`)
  const later = await live.until(({ data: { actors } }) => actors.length === 1)
  expect([data.actors[0].name, later.data.actors[0].steps.length]).toEqual(['light', 5])
})

test('a ticket opens one connection of a viewer, to its message alone', async () => {
  const url = await open({ token: TOKEN })
  const { refusal, client } = endpoint!
  const give = async (): Promise<string> => {
    const headers = { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' }
    const { body } = await request(`${url}/inspect-ticket`, { method: 'POST', headers, body: '{}' })
    return body.ticket
  }
  expect((await request(`${url}/inspect-ticket`, { method: 'POST' })).status).toBe(401)
  const ticket = await give()
  const place = { queue: 'emails', id: 'e1' }
  await client({ ...place, ticket }).until((said) => said.length > 0)
  expect(await refusal({ ...place, ticket })).toMatchObject({ status: 401 })
  expect(await refusal({ queue: 'emails', ticket: await give() })).toMatchObject({ status: 401 })
  expect(await refusal({ ...place, role: 'source', ticket: await give() })).toMatchObject({ status: 401 })
  expect(await refusal({ ...place, ticket: 'made-up' })).toMatchObject({ status: 401 })
  // The page that uses it has no data of its own, and cannot show a token.
  const page = url.replace(/queues.*/, 'inspect/stately')
  expect((await request(`${page}?queue=emails`)).text).toContain('Nothing was sent')
  expect((await request(`${page}.js`)).status).toBe(200)
})

test('a ticket is one for a minute', () => {
  let now = 0
  const { give, take } = createTickets(() => now)
  const [first, second] = [give({ queue: 'q' }), give({ queue: 'q' })]
  now = 59_999
  expect(take(first, { queue: 'q' })).toBe(true)
  now = 60_000
  expect(take(second, { queue: 'q' })).toBe(false)
})
