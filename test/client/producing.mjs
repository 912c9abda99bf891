// A producer that sends numbers until it is killed, and tells of each that was acknowledged.
import { Redrive, silentLogger } from '../../dist/src/index.js'

const [url, directory, count] = process.argv.slice(2)
const redrive = new Redrive({
  redis: url,
  logger: silentLogger,
  commandTimeout: '2s',
  outbox: { directory, patience: '100ms' },
})
const queue = redrive.queue('jobs')
for (let i = 0; i < Number(count); i++) {
  const { status } = await queue.send({ i }, { id: `m${String(i).padStart(5, '0')}` })
  process.send?.({ i, status })
}
process.send?.('sent')
