// Bundled by each bundler, and started from what comes out of it: argv is the address of a server, and those of three lock nodes.
import { createServer } from 'node:http'
import { Redrive, silentLogger } from 'redrive'
import { dashboard } from 'redrive/dashboard'

async function start() {
  const [redis, ...nodes] = process.argv.slice(2)
  const redrive = new Redrive({ redis, logger: silentLogger, locks: { nodes, timeout: '5s' } })
  const jobs = redrive.queue('jobs')
  // The lock of a message outlasts its handler's: that needs the library of the locks.
  const worker = jobs.work(async ({ n }, { heartbeat }) => ({ double: n * 2, kept: await heartbeat('1m') }))
  const { id } = await jobs.send({ n: 21 })
  const output = await jobs.result(id, { timeout: '1m' })

  const own = new Redrive({ embedded: true, logger: silentLogger })
  const sent = await own.queue('jobs').send({})
  const { redis: embedded } = await own.health()
  await own.close()

  const { node, upgrade } = dashboard(redrive)
  const server = createServer((request, response) => void node(request, response))
  server.on('upgrade', (...request) => void upgrade(...request))
  server.listen(0, '127.0.0.1', () =>
    console.log(JSON.stringify({ output, embedded, sent: sent.status, port: server.address().port })),
  )
  process.stdin.resume().once('end', () => void stop())

  async function stop() {
    server.closeAllConnections()
    server.close()
    await worker.stop()
    await redrive.close()
  }
}

// No top-level await: a bundle may be a CommonJS module.
void start()
