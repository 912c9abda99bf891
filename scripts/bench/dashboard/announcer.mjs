import { Redrive, silentLogger } from '../../../dist/src/index.js'

/** A process that works as quickly as it can, for the page to show. It tells how many transitions there were. */
const redrive = new Redrive({ redis: { path: process.argv[2] }, logger: silentLogger })
const queue = redrive.queue('bench', { retention: { succeeded: 0 } })
let stopped = false
let done = 0
queue.work(async () => void done++, { concurrency: 200 })

async function produce() {
  while (!stopped) {
    if ((await queue.stats()).total < 4000)
      await queue.sendBulk(Array.from({ length: 1000 }, (_, n) => ({ input: { n } })))
    else await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
const producing = produce()

async function end() {
  stopped = true
  await producing
  await redrive.close()
  process.disconnect()
}

process.on('message', (message) => {
  if (message === 'end') void end()
  else process.send(done)
})
process.send('ready')
