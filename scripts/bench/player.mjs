/** A process of the benchmark. argv: { system, task, socket, warmUp, count, … } as JSON. It ends with its parent. */
import { once } from 'node:events'
import { SYSTEMS } from './systems/system.mjs'
import { TASKS } from './tasks.mjs'
import { BULK, payload } from './workload.mjs'

const { system, task, socket, warmUp, ...job } = JSON.parse(process.argv[2] ?? '{}')
process.on('disconnect', () => process.exit(0))
const openSystem = await SYSTEMS[system]()
const open = openSystem(socket)

await warm(open('warm-up'), warmUp)
let before = process.cpuUsage()
const result = await TASKS[task]({ ...job, queue: open('bench') }, gate)
const { user, system: kernel } = process.cpuUsage(before)
process.send({ ...result, cpu: user + kernel })

async function gate() {
  process.send('ready')
  await once(process, 'message')
  before = process.cpuUsage()
}

/** Compiles what will run, scripts in Redis included; each process sends and works here, whatever it is to do later. */
async function warm(queue, count) {
  for (let sent = 0; sent < count; sent += BULK)
    await queue.sendBulk(Array.from({ length: Math.min(BULK, count - sent) }, () => ({ payload: payload() })))
  await queue.send(payload())
  let done = 0
  let complete = () => {}
  const all = new Promise((resolve) => (complete = resolve))
  const stop = await queue.work(
    async () => {},
    () => ++done === count + 1 && complete(),
  )
  await all
  await stop()
}
