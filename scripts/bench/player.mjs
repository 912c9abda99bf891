/** A process of the benchmark. argv: { system, build, task, kind, socket, warmUp, count, … } as JSON. It ends with its parent. */
import { once } from 'node:events'
import { SYSTEMS } from './systems/system.mjs'
import { TASKS } from './tasks.mjs'

const { system, build, task, kind, socket, warmUp, ...job } = JSON.parse(process.argv[2] ?? '{}')
process.on('disconnect', () => process.exit(0))
const openSystem = await SYSTEMS[system](build)
const open = openSystem(socket)

const warming = {
  queue: open('warm-up', kind),
  count: warmUp,
  prefix: 'warm',
  signals: job.signals,
  delayed: job.window > 0,
}
await TASKS[kind?.machine ? 'processMachine' : 'warm'](warming, () => {})
let before = process.cpuUsage()
const result = await TASKS[task]({ ...job, queue: open('bench', kind) }, gate)
const { user, system: kernel } = process.cpuUsage(before)
process.send({ ...result, cpu: user + kernel })

async function gate() {
  process.send('ready')
  await once(process, 'message')
  before = process.cpuUsage()
}
