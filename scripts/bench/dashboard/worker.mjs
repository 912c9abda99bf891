import { Redrive, silentLogger } from '../../../dist/src/index.js'

/**
 * A process that works on messages and tells its CPU time. Its first argument is the socket, its second `contexts` where the journal keeps
 * those. A run is begun by a number of messages, and ends when they are done.
 */
const [socket, journal] = process.argv.slice(2)
const redrive = new Redrive({ redis: { path: socket }, logger: silentLogger })
const queue = redrive.queue('bench', {
  retention: { succeeded: 0 },
  ...(journal === 'contexts' ? { journal: { contexts: true } } : {}),
})

const batch = 500

async function run(messages) {
  let done = 0
  let finish = () => {}
  const finished = new Promise((resolve) => {
    finish = resolve
  })
  for (let at = 0; at < messages; at += batch)
    await queue.sendBulk(Array.from({ length: Math.min(batch, messages - at) }, (_, i) => ({ input: { n: at + i } })))
  const before = process.cpuUsage()
  const begun = performance.now()
  const worker = queue.work(
    async () => {
      if (++done === messages) finish()
    },
    { concurrency: 100 },
  )
  await finished
  await worker.stop()
  const { user, system } = process.cpuUsage(before)
  return { cpu: user + system, ms: performance.now() - begun }
}

async function end() {
  await redrive.close()
  process.disconnect()
}

process.on('message', (messages) => {
  if (messages === 'end') void end()
  else void run(messages).then((figures) => process.send(figures))
})
process.send('ready')
