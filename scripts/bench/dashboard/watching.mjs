import { startServer } from '../server.mjs'
import { median } from '../statistics.mjs'
import { start } from './processes.mjs'

/** What an open page costs the workers and Redis: the same run with a viewer of the live stream and without, by turns. */
export async function measureWatching({ rounds, messages }) {
  const redis = await startServer()
  const processes = []
  try {
    const worker = await start('worker.mjs', redis.socket)
    processes.push(worker)
    const runs = { watched: [], alone: [] }
    for (let round = -1; round < rounds; round++) {
      // Who begins changes with each round; the first one warms up.
      for (const kind of round % 2 === 0 ? ['watched', 'alone'] : ['alone', 'watched']) {
        const figures = await measure({ redis, worker, messages, processes, watched: kind === 'watched' })
        if (round >= 0) runs[kind].push(figures)
      }
    }
    for (const each of processes.splice(0)) await each.end()
    return summary(runs)
  } finally {
    for (const each of processes) each.kill()
    await redis.close()
  }
}

async function measure({ redis, worker, messages, processes, watched }) {
  await redis.flush()
  // A new one each time: it listens on for ten seconds after its last viewer.
  const board = await start('server.mjs', redis.socket)
  processes.push(board)
  const viewer = watched ? await view(board.ready) : undefined
  // What a stream does for its first and last viewers is no part of the run.
  const [server, dashboard] = [await redis.usage(), await board.ask('cpu')]
  const { cpu, ms } = await worker.ask(messages)
  const [serverAfter, dashboardAfter] = [await redis.usage(), await board.ask('cpu')]
  const events = await viewer?.close()
  await board.end()
  processes.splice(processes.indexOf(board), 1)
  return {
    redisUs: (serverAfter.cpu - server.cpu) / messages,
    workerUs: cpu / messages,
    dashboardUs: (dashboardAfter - dashboard) / messages,
    perSecond: (1000 * messages) / ms,
    ...(events === undefined ? {} : { events }),
  }
}

/** Reads the stream, as a page does. */
async function view(link) {
  const ended = new AbortController()
  const { body } = await fetch(`${link}api/v1/queues/bench/live`, { signal: ended.signal })
  let events = 0
  let hear = () => {}
  const first = new Promise((resolve) => {
    hear = resolve
  })
  const reading = (async () => {
    for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
      events += chunk.split('\nevent: ').length - 1
      hear()
    }
  })().catch(() => {})
  await first
  return {
    async close() {
      ended.abort()
      await reading
      return events
    },
  }
}

const NAMES = ['redisUs', 'workerUs', 'dashboardUs', 'perSecond']

function summary({ watched, alone }) {
  const of = (runs) => Object.fromEntries(NAMES.map((name) => [name, rounded(median(runs.map((run) => run[name])))]))
  const ratio = (name) => rounded(median(watched.map((run) => run[name])) / median(alone.map((run) => run[name])), 4)
  return {
    rounds: watched.length,
    watched: of(watched),
    alone: of(alone),
    ratios: { redis: ratio('redisUs'), worker: ratio('workerUs'), throughput: ratio('perSecond') },
    events: Math.round(median(watched.map(({ events }) => events))),
  }
}

const rounded = (value, digits = 1) => Number(value.toFixed(digits))
