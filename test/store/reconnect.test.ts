import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { createRedisStore } from '../../src/store/redis-store.ts'
import type { Store } from '../../src/store/store.ts'
import { startProxy } from '../chaos/proxy.ts'
import { startTestRedis, type TestRedis } from '../support/redis.ts'
import { startCuttingProxy } from './cutting-proxy.ts'
import { SETTINGS } from './redis-harness.ts'
import { LONG, message, newToken, until } from './scene.ts'

const partition = { queue: 'q', index: 0 }

describe('after a crash of the server', () => {
  let server: TestRedis
  let store: Store
  let sent = 0

  beforeEach(async () => {
    server = await startTestRedis()
    store = createRedisStore({ ...SETTINGS, redis: server.url })
    await store.ready()
  })
  afterEach(async () => {
    await store.close()
    await server.stop()
  })

  const send = () => store.enqueue(partition, newToken(), [message(`m${++sent}`)])
  const claim = (it: Store = store) => it.claim(partition, { token: newToken(), worker: 'w', limit: 10, lease: LONG })

  /** Sends until one of them is heard of: what is announced while nobody is subscribed is lost, as it may be. */
  async function sendUntil(heard: () => boolean): Promise<void> {
    const deadline = Date.now() + 10_000
    while (!heard()) {
      expect(Date.now()).toBeLessThan(deadline)
      await send()
      await sleep(10)
    }
  }

  test('the scripts are loaded again, and after SCRIPT FLUSH', async () => {
    await send()
    await server.client().script('FLUSH')
    expect(await send()).toEqual(['created'])
    await server.server.kill('SIGKILL')
    await server.server.restart()
    expect(await send()).toEqual(['created'])
    expect((await claim()).messages).toHaveLength(1)
  })

  test('a call that was made meanwhile is answered', async () => {
    await server.server.kill('SIGKILL')
    const answers = Promise.all([send(), claim(), store.stats(partition)])
    await server.server.restart()
    expect((await answers)[0]).toEqual(['created'])
  })

  test('a subscription goes on', async () => {
    let [wakes, feeds] = [0, 0]
    const end = await store.subscribe(partition, { wake: () => wakes++, feed: () => feeds++ })
    await send()
    await until(() => wakes > 0 && feeds > 0)
    await server.server.kill('SIGKILL')
    await server.server.restart()
    ;[wakes, feeds] = [0, 0]
    await sendUntil(() => wakes > 0 && feeds > 0)
    expect(Math.min(wakes, feeds)).toBeGreaterThan(0)
    await end()
  })

  test('a subscription that was asked for meanwhile comes into force', async () => {
    await server.server.kill('SIGKILL')
    let wakes = 0
    const subscribed = store.subscribe(partition, { wake: () => wakes++ })
    await server.server.restart()
    const end = await subscribed
    await send()
    await until(() => wakes > 0)
    expect(wakes).toBe(1)
    await end()
  })

  test.each(['BUSY Redis is busy running a script.', 'LOADING Redis is loading the dataset in memory'])(
    'a subscription that cannot be taken up again just then is asked for until it can (%s)',
    async (reply) => {
      const proxy = await startCuttingProxy(server.socket)
      const through = createRedisStore({ ...SETTINGS, redis: proxy.url })
      try {
        let wakes = 0
        const end = await through.subscribe(partition, { wake: () => wakes++ })
        proxy.refuseNext('subscribe', reply)
        await server.client().call('CLIENT', 'KILL', 'TYPE', 'pubsub')
        await until(() => proxy.refused)
        await sendUntil(() => wakes > 0)
        expect(proxy.refused).toBe(true)
        await end()
      } finally {
        await through.close()
        await proxy.stop()
      }
    },
  )

  test('a call fails in its time, and the next one works', async () => {
    const hasty = createRedisStore({ ...SETTINGS, redis: server.url, commandTimeout: 150 })
    try {
      await hasty.ready()
      await server.server.kill('SIGKILL')
      await expect(claim(hasty)).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
      await server.server.restart()
      const deadline = Date.now() + 10_000
      while (!(await claim(hasty).catch(() => undefined))) expect(Date.now()).toBeLessThan(deadline)
    } finally {
      await hasty.close()
    }
  })

  test('a server that is gone without a word is given up, and found again', async () => {
    const proxy = await startProxy(() => ({ path: server.socket }))
    const hasty = createRedisStore({ ...SETTINGS, redis: `redis://127.0.0.1:${proxy.port}`, commandTimeout: 300 })
    try {
      await hasty.ready()
      expect(proxy.halfOpen()).toBe(1)
      await expect(claim(hasty)).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
      const deadline = Date.now() + 10_000
      while (!(await claim(hasty).catch(() => undefined))) expect(Date.now()).toBeLessThan(deadline)
    } finally {
      await hasty.close()
      await proxy.close()
    }
  })

  test('a primary that became a replica is left, and the call sent again', async () => {
    const admin = server.client()
    await send()
    await admin.replicaof('127.0.0.1', '1')
    const answer = send()
    // Refused at least once before there is a primary again.
    const refused = async (): Promise<boolean> => /errorstat_READONLY/.test(await admin.info('errorstats'))
    while (!(await refused())) await sleep(5)
    await admin.replicaof('NO', 'ONE')
    expect(await answer).toEqual(['created'])
  })

  test('a store that was ready only at the second attempt comes back all the same', async () => {
    const late = createRedisStore({ ...SETTINGS, redis: server.url })
    try {
      await server.server.kill('SIGKILL')
      await expect(late.ready()).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
      await server.server.restart()
      await late.ready()
      await server.server.kill('SIGKILL')
      await server.server.restart()
      expect((await claim(late)).messages).toEqual([])
    } finally {
      await late.close()
    }
  })

  test('a connection that is cut while it begins is begun again', async () => {
    const proxy = await startCuttingProxy(server.socket)
    const cut = createRedisStore({ ...SETTINGS, redis: proxy.url })
    try {
      proxy.cutNextReply()
      await cut.ready()
      expect(proxy.cuts).toBe(1)
      expect(await cut.enqueue(partition, newToken(), [message('first')])).toEqual(['created'])
    } finally {
      await cut.close()
      await proxy.stop()
    }
  })

  test('ready() says so, and does no harm to a store that is on its way back', async () => {
    const hasty = createRedisStore({ ...SETTINGS, redis: server.url, commandTimeout: 150 })
    try {
      await hasty.ready()
      await server.server.kill('SIGKILL')
      await expect(hasty.ready()).rejects.toMatchObject({ code: 'E_REDIS_UNAVAILABLE' })
      await server.server.restart()
      const deadline = Date.now() + 10_000
      while (!(await claim(hasty).catch(() => undefined))) expect(Date.now()).toBeLessThan(deadline)
    } finally {
      await hasty.close()
    }
  })

  test('close() ends at once what waits for the server', async () => {
    await server.server.kill('SIGKILL')
    const start = performance.now()
    const waiting = [claim(), store.subscribe(partition, { wake: () => {} })]
    await store.close()
    const ended = await Promise.allSettled([...waiting, claim()])
    expect(ended.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
    expect(performance.now() - start).toBeLessThan(5000)
  })
})

describe('a subscription that is refused', () => {
  let server: TestRedis
  let store: Store
  beforeEach(async () => {
    server = await startTestRedis()
    await server.client().call('ACL', 'SETUSER', 'ada', 'on', '>lovelace', '~*', 'resetchannels', '+@all')
    store = createRedisStore({
      ...SETTINGS,
      redis: { path: server.socket, username: 'ada', password: 'lovelace' },
    })
    await store.ready()
  })
  afterEach(async () => {
    await store.close()
    await server.stop()
  })

  test('is told by its code, and can be tried again', async () => {
    let heard = 0
    const listener = { wake: () => heard++ }
    await expect(store.subscribe(partition, listener)).rejects.toMatchObject({ code: 'E_REDIS_AUTH' })
    await server.client().call('ACL', 'SETUSER', 'ada', 'allchannels')
    await store.subscribe(partition, listener)
    await store.enqueue(partition, newToken(), [message('a')])
    await until(() => heard > 0)
    expect(heard).toBe(1)
  })

  test('is one failure for all who ask at the same time, and for none who asks later', async () => {
    const ask = () => store.subscribe(partition, { feed: () => {} })
    const asked = await Promise.allSettled([ask(), ask()])
    expect(asked.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    await server.client().call('ACL', 'SETUSER', 'ada', 'allchannels')
    await expect(Promise.all([ask(), ask()])).resolves.toHaveLength(2)
  })
})
