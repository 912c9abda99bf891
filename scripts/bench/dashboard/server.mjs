import { startDashboard } from '../../../dist/src/dashboard/server/standalone.js'
import { Redrive, silentLogger } from '../../../dist/src/index.js'

/** The dashboard as a process of its own, which tells its link, and on request the CPU time that it has taken. */
const redrive = new Redrive({ redis: { path: process.argv[2] }, logger: silentLogger })
redrive.queue('bench')
const { link, close } = await startDashboard(redrive, { port: 0 })

async function end() {
  await close()
  await redrive.close()
  process.disconnect()
}

process.on('message', (message) => {
  if (message === 'end') return void end()
  const { user, system } = process.cpuUsage()
  process.send(user + system)
})
process.send(link)
