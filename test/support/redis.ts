import { Redis, type RedisOptions } from 'ioredis'
import { type EmbeddedRedis, startEmbeddedRedis } from '../../src/embedded/embedded-redis.ts'

export interface TestRedis {
  /** `unix:///…/redis.sock` */
  readonly url: string
  /** The path of the socket, as ioredis takes it. */
  readonly socket: string
  /** To crash and restart it. */
  readonly server: EmbeddedRedis
  /** A connection that `stop` closes. */
  client(options?: RedisOptions): Redis
  /** Ends the connections of `client` and the server. */
  stop(): Promise<void>
}

/**
 * For a server that is to have all that it answered after a SIGKILL. Not with `everysec`: while its disk is still busy with the sync
 * before, such a server keeps what it has answered in its own memory, for up to two seconds.
 */
export const CRASH_SAFE = { appendonly: 'yes', appendfsync: 'always' } as const

/** A server of the test's own, empty, on a Unix socket. `config` adds lines of a redis.conf. */
export async function startTestRedis(config: Record<string, string> = {}): Promise<TestRedis> {
  const server = await startEmbeddedRedis({ config })
  const socket = server.socket!
  const clients: Redis[] = []
  return {
    url: server.url,
    socket,
    server,
    client(options = {}) {
      const client = new Redis(socket, { ...options, replyMapping: 'legacy', disconnectTimeout: 0 })
      client.on('error', () => {}) // a test that crashes the server sees it in the commands' results
      clients.push(client)
      return client
    },
    async stop() {
      for (const client of clients) client.disconnect()
      await server.stop()
    },
  }
}
