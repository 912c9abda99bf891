/** A worker process of the demo. argv: { redis, prefix, name, receiver, retained } as JSON. It ends with its parent. */
import { Redrive } from '../../dist/src/index.js'
import { webhookHandler } from './handler.mjs'
import { openQueue } from './queue.mjs'

const { redis, prefix, name, receiver, retained } = JSON.parse(process.argv[2] ?? '{}')
const redrive = new Redrive({ redis, prefix })
const worker = openQueue(redrive, retained).work(webhookHandler(receiver, name), { concurrency: 50, name })

const leave = () => void redrive.close({ timeout: 0 }).then(() => process.exit(0))
process.on('disconnect', leave)
process.on('SIGTERM', leave)
process.on('SIGINT', () => {}) // Ctrl-C reaches the whole process group; the parent says when to leave

await worker.ready()
process.send('ready')
