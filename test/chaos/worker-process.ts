/** A worker process of a chaos run: argv[2] is its WorkerJob as JSON. It ends with its parent. */
import { setTimeout as sleep } from 'node:timers/promises'
import { Redrive, type HandlerContext } from '../../src/index.ts'
import { optionsOf, QUEUES, resultOf, turnOf } from './workload.ts'
import { openRecords } from './record-file.ts'
import { logTo } from './process-log.ts'
import { AWAY, type WorkerJob } from './job.ts'

const job = JSON.parse(process.argv[2]!) as WorkerJob
const records = openRecords(job.records)

/** What the operator's clock shows is moved; the steady clock of the machine is not, as with a real clock that is set. */
let shift = 0
const realNow = Date.now.bind(Date)
Date.now = () => realNow() + shift

const redrive = new Redrive({
  redis: job.redis,
  commandTimeout: job.commandTimeout,
  feed: { entries: 10_000_000, bytes: 8 * 1024 ** 3 },
  logger: logTo(job.name),
})

async function handle(src: string, input: { id: string; seed: number; turn?: number }, context: HandlerContext) {
  const { id, seed, turn = context.attempt } = input
  records.write({ t: 'start', id, src, fence: context.fence, at: realNow() })
  const { takes, fails } = turnOf(seed, id, src, turn)
  await sleep(takes, undefined, { signal: context.signal })
  if (fails) throw Object.assign(new Error(`turn ${turn} of ${src}`), { code: fails })
  return resultOf(id, src)
}

const handlersOf = (...sources: string[]) =>
  Object.fromEntries(
    sources.map((src) => [
      src,
      (input: { id: string; seed: number; turn?: number }, context: HandlerContext) => handle(src, input, context),
    ]),
  )

const HANDLERS = {
  plain: handlersOf('handler'),
  fleeting: handlersOf('handler'),
  timed: handlersOf('check'),
  ordered: handlersOf('review'),
  nested: handlersOf('payment/charge', 'ship'),
  acting: handlersOf('act'),
}

process.on('message', (order: { shift?: number } | 'stop') => {
  if (order === 'stop') void redrive.close({ timeout: 2000 }).then(() => process.exit(0))
  else shift = order.shift ?? 0
})
process.on('disconnect', () => process.exit(0))

const mark = (id: string, name: string): void => records.write({ t: 'mark', id, name })
const workers = QUEUES.map((name) =>
  redrive.queue(name, optionsOf(name, mark)).work(HANDLERS[name], { concurrency: 20, name: `${job.name}-${name}` }),
)
for (const worker of workers) worker.on('error', ({ message }) => void process.stderr.write(`${job.name} ${message}\n`))
// Without Redis at its start a worker process gives up; whoever started it starts another.
await Promise.all(workers.map((worker) => worker.ready())).catch(() => process.exit(AWAY))
process.send?.('ready')
