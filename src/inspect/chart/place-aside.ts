import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import type { ElkNode } from 'elkjs/lib/elk-api.js'
import type { Place } from './layout.ts'

const MEGABYTES = 256
/** Pictures that may wait. */
const WAITING = 20

/** ELK's own bundle is all that it needs, so it has no file of its own that would have to be built. */
const CODE = `
const { workerData: { elk, graph }, parentPort } = require('node:worker_threads')
const { default: Elk } = require(elk)
new Elk().layout(graph).then((placed) => parentPort.postMessage(placed))
`

/**
 * Works out the coordinates of graphs in a thread, one at a time: sixty states take a second or two, in which this one could do nothing
 * else, and a few hundred of somebody else's making, chosen badly, half a minute. A thread that takes longer than `patience`, in
 * milliseconds, is ended.
 * @throws Error with a sentence
 */
export function createPlaceAside(patience: number): Place {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  return async (graph) => {
    if (waiting >= WAITING) throw new Error('too many charts are being drawn; try again later.')
    waiting++
    const turn = last.then(() => placeInThread(graph, patience)).finally(() => waiting--)
    last = turn.catch(() => {})
    return turn
  }
}

function placeInThread(graph: ElkNode, patience: number): Promise<ElkNode> {
  const elk = createRequire(import.meta.url).resolve('elkjs/lib/elk.bundled.js')
  const resourceLimits = { maxOldGenerationSizeMb: MEGABYTES }
  return new Promise((resolve, reject) => {
    const worker = new Worker(CODE, { eval: true, workerData: { elk, graph }, resourceLimits, execArgv: [] })
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      settle()
      void worker.terminate()
    }
    const fail = (why: string): void => end(() => reject(new Error(why)))
    const timer = setTimeout(() => fail('the machine is too intricate to be drawn.'), patience)
    worker.once('message', (placed: ElkNode) => end(() => resolve(placed)))
    worker.once('error', () => fail('the machine could not be drawn.'))
    worker.once('exit', () => fail('the machine could not be drawn.'))
  })
}
