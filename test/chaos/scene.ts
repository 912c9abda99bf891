import { join } from 'node:path'
import type { Redis } from 'ioredis'
import type { RedisAddress } from '../../src/index.ts'
import { startProxy, type FaultyProxy } from './proxy.ts'
import { startServer, type ChaosServer, type ServerOptions } from './server.ts'
import { startSentinels } from './sentinels.ts'

/** Where a stage plays: its servers, and how its processes reach them. */
export interface Scene {
  /** For workers and for producers. */
  readonly addresses: { readonly worker: RedisAddress; readonly producer: RedisAddress }
  /** The server that takes writes now. */
  primary(): ChaosServer
  /** What stands before it. */
  proxies(): readonly FaultyProxy[]
  /** A connection to it that no fault of the network touches. */
  redis(): Redis
  /** Kills the primary while its replica lags behind by so many milliseconds; another becomes primary. Tells whether it did. */
  failOver(lag: number): Promise<boolean>
  /** Orders a failover, as an operator does: for seconds there are two primaries. Tells whether it happened. */
  orderFailOver(lag: number): Promise<boolean>
  stop(): Promise<void>
}

/** One server behind two proxies, so that no fault of the network is spent on the workers alone, who talk most. */
export async function singleScene(options: ServerOptions): Promise<Scene> {
  const server = await startServer(options)
  const open = (): Promise<FaultyProxy> => startProxy(() => ({ port: server.port, host: '127.0.0.1' }))
  const proxies = [await open(), await open()] as const
  const [worker, producer] = proxies.map(({ port }) => `redis://127.0.0.1:${port}`) as [string, string]
  return {
    addresses: { worker, producer },
    primary: () => server,
    proxies: () => proxies,
    redis: () => server.redis,
    failOver: async () => false,
    orderFailOver: async () => false,
    async stop() {
      await Promise.all(proxies.map((proxy) => proxy.close()))
      await server.stop()
    },
  }
}

/** A primary, a replica and three sentinels. Everybody knows the servers by the addresses of their proxies. */
export async function sentinelScene(directory: string): Promise<Scene> {
  const stops: (() => Promise<void>)[] = []
  const stop = async (): Promise<void> => {
    for (const end of stops.toReversed()) await end()
  }
  try {
    const nodes: { server: ChaosServer; proxy: FaultyProxy }[] = []
    for (const name of ['one', 'two']) {
      const proxy = await startProxy(() => ({
        port: nodes.find((node) => node.proxy === proxy)!.server.port,
        host: '127.0.0.1',
      }))
      stops.push(() => proxy.close())
      const config = { 'replica-announce-ip': '127.0.0.1', 'replica-announce-port': String(proxy.port) }
      const server = await startServer({ directory: join(directory, name), fsync: 'everysec', config })
      stops.push(() => server.stop())
      nodes.push({ server, proxy })
    }
    let [primary, replica] = nodes as [(typeof nodes)[0], (typeof nodes)[0]]
    await replica.server.redis.replicaof('127.0.0.1', primary.proxy.port)
    await synced(replica.server.redis)
    const sentinels = await startSentinels(join(directory, 'sentinels'), primary.proxy.port)
    stops.push(() => sentinels.stop())
    const address = { sentinels: sentinels.ports.map((port) => ({ host: '127.0.0.1', port })), name: sentinels.name }
    return {
      addresses: { worker: address, producer: address },
      primary: () => primary.server,
      proxies: () => [primary.proxy],
      redis: () => primary.server.redis,
      async failOver(lag) {
        primary.proxy.lagReplicas(lag)
        await new Promise((resolve) => setTimeout(resolve, 2 * lag))
        await primary.server.kill()
        primary.proxy.lagReplicas(0)
        const moved = await sentinels.movedTo(replica.proxy.port)
        if (moved) [primary, replica] = [replica, primary]
        // It comes back as what it was; a sentinel would need ten seconds to tell it.
        await (moved ? replica : primary).server.start()
        if (moved) await replica.server.redis.replicaof('127.0.0.1', primary.proxy.port)
        await synced(replica.server.redis)
        return moved
      },
      async orderFailOver(lag) {
        primary.proxy.lagReplicas(lag)
        await new Promise((resolve) => setTimeout(resolve, 2 * lag))
        await sentinels.order()
        const moved = await sentinels.movedTo(replica.proxy.port)
        primary.proxy.lagReplicas(0)
        if (!moved) return false
        ;[primary, replica] = [replica, primary]
        // The Sentinels tell the old primary by themselves, which takes them some ten seconds; until then it takes writes.
        await synced(replica.server.redis, 40_000)
        return true
      },
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}

async function synced(replica: Redis, ms = 15_000): Promise<void> {
  const deadline = performance.now() + ms
  while (!(await replica.info('replication')).includes('master_link_status:up')) {
    if (performance.now() > deadline) throw new Error('the replica does not follow its primary')
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
