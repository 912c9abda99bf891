import { Redis } from 'ioredis'
import { startEmbeddedRedis } from '../../dist/src/embedded/embedded-redis.js'

/** A private Redis that writes nothing to disk, on a Unix socket, and what it says of itself. */
export async function startServer() {
  const server = await startEmbeddedRedis()
  const redis = new Redis(server.socket)
  const info = async (section) => {
    const text = await redis.info(section)
    return Object.fromEntries([...text.matchAll(/^(\w+):(.*?)\r?$/gm)].map(([, key, value]) => [key, value]))
  }
  return {
    socket: server.socket,
    version: server.version,
    flush: () => redis.flushall('SYNC'),
    /** CPU time so far in µs, and bytes of memory in use. */
    async usage() {
      const { used_cpu_user: user, used_cpu_sys: kernel } = await info('cpu')
      const { used_memory: memory } = await info('memory')
      return { cpu: 1e6 * (Number(user) + Number(kernel)), memory: Number(memory) }
    },
    async close() {
      redis.disconnect()
      await server.stop()
    },
  }
}
