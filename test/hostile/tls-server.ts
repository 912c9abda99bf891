import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { createAuthority, type Authority, type Certificate } from './certificates.ts'

/** A real server that speaks TLS at a port of 127.0.0.1, and its files. */
export interface TlsServer {
  readonly redis: TestRedis
  readonly authority: Authority
  readonly port: number
  /** Writes a certificate or a key into a file of the test; returns its path. */
  file(name: string, pem: string): string
  stop(): Promise<void>
}

export interface TlsServerOptions {
  readonly clients?: 'yes' | 'no'
  /** What it shows instead of a good certificate for localhost. */
  readonly shows?: (authority: Authority) => Certificate
  readonly config?: Readonly<Record<string, string>>
}

/** @throws when the server that is installed was built without TLS, with what it says about that. */
export async function startTlsServer({
  clients = 'no',
  shows,
  config = {},
}: TlsServerOptions = {}): Promise<TlsServer> {
  const directory = mkdtempSync(join(tmpdir(), 'redrive-tls-'))
  const file = (name: string, pem: string): string => {
    const path = join(directory, name)
    writeFileSync(path, pem, { mode: 0o600 })
    return path
  }
  const authority = createAuthority('Redrive test authority')
  const { cert, key } = shows?.(authority) ?? authority.issue('localhost')
  const port = await freePort()
  try {
    const redis = await startTestRedis({
      'tls-port': String(port),
      'tls-cert-file': file('server.crt', cert),
      'tls-key-file': file('server.key', key),
      'tls-ca-cert-file': file('ca.crt', authority.cert),
      'tls-auth-clients': clients,
      ...config,
    })
    return {
      redis,
      authority,
      port,
      file,
      async stop() {
        await redis.stop()
        rmSync(directory, { recursive: true, force: true })
      },
    }
  } catch (error) {
    rmSync(directory, { recursive: true, force: true })
    throw error
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      )
    })
  })
}
