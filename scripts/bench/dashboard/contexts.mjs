import { Redis } from 'ioredis'
import { Redrive, silentLogger } from '../../../dist/src/index.js'
import { createKeys } from '../../../dist/src/store/keys.js'
import { startServer } from '../server.mjs'
import { median } from '../statistics.mjs'
import { start } from './processes.mjs'

/** What `journal: { contexts: true }` costs: time of the workers and of Redis, and memory of a message that is kept. */
export async function measureContexts({ rounds, messages }) {
  const redis = await startServer()
  const processes = []
  try {
    const workers = {
      without: await start('worker.mjs', redis.socket),
      with: await start('worker.mjs', redis.socket, 'contexts'),
    }
    processes.push(workers.without, workers.with)
    const runs = { without: [], with: [] }
    for (let round = -1; round < rounds; round++) {
      for (const kind of round % 2 === 0 ? ['without', 'with'] : ['with', 'without']) {
        await redis.flush()
        const before = await redis.usage()
        const { cpu } = await workers[kind].ask(messages)
        const after = await redis.usage()
        if (round >= 0) runs[kind].push({ redisUs: (after.cpu - before.cpu) / messages, workerUs: cpu / messages })
      }
    }
    for (const each of processes.splice(0)) await each.end()
    const of = (name, kind) => Number(median(runs[kind].map((run) => run[name])).toFixed(1))
    return {
      rounds,
      without: {
        redisUs: of('redisUs', 'without'),
        workerUs: of('workerUs', 'without'),
        bytes: await bytesOf(redis, {}),
      },
      with: {
        redisUs: of('redisUs', 'with'),
        workerUs: of('workerUs', 'with'),
        bytes: await bytesOf(redis, { contexts: true }),
      },
    }
  } finally {
    for (const each of processes) each.kill()
    await redis.close()
  }
}

const KEPT = 500

/** Of the hash of a message that failed once and then succeeded, as Redis counts memory. */
async function bytesOf(redis, journal) {
  await redis.flush()
  const redrive = new Redrive({ redis: { path: redis.socket }, logger: silentLogger })
  const keyspace = new Redis(redis.socket)
  try {
    const queue = redrive.queue('kept', { journal, retry: { attempts: 2, backoff: { type: 'fixed', delay: 1 } } })
    queue.work(async (_, { attempt }) => {
      if (attempt === 1) throw new Error('the mail server is busy')
    })
    const inputs = Array.from({ length: KEPT }, (_, n) => ({ input: { to: 'ada@example.com', n } }))
    const sent = await queue.sendBulk(inputs)
    await Promise.all(sent.map(({ id }) => queue.result(id)))
    const sizes = sent.map(({ id }) =>
      keyspace.memory('USAGE', createKeys('rd').message({ queue: 'kept', index: 0 }, id)),
    )
    return median(await Promise.all(sizes))
  } finally {
    keyspace.disconnect()
    await redrive.close()
  }
}
