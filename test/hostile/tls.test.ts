/** A real server with TLS: the whole product over it, and what is said when certificates are not as they must be. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals'
import { examine } from '../../src/client/doctor/examine.ts'
import { Redrive, silentLogger, type RedisAddress } from '../../src/index.ts'
import { cli } from '../cli/run-cli.ts'
import { createAuthority } from './certificates.ts'
import { tour } from './tour.ts'
import { startTlsServer, type TlsServer } from './tls-server.ts'

let server: TlsServer
let strict: TlsServer
let url: string
let ca: string
beforeAll(async () => {
  server = await startTlsServer()
  strict = await startTlsServer({ clients: 'yes' })
  ca = server.file('ca.crt', server.authority.cert)
  url = `rediss://127.0.0.1:${server.port}`
})
afterAll(async () => {
  await strict.stop()
  await server.stop()
})

const open = (redis: RedisAddress, more: object = {}): Redrive =>
  new Redrive({ redis, logger: silentLogger, commandTimeout: 3000, ...more })

async function refused(redis: RedisAddress): Promise<unknown> {
  const client = open(redis)
  try {
    return await client.ready().catch((error: unknown) => error)
  } finally {
    await client.close()
  }
}

test.each([
  ['the file of its authority in the URL', () => `${url}?ca=${ca}`],
  ['the authority as a text', () => ({ url, tls: { ca: server.authority.cert } })],
  ['the options of ioredis', () => ({ host: '127.0.0.1', port: server.port, tls: { ca: server.authority.cert } })],
  ['a name that is not the host', () => `rediss://127.0.0.1:${server.port}?ca=${ca}&servername=localhost`],
])('all that Redrive does works over TLS with %s', async (_how, address) => {
  await expect(tour(open(address()), open(address()))).resolves.toBe('all of it')
})

test('locks of a quorum are held over TLS', async () => {
  const nodes = await Promise.all([startTlsServer(), startTlsServer(), startTlsServer()])
  try {
    const addresses = nodes.map(
      (node) => `rediss://127.0.0.1:${node.port}?ca=${node.file('ca.crt', node.authority.cert)}`,
    )
    const locks = { nodes: addresses, timeout: '2s' }
    const address = `${url}?ca=${ca}`
    await expect(tour(open(address, { locks }), open(address, { locks }))).resolves.toBe('all of it')
  } finally {
    await Promise.all(nodes.map((node) => node.stop()))
  }
})

test('a server that asks for a certificate gets it from the URL', async () => {
  const own = strict.authority.issue('a worker')
  const files = {
    ca: strict.file('ca.crt', strict.authority.cert),
    cert: strict.file('c.crt', own.cert),
    key: strict.file('c.key', own.key),
  }
  const address = `rediss://127.0.0.1:${strict.port}?${String(new URLSearchParams(files))}`
  await expect(tour(open(address), open(address))).resolves.toBe('all of it')
})

test('doctor examines it', async () => {
  const { findings } = await examine({ redis: `${url}?ca=${ca}`, prefix: 'rd', commandTimeout: 3000, full: true })
  expect(findings.filter(({ severity, code }) => severity === 'error' && code !== 'D_NO_PERSISTENCE')).toEqual([])
})

test('the command line takes the authority as a file', async () => {
  expect(await cli(['ls', '--redis', url, '--tls-ca', ca, '--json'])).toMatchObject({ code: 0, stderr: '' })
  expect(await cli(['stats'], { env: { REDIS_URL: `${url}?ca=${ca}` } })).toMatchObject({ code: 0 })
  expect(await cli(['ls', '--redis', url, '--json'])).toMatchObject({ stderr: expect.stringContaining('E_REDIS_TLS') })
  expect(await cli(['ls', '--redis', 'redis://127.0.0.1:1', '--tls-ca', ca])).toMatchObject({ code: 2 })
})

describe('what is wrong is told with its mend, and not waited for', () => {
  test('an authority that nobody named', async () => {
    expect(await refused(url)).toMatchObject({ code: 'E_REDIS_TLS', message: expect.stringMatching(/\?ca=.*--tls-ca/) })
  })

  test('another authority', async () => {
    const stranger = createAuthority('Somebody else').cert
    expect(await refused({ url, tls: { ca: stranger } })).toMatchObject({ code: 'E_REDIS_TLS' })
  })

  test('no certificate, where one is asked for', async () => {
    const address = { url: `rediss://127.0.0.1:${strict.port}`, tls: { ca: strict.authority.cert } }
    // Some servers say why, some only hang up.
    expect(await refused(address)).toMatchObject({
      code: expect.stringMatching(/^E_REDIS_(TLS|UNAVAILABLE)$/),
      message: expect.stringContaining('cert=client.crt'),
    })
  })

  test('a certificate that is out of date, and one for another name', async () => {
    const old = await startTlsServer({ shows: (authority) => authority.issue('localhost', { expired: true }) })
    const other = await startTlsServer({ shows: (authority) => authority.issue('other.example', { elsewhere: true }) })
    try {
      const at = ({ port, authority }: TlsServer): RedisAddress => ({
        url: `rediss://127.0.0.1:${port}`,
        tls: { ca: authority.cert },
      })
      expect(await refused(at(old))).toMatchObject({
        code: 'E_REDIS_TLS',
        message: expect.stringContaining('out of date'),
      })
      expect(await refused(at(other))).toMatchObject({
        code: 'E_REDIS_TLS',
        message: expect.stringContaining('servername'),
      })
    } finally {
      await old.stop()
      await other.stop()
    }
  })

  test('TLS to a port without it, and none to a port with it', async () => {
    const plain = await import('../../src/embedded/embedded-redis.ts').then(({ startEmbeddedRedis }) =>
      startEmbeddedRedis({ port: 0 }),
    )
    try {
      expect(await refused(plain.url.replace('redis:', 'rediss:'))).toMatchObject({
        code: 'E_REDIS_UNAVAILABLE',
        message: expect.stringContaining('use redis://'),
      })
    } finally {
      await plain.stop()
    }
    expect(await refused(`redis://127.0.0.1:${server.port}`)).toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
  })

  test.each([['a file that is not there', { ca: '/nowhere/ca.crt' }, /"\/nowhere\/ca.crt".*cannot be read/]])(
    '%s',
    (_what, files, message) => {
      expect(() => open(`${url}?${String(new URLSearchParams(files))}`)).toThrow(message)
      expect(() => open({ url: 'redis://127.0.0.1', tls: {} })).toThrow(/begins with rediss/)
    },
  )
})
