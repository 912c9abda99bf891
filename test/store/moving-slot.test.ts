import { createServer, type AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { Redis } from 'ioredis'
import { type EmbeddedRedis, startEmbeddedRedis } from '../../src/embedded/embedded-redis.ts'
import { createKeys } from '../../src/store/keys.ts'
import { createRedisStore } from '../../src/store/redis-store.ts'
import type { Store } from '../../src/store/store.ts'
import { until } from '../support/backends.ts'
import { SETTINGS } from './redis-harness.ts'
import { message, newToken } from './scene.ts'

const keys = createKeys('rd')
const partition = { queue: 'moving', index: 0 }
const servers: EmbeddedRedis[] = []
const nodes: Redis[] = []
let store: Store

/** By default it is the server's port and ten thousand, which may be beyond all ports. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function startNode(bus: number): Promise<Redis> {
  const config = { 'cluster-enabled': 'yes', 'cluster-port': String(bus) }
  const server = await startEmbeddedRedis({ port: 0, config })
  servers.push(server)
  const node = new Redis(server.url, { replyMapping: 'legacy' })
  nodes.push(node)
  return node
}

beforeAll(async () => {
  const bus = await freePort()
  const [home, other] = [await startNode(await freePort()), await startNode(bus)]
  await home.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383')
  const { port } = new URL(servers[1]!.url)
  await home.call('CLUSTER', 'MEET', '127.0.0.1', port, bus)
  await until(async () =>
    String(await home.call('CLUSTER', 'NODES')).includes(String(await other.call('CLUSTER', 'MYID'))),
  )
  await until(async () => String(await home.call('CLUSTER', 'INFO')).includes('cluster_state:ok'))
  store = createRedisStore({ ...SETTINGS, redis: servers[0]!.url })
})
afterAll(async () => {
  await store?.close()
  for (const node of nodes) node.disconnect()
  for (const server of servers) await server.stop()
})

test('nothing is forgotten while a slot is on its way to another server', async () => {
  const [home, other] = nodes as [Redis, Redis]
  await store.enqueue(partition, newToken(), [message('gone')])
  await home.del(keys.message(partition, 'gone'))
  const slot = String(await home.call('CLUSTER', 'KEYSLOT', keys.state(partition, 'todo')))
  const forget = () => store.forget(partition, { missingFor: 0, limit: 10, ids: ['gone'] })
  await home.call('CLUSTER', 'SETSLOT', slot, 'MIGRATING', String(await other.call('CLUSTER', 'MYID')))
  expect(await forget()).toBe(0)
  expect(await home.zcard(keys.state(partition, 'todo'))).toBe(1)
  await home.call('CLUSTER', 'SETSLOT', slot, 'STABLE')
  expect(await forget()).toBe(1)
  expect(await home.zcard(keys.state(partition, 'todo'))).toBe(0)
})
