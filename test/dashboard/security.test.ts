import { randomBytes } from 'node:crypto'
import { request as httpRequest } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { dashboard, type DashboardOptions } from '../../src/dashboard/index.ts'
import type { Redrive } from '../../src/index.ts'
import { inMemory, onRedis, type TestBackend } from '../support/backends.ts'
import { openStage, type Stage } from './stage.ts'

const TOKEN = 'a-token-of-some-length'
const SEND = 'api/v1/queues/emails/messages'

let backend: TestBackend
let redrive: Redrive
let stage: Stage | undefined

beforeAll(async () => {
  backend = await inMemory()
  redrive = backend.open()
  await redrive
    .queue('emails')
    .send({ to: 'ada', card: { number: '4111-1111' }, secret: 'swordfish' }, { id: 'e1', delay: '1h' })
})
afterEach(async () => {
  await stage?.close()
  stage = undefined
})
afterAll(() => backend.stop())

async function open(options?: DashboardOptions): Promise<Stage> {
  stage = await openStage(redrive, options)
  return stage
}

/** A request whose headers `fetch` would not let through, `Host` among them. */
function raw(
  url: string,
  headers: Record<string, string>,
  method = 'GET',
  body = '',
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method, headers }, (response) => {
      let text = ''
      response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk))
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }))
    })
    sent.on('error', reject)
    sent.end(body)
  })
}

describe('without a token and authorize', () => {
  test.each([
    ['another name, as a page elsewhere may lead it here', { host: 'evil.example:80' }],
    ['a proxy', { 'x-forwarded-for': '203.0.113.7' }],
    ['a proxy that is frank', { forwarded: 'for=203.0.113.7' }],
  ])('nobody is answered through %s', async (_, headers) => {
    const { url } = await open()
    for (const path of ['api/v1/overview', '']) {
      const { status, text } = await raw(url + path, headers)
      expect([status, JSON.parse(text).error.code]).toEqual([403, 'E_FORBIDDEN'])
    }
    expect((await raw(url + 'api/v1/overview', {})).status).toBe(200)
  })

  test('fetch answers nobody whose address it is not told, or who is elsewhere', async () => {
    const { fetch } = dashboard(redrive)
    const ask = async (address?: string) =>
      (await fetch(new Request('http://localhost/api/v1/overview'), address === undefined ? {} : { address })).status
    expect([await ask(), await ask('203.0.113.7'), await ask('127.0.0.1'), await ask('::1')]).toEqual([
      403, 403, 200, 200,
    ])
  })
})

describe('with a token', () => {
  test('everything but the page and the health of the process wants it', async () => {
    const { get, post } = await open({ token: TOKEN })
    const bearer = { authorization: `Bearer ${TOKEN}` }
    for (const path of ['api/v1/overview', 'api/v1/queues/emails/live', 'api/v1/openapi.json', 'api/v1/never']) {
      const { status, body, headers } = await get(path)
      expect([status, body.error.code]).toEqual([401, 'E_UNAUTHORIZED'])
      expect(headers.get('www-authenticate')).toContain('Bearer')
    }
    expect((await get('api/v1/overview', { authorization: `Bearer ${TOKEN}x` })).status).toBe(401)
    expect((await get('api/v1/overview?token=' + TOKEN)).status).toBe(401)
    expect((await get('api/v1/overview', bearer)).status).toBe(200)
    expect((await post(SEND, { input: 1, delay: '1h' }, bearer)).status).toBe(200)
    expect((await get('healthz')).text).toBe('ok')
    expect((await get('readyz')).text).toBe('ok')
  })

  test('other machines are answered too', async () => {
    const { url } = await open({ token: TOKEN })
    const headers = { host: 'queues.example', authorization: `Bearer ${TOKEN}` }
    expect((await raw(`${url}api/v1/overview`, headers)).status).toBe(200)
  })

  test('whoever guesses is soon not answered any more', async () => {
    const { get } = await open({ token: TOKEN })
    const guess = async () =>
      (await get('api/v1/overview', { authorization: `Bearer ${randomBytes(16).toString('hex')}` })).status
    const answers: number[] = []
    for (let i = 0; i < 12; i++) answers.push(await guess())
    expect(answers).toEqual([...Array.from({ length: 10 }, () => 401), 429, 429])
    expect(
      (await get('api/v1/overview', { authorization: `Bearer ${TOKEN}` })).headers.get('retry-after'),
    ).not.toBeNull()
  })

  test.each(['short', 'with spaces in the midst of it', ''])('"%s" is refused as one', (token) => {
    expect(() => dashboard(redrive, { token })).toThrow(/token must be text/)
  })
})

