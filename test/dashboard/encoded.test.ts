import { readdirSync } from 'node:fs'
import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import { get as ask, type IncomingHttpHeaders } from 'node:http'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { encodingFor } from '../../src/dashboard/server/encoded.ts'
import { inMemory, type TestBackend } from '../support/backends.ts'
import { openStage, type Stage } from './stage.ts'

let backend: TestBackend
let stage: Stage
beforeAll(async () => {
  backend = await inMemory()
  stage = await openStage(backend.open())
})
afterAll(async () => {
  await stage.close()
  await backend.stop()
})

const script = `assets/${readdirSync(`dist/src/dashboard/app/assets`).find((name) => /^index-.*\.js$/.test(name))}`

/** As it is on the wire. */
function load(
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number; headers: IncomingHttpHeaders; body: Buffer }> {
  return new Promise((resolve, reject) => {
    ask(stage.url + path, { headers }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(chunks) })
      })
    }).on('error', reject)
  })
}

test('the app travels compressed, and is kept by caches as it came', async () => {
  const plain = await load(script, {})
  expect(plain.headers['content-encoding']).toBeUndefined()
  const zipped = await load(script, { 'accept-encoding': 'gzip' })
  const best = await load(script, { 'accept-encoding': 'gzip, deflate, br' })
  expect(gunzipSync(zipped.body).equals(plain.body)).toBe(true)
  expect(brotliDecompressSync(best.body).equals(plain.body)).toBe(true)
  expect(best.body.length).toBeLessThan(zipped.body.length)
  expect(zipped.body.length).toBeLessThan(plain.body.length / 2)
  const tags = [plain, zipped, best].map(({ headers }) => headers.etag)
  expect(new Set(tags).size).toBe(3)
  for (const { headers, body } of [plain, zipped, best])
    expect(headers).toMatchObject({
      vary: 'accept-encoding',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-length': String(body.length),
    })
  const again = await load(script, { 'accept-encoding': 'br', 'if-none-match': best.headers.etag! })
  expect([again.status, again.body.length, again.headers['content-encoding']]).toEqual([304, 0, 'br'])
})

test.each([
  ['br, gzip', 'text/css', 5000, 'br'],
  ['gzip;q=1.0, br;q=0', 'text/css', 5000, 'gzip'],
  ['*', 'text/css', 5000, 'br'],
  ['*;q=0', 'text/css', 5000, 'identity'],
  ['deflate', 'text/css', 5000, 'identity'],
  [null, 'text/css', 5000, 'identity'],
  ['br', 'image/png', 5000, 'identity'],
  ['br', 'image/svg+xml', 5000, 'br'],
  ['br', 'text/css', 200, 'identity'],
])('of %j a %s of %d bytes is sent as %s', (accepts, type, size, encoding) => {
  expect(encodingFor(accepts, type, size)).toBe(encoding)
})
