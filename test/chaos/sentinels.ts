import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { findRedisServer } from '../../src/embedded/embedded-redis.ts'
import { eventually } from './server.ts'

export interface Sentinels {
  /** Of the primary, as clients ask for it. */
  readonly name: string
  readonly ports: readonly number[]
  /** Has another server made primary while this one lives, as an operator does before work on a machine. */
  order(): Promise<void>
  /** Whether all of them say in time that the primary is at this port, and the server there says so too. */
  movedTo(port: number): Promise<boolean>
  stop(): Promise<void>
}

const NAME = 'chaos'

/** Three real sentinels that notice within half a second. */
export async function startSentinels(directory: string, primary: number): Promise<Sentinels> {
  const children: ChildProcess[] = []
  const clients: Redis[] = []
  const ports = await freePorts(3)
  const kill = (): void => children.forEach((child) => child.kill('SIGKILL'))
  process.on('exit', kill)
  for (const port of ports) {
    const path = join(directory, String(port))
    mkdirSync(path, { recursive: true })
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${path}`,
      `sentinel monitor ${NAME} 127.0.0.1 ${primary} 2`,
      `sentinel down-after-milliseconds ${NAME} 500`,
      `sentinel failover-timeout ${NAME} 3000`,
    ]
    writeFileSync(join(path, 'sentinel.conf'), lines.join('\n'))
    const child = spawn(findRedisServer()!.path, [join(path, 'sentinel.conf'), '--sentinel'], { stdio: 'ignore' })
    children.push(child)
    const client = new Redis({ port, replyMapping: 'legacy', retryStrategy: () => 50, maxRetriesPerRequest: null })
    client.on('error', () => {})
    clients.push(client)
  }
  const stop = async (): Promise<void> => {
    process.off('exit', kill)
    clients.forEach((client) => client.disconnect())
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const exited = once(child, 'exit')
        child.kill('SIGKILL')
        await exited
      }),
    )
  }
  const all = (condition: (client: Redis) => Promise<boolean>, ms: number): Promise<boolean> =>
    eventually(async () => (await Promise.all(clients.map(condition))).every(Boolean), ms)
  // Each must have found the replica and the other two, or it could not agree on anything.
  const met = await all(async (client) => {
    const text = await client.info('sentinel')
    return text.includes('slaves=1') && text.includes('sentinels=3')
  }, 20_000)
  if (!met) {
    await stop()
    throw new Error('the sentinels do not find each other')
  }
  return {
    name: NAME,
    ports,
    async order() {
      // After another failover a Sentinel knows of no good replica until it has looked again, which it does each ten seconds.
      const taken = await eventually(async () => {
        try {
          return (await clients[0]!.call('SENTINEL', 'FAILOVER', NAME)) === 'OK'
        } catch (error) {
          if (error instanceof Error && /^(NOGOODSLAVE|INPROG)/.test(error.message)) return false
          throw error
        }
      }, 30_000)
      if (!taken) throw new Error('the sentinels find no replica that could become the primary')
    },
    movedTo: (port) =>
      all(async (client) => {
        const address = (await client.call('SENTINEL', 'get-master-addr-by-name', NAME)) as string[] | null
        return address?.[1] === String(port)
      }, 20_000),
    stop,
  }
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}