describe('what changes something', () => {
  const body = { input: 1, delay: '1h' }

  test.each([
    [{ 'sec-fetch-site': 'cross-site' }, 403],
    [{ 'sec-fetch-site': 'same-site' }, 403],
    [{ origin: 'https://evil.example' }, 403],
    [{ origin: 'null' }, 403],
    [{ 'sec-fetch-site': 'same-origin' }, 200],
    [{ 'sec-fetch-site': 'none' }, 200],
    [{}, 200],
  ])('from a page of %j is answered %d', async (headers, status) => {
    const { url } = await open()
    const sent = { 'content-type': 'application/json', ...headers }
    expect((await raw(url + SEND, sent, 'POST', JSON.stringify(body))).status).toBe(status)
  })

  test('from its own page is taken, also by a browser that tells its origin alone', async () => {
    const { post, url } = await open()
    expect((await post(SEND, body, { origin: new URL(url).origin })).status).toBe(200)
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/jsonp'])(
    'is not taken as %s',
    async (type) => {
      const { post } = await open()
      expect((await post(SEND, body, { 'content-type': type })).status).toBe(415)
    },
  )

  test('is refused where only reading is allowed', async () => {
    const { get, post, remove } = await open({ readOnly: true })
    expect((await get('api/v1/overview')).body.readOnly).toBe(true)
    const path = `${SEND}/e1`
    for (const answer of [
      await post(SEND, body),
      await post(`${path}/events`, { event: { type: 'CANCEL' } }),
      await remove(path),
    ])
      expect([answer.status, answer.body.error.details.readOnly]).toEqual([403, true])
    expect((await post(`${path}/dry-run`, { event: { type: 'CANCEL' } })).status).toBe(200)
    expect((await redrive.queue('emails').get('e1'))?.state).toBe('pending')
  })

  test('is refused when it is too large, or no JSON object', async () => {
    const { post } = await open()
    const large = await post(SEND, { input: 'x'.repeat(1024 * 1024) })
    expect([large.status, large.body.error.code]).toEqual([413, 'E_PAYLOAD_TOO_LARGE'])
    for (const wrong of ['{"input":', '[]', '1', 'null', '']) expect((await post(SEND, wrong)).status).toBe(400)
  })

  test('takes the methods that it says', async () => {
    const { url } = await open()
    const { status, headers } = await fetch(`${url}api/v1/overview`, { method: 'DELETE' })
    expect([status, headers.get('allow')]).toEqual([405, 'GET'])
    expect((await fetch(`${url}api/v1/overview`, { method: 'HEAD' })).status).toBe(200)
  })
})

test('what people do is in the audit under the name that they have, and what programs send that do not say who they are is not', async () => {
  await redrive.queue('emails').send(1, { id: 'audited', delay: '1h' })
  const { get, post, remove } = await open({
    authorize: (request) => {
      const { headers } = request as { headers: Readonly<Record<string, string | undefined>> }
      return headers['x-user'] === undefined ? true : { actor: headers['x-user'] }
    },
  })
  const path = `${SEND}/audited`
  const event = { type: 'RETRY' }
  await post(`${path}/events`, { event })
  await post(`${path}/events`, { event, actor: 'billing' })
  await post(`${path}/events`, { event, actor: 'eve' }, { 'x-user': 'ada' })
  await post(`${path}/events`, { event: { type: 'CANCEL' } }, { 'sec-fetch-site': 'same-origin' })
  expect((await post(`${path}/events`, { event, actor: 'x'.repeat(201) })).status).toBe(400)
  await remove(path)
  const { body } = await get('api/v1/audit?limit=10')
  const told = body.items.slice(0, 5).map(({ actor, what }: { actor: string; what: string }) => [actor, what])
  expect(told.slice(0, 4)).toEqual([
    ['dashboard', '"audited"'],
    ['dashboard', 'CANCEL to "audited"'],
    ['ada', 'RETRY to "audited"'],
    ['billing', 'RETRY to "audited"'],
  ])
  expect(told[4]?.[1]).not.toBe('RETRY to "audited"')
})

test('an address that asks too often is told to wait, and others are not', async () => {
  const { fetch } = dashboard(redrive, { token: TOKEN, rateLimit: 40 })
  const ask = (address: string) =>
    fetch(new Request('http://localhost/api/v1/overview', { headers: { authorization: `Bearer ${TOKEN}` } }), {
      address,
    })
  for (let i = 0; i < 10; i++) expect((await ask('203.0.113.7')).status).toBe(200)
  const refused = await ask('203.0.113.7')
  expect([refused.status, Number(refused.headers.get('retry-after'))]).toEqual([429, 2])
  expect((await ask('203.0.113.8')).status).toBe(200)
})

test('every answer forbids frames, foreign scripts and guessing of types', async () => {
  const { get } = await open()
  for (const path of ['', 'assets/none.js', 'healthz', 'api/v1/overview', 'api/v1/never']) {
    const { headers } = await get(path)
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/,
    )
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('access-control-allow-origin')).toBeNull()
  }
})

