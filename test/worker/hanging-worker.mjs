// A worker process whose handlers never end, for tests that kill or stop it. Arguments: the server, the queue, its options.
import { Redrive } from '../../dist/src/index.js'

const [url, name, options] = process.argv.slice(2)
const redrive = new Redrive({ redis: url })
const worker = redrive.queue(name, JSON.parse(options)).work(
  (_input, { signal }) =>
    new Promise((_, reject) => {
      process.send({ started: true })
      signal.addEventListener('abort', () => {
        process.send({ aborted: signal.reason.code })
        reject(new Error('told to stop', { cause: signal.reason }))
      })
    }),
  { concurrency: 10, prefetch: 0 },
)
await worker.ready()
process.send({ ready: true })
process.on('SIGTERM', () => void redrive.close({ timeout: 0 }).then(() => process.exit(0)))
process.on('disconnect', () => process.exit(0))
