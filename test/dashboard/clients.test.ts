/** The API as programs of other languages, caches and proxies call it, which do what no browser does. */
import { createServer, type Server } from 'node:http'
import { connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { gzipSync } from 'node:zlib'
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { dashboard } from '../../src/dashboard/index.ts'
import { silentLogger, type Redrive } from '../../src/index.ts'
import { gate, inMemory, type TestBackend } from '../support/backends.ts'
import { request, stageOf, type Answer, type Stage } from './stage.ts'

const SEND = 'api/v1/queues/emails/messages'
const JSON_TYPE = { 'content-type': 'application/json' }
const ADDRESS = { address: '127.0.0.1' }

const error = jest.fn()
let backend: TestBackend
let redrive: Redrive
let stage: Stage

beforeAll(async () => {
  backend = await inMemory()
  redrive = backend.open({ logger: { ...silentLogger, error } })
  await redrive.queue('emails').send(1, { id: 'e1', delay: '1h' })
  stage = await stageOf(served())
})
afterEach(() => void error.mockClear())
afterAll(async () => {
  await stage.close()
  await backend.stop()
})

const served = (): Server => {
  const { node } = dashboard(redrive)
  return createServer((request, response) => void node(request, response))
}

/** What stands on the wire, byte by byte. */
async function speak(said: string): Promise<string> {
  const socket = connect(Number(new URL(stage.url).port), '127.0.0.1')
  socket.write(said)
  return text(socket)
}

describe('a body', () => {
  const send = (body: Uint8Array, headers = {}): Promise<Answer> =>
    request(stage.url + SEND, { method: 'POST', body: new Uint8Array(body), headers: { ...JSON_TYPE, ...headers } })

  test('may begin with a mark of its byte order', async () => {
    const { body } = await send(Buffer.from('\ufeff{"input":"ü","id":"marked","delay":"1h"}'))
    expect(body.results).toEqual([{ id: 'marked', status: 'created' }])
    expect((await redrive.queue('emails').get('marked'))?.input).toBe('ü')
  })

  test('in another encoding is refused, and not stored as other text', async () => {
    const { status, body } = await send(Buffer.from('{"input":"ü","id":"latin"}', 'latin1'))
    expect([status, body.error.message]).toEqual([400, 'E_INVALID_REQUEST: the body is not UTF-8, as JSON is.'])
    expect(await redrive.queue('emails').get('latin')).toBeUndefined()
  })

  test('that is compressed is told to come as it is', async () => {
    const { status, body } = await send(gzipSync('{"input":1}'), { 'content-encoding': 'gzip' })
    expect([status, body.error.details]).toEqual([415, { encoding: 'gzip' }])
  })

  test.each([
    [
      'events',
      { event: { type: 'RETRY' }, eventID: 'once' },
      'there is no property "eventID" here. Did you mean "eventId"?',
    ],
    ['dry-run', { event: { type: 'RETRY' }, wait: 1 }, 'there is no property "wait" here, but: event.'],
    ['input', { input: 1, actor: 'ada' }, 'there is no property "actor" here, but: input.'],
  ])('of %s with a property that is not known is refused', async (path, body, why) => {
    const answer = await stage.post(`${SEND}/e1/${path}`, body)
    expect([answer.status, answer.body.error.message]).toEqual([400, `E_INVALID_REQUEST: ${why}`])
  })

  test('that ends in the middle is a fault of nobody here', async () => {
    const [arrived, handled] = [gate(), gate()]
    const { node } = dashboard(redrive)
    const around = await stageOf(
      createServer((request, response) => {
        arrived.open()
        void node(request, response).then(handled.open)
      }),
    )
    try {
      const socket = connect(Number(new URL(around.url).port), '127.0.0.1')
      socket.write(
        `POST /${SEND} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{`,
      )
      await arrived.opened
      socket.destroy()
      await handled.opened
    } finally {
      await around.close()
    }
    expect(error).not.toHaveBeenCalled()
  })

  test('that a parser has read without a trace is a fault of the server around, which is told', async () => {
    const { node, fetch } = dashboard(redrive)
    const around = await stageOf(
      createServer((request, response) => void text(request).then(() => node(request, response))),
    )
    try {
      const answers = [await around.post(SEND, { input: 1 })]
      const read = new Request(stage.url + SEND, { method: 'POST', body: '{"input":1}', headers: JSON_TYPE })
      await read.text()
      const { status } = await fetch(read, ADDRESS)
      expect([answers[0]!.status, status]).toEqual([500, 500])
      expect(answers[0]!.body.error.message).toContain('the body was read before the dashboard got the request')
      expect(error).toHaveBeenCalledTimes(2)
    } finally {
      await around.close()
    }
  })
})

test('a parameter that is given twice is refused: one of them would be heard', async () => {
  const { status, body } = await stage.get(`${SEND}?state=dead&state=pending`)
  expect([status, body.error.message]).toEqual([400, 'E_INVALID_REQUEST: give "state" once.'])
})

test('what is sent beside the API is refused, and led to no page that answers 200', async () => {
  for (const path of ['queues/emails/messages', '', 'healthz']) {
    const { status, headers } = await stage.post(path, { input: 1 })
    expect([status, headers.get('allow')]).toEqual([405, 'GET'])
  }
})

test('the address may be whole, as some proxies send it', async () => {
  const host = new URL(stage.url).host
  const said = await speak(`GET ${stage.url}api/v1/overview HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`)
  expect(said).toMatch(/^HTTP\/1\.1 200 [^]*"queues":/)
})

test('who wants the head alone of a stream leaves nothing that runs', async () => {
  const { fetch } = dashboard(redrive)
  const { status, body, headers } = await fetch(
    new Request(`${stage.url}api/v1/queues/emails/live`, { method: 'HEAD' }),
    ADDRESS,
  )
  expect([status, body, headers.get('content-type')]).toEqual([200, null, 'text/event-stream; charset=utf-8'])
})

test('the socket of the inspector says what is wrong with a request that is not upgraded', async () => {
  const { status, body } = await stage.get('api/v1/inspect?queue=emails')
  expect([status, body.error.message]).toEqual([400, expect.stringContaining('server.on("upgrade", upgrade)')])
})