test.each([
  '../package.json',
  '..%2f..%2fpackage.json',
  '%2e%2e/%2e%2e/package.json',
  'assets/../../index.js',
  'assets/%2e%2e%2findex.js',
  'assets/..%5c..%5cindex.js',
  '%00index.html',
  'server/dashboard.js',
])('no path leads out of the folder of the pages: %s', async (path) => {
  const { url } = await open()
  const { status, text } = await raw(url + path, {})
  expect([308, 400, 404]).toContain(status)
  expect(text).not.toContain('"name"')
})

test.each(['/evil', '/%5Cevil', 'x/..//evil', 'a:b', 'a&quot;b', `a"onload='x`, '<script>'])(
  'the page at a path without a slash, %s, names files beside it alone',
  async (path) => {
    const { url } = await open()
    const page = await (await fetch(url + path, { redirect: 'manual' })).text()
    const addresses = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address!)
    expect(addresses.length).toBeGreaterThan(0)
    for (const address of addresses) expect(address).toMatch(/^\.\/[^/"<]+\/assets\/[\w.-]+$/)
  },
)

describe('what is hidden', () => {
  const redact: DashboardOptions['redact'] = (value, path) =>
    path.at(-1) === 'number' || value === 'swordfish' ? '(hidden)' : value

  test('is nowhere to be seen or found', async () => {
    const { get, post } = await open({ redact })
    const { body } = await get(`${SEND}/e1`)
    expect(body.message.input).toEqual({ to: 'ada', card: { number: '(hidden)' }, secret: '(hidden)' })
    expect(body.raw).toMatchObject({ fields: {}, hidden: true })
    const texts = await Promise.all([
      get(`${SEND}/e1`),
      get(`${SEND}?state=pending`),
      post(`${SEND}/e1/dry-run`, { event: { type: 'RETRY' } }),
      get(`${SEND}?state=pending&field=secret&equals="swordfish"`),
    ])
    for (const { text, status } of texts) {
      expect(status).toBe(200)
      expect(text).not.toMatch(/4111-1111|swordfish/)
    }
    expect(texts[3].body.items).toEqual([])
  })
})

describe('hostile content', () => {
  test('comes as JSON that is nothing but text', async () => {
    const script = '<script>alert(1)</script>'
    const deep = Array.from({ length: 400 }).reduce<unknown>((inner) => ({ inner }), script)
    const ids = [script, `"'\`\\`, '../../etc/passwd', 'a%2Fb', '__proto__', 'ü€😀', ' ']
    const emails = redrive.queue('emails')
    await emails.sendBulk(ids.map((id) => ({ input: { deep, long: 'x'.repeat(900_000) }, id, delay: '1h' })))
    const { get } = await open()
    for (const id of ids) {
      const { status, body, headers } = await get(`${SEND}/${encodeURIComponent(id)}`)
      expect([status, body.message.id]).toEqual([200, id])
      expect(headers.get('content-type')).toBe('application/json')
      expect((await get(`${SEND}/${encodeURIComponent(id)}/next`)).status).toBe(200)
    }
    expect(
      (await get(`${SEND}?state=pending`)).body.items.every(
        ({ summary }: { summary: string }) => summary.length <= 120,
      ),
    ).toBe(true)
  })
})

test('the password of Redis is in no answer, not even while it is wrong', async () => {
  const guarded = await onRedis({ requirepass: 'open-sesame' })
  try {
    const path = guarded.redis.socket
    for (const password of ['open-sesame', 'open-says-me']) {
      const client = guarded.open({ redis: { path, password }, commandTimeout: '1s' })
      const { get, close } = await openStage(client)
      try {
        const answers = [
          await get('api/v1/overview'),
          await get('api/v1/health'),
          await get('api/v1/search?id=x'),
          await get('readyz'),
        ]
        expect(answers.map(({ text }) => text).join('')).not.toMatch(/open-sa|open-se/)
        expect(answers[0]!.body.redis.up).toBe(password === 'open-sesame')
      } finally {
        await close()
      }
    }
  } finally {
    await guarded.stop()
  }
})

test.each([
  [{ tokn: TOKEN }, 'Did you mean "token"?'],
  [{ readOnly: 'yes' }, 'readOnly must be true or false'],
  [{ authorize: true }, 'authorize must be a function'],
  [{ basePath: 'queues' }, 'basePath must begin with "/"'],
  [{ rateLimit: 0 }, 'rateLimit must be a whole number from 10'],
])('the options %j are refused', (options, why) => {
  expect(() => dashboard(redrive, options as DashboardOptions)).toThrow(why)
})
