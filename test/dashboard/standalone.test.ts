import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals'
import { startDashboard, type Standalone } from '../../src/dashboard/server/standalone.ts'
import { appFile } from '../../src/dashboard/server/app-files.ts'
import type { Redrive } from '../../src/index.ts'
import { type CliOptions, type RunningCli, startCli } from '../cli/run-cli.ts'
import { inMemory, onRedis, type TestBackend } from '../support/backends.ts'
import { request } from './stage.ts'

const MODULE = fileURLToPath(new URL('../cli/modules/orders.mjs', import.meta.url))

describe('a server of its own', () => {
  let backend: TestBackend
  let redrive: Redrive
  const started: Standalone[] = []

  beforeAll(async () => {
    backend = await inMemory()
    redrive = backend.open()
  })
  afterEach(() => Promise.all(started.splice(0).map(({ close }) => close())))
  afterAll(() => backend.stop())

  async function start(...args: Parameters<typeof startDashboard> extends [unknown, ...infer Rest] ? Rest : never) {
    const standalone = await startDashboard(redrive, ...args)
    started.push(standalone)
    return standalone
  }

  test('gives out the pages that were built', async () => {
    expect(appFile('index.html')).toBeDefined()
    const { link } = await start({ port: 0 })
    const page = await request(link)
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=utf-8'])
    const again = await request(link, { headers: { 'if-none-match': page.headers.get('etag') ?? '' } })
    expect(again.status).toBe(304)
    const assets = [...page.text.matchAll(/(?:src|href)="\.\/(assets\/[^"]+)"/g)].map(([, path]) => path!)
    expect(assets.length).toBeGreaterThanOrEqual(2)
    for (const asset of assets) {
      const { status, headers } = await request(link + asset)
      expect([status, headers.get('cache-control')]).toEqual([200, 'public, max-age=31536000, immutable'])
    }
    // Nothing but files of its own would be let through by its policy.
    expect(page.text).not.toMatch(/<script(?![^>]*\ssrc=)|<style|\son\w+=|https?:/)
  })

  test('makes a token when others can reach it, and puts it where no server sees it', async () => {
    const { link } = await start({ port: 0, host: '0.0.0.0' })
    const [, base, token] = /^(http:\/\/127\.0\.0\.1:\d+\/)#token=([\w-]{32})$/.exec(link) ?? []
    expect((await request(`${base}api/v1/overview`)).status).toBe(401)
    expect((await request(`${base}api/v1/overview`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(
      200,
    )
  })

  test('takes another port where it may, and says so where it may not', async () => {
    const { link } = await start({ port: 0 })
    const port = Number(new URL(link).port)
    await expect(start({ port })).rejects.toMatchObject({
      code: 'E_INVALID_OPTION',
      message: expect.stringContaining('another program'),
    })
    expect(new URL((await start({ port, anyPort: true })).link).port).not.toBe(String(port))
  })
})

describe('redrive dashboard', () => {
  let backend: Awaited<ReturnType<typeof onRedis>>
  const running = new Set<RunningCli>()
  beforeAll(async () => {
    backend = await onRedis()
    await backend.open().queue('emails').send({ to: 'ada' }, { id: 'e1', delay: '1h' })
  })
  afterEach(() => {
    for (const { child } of running) child.kill('SIGKILL')
    running.clear()
  })
  afterAll(() => backend.stop())

  async function start(args: readonly string[], options?: CliOptions): Promise<RunningCli & { readonly link: string }> {
    const cli = startCli(['dashboard', '--redis', backend.redis.url, '--port', '0', ...args], options)
    running.add(cli)
    const [, link = ''] = await cli.until('stdout', /^dashboard (\S+)$/m)
    return { ...cli, link }
  }

  test('serves the queues of a server, with the machines of a module, until it is told to stop', async () => {
    const { link, child, ended } = await start(['--module', MODULE])
    const { body } = await request(`${link}api/v1/overview`)
    expect(body.queues).toEqual([
      expect.objectContaining({ name: 'emails', known: true, states: { pending: 1 } }),
      expect.objectContaining({ name: 'orders', known: true, states: {} }),
    ])
    expect((await request(`${link}api/v1/queues/orders/chart`)).body.layout).toBeDefined()
    expect((await request(`${link}api/v1/queues/emails/chart`)).body.id).toBe('message')
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 0, stderr: '' })
  })

  test('wants the token that it was given by the environment, and only reads when told so', async () => {
    const { link } = await start(['--read-only'], { env: { REDRIVE_DASHBOARD_TOKEN: 'a-token-of-some-length' } })
    const [base, token] = link.split('#token=')
    expect(token).toBe('a-token-of-some-length')
    expect((await request(`${base}api/v1/overview`)).status).toBe(401)
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
    const sent = await request(`${base}api/v1/queues/emails/messages`, { method: 'POST', headers, body: '{"input":1}' })
    expect([sent.status, sent.body.error.details]).toEqual([403, { action: 'send', readOnly: true }])
  })
})
