import { Worker } from 'node:worker_threads'
import type { Graph, Place } from './graph.ts'

const MEGABYTES = 256
/** Pictures that may wait. */
const WAITING = 20
/** Milliseconds for which a thread is kept for the next picture. */
const IDLE = 2000

/** ELK is a CommonJS module; where code is run from its text, it has no file that could be required. */
const program = (elk: string): string => `
const { parentPort } = require('node:worker_threads')
const elk = { exports: {} }
;(function (module, exports) {${elk}
})(elk, elk.exports)
const layouts = new elk.exports()
parentPort.on('message', (graph) => layouts.layout(graph).then((placed) => parentPort.postMessage(placed)))
`

/**
 * Works out the coordinates of graphs in a thread, one at a time: sixty states take a second or two, in which this one could do nothing
 * else, and a few hundred of somebody else's making, chosen badly, half a minute. A thread that takes longer than `patience`, in
 * milliseconds, or more than `megabytes`, is ended.
 * @throws Error with a sentence
 */
export function createPlaceAside(patience: number, megabytes = MEGABYTES): Place {
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0
  let idle: { readonly thread: Worker; readonly timer: NodeJS.Timeout } | undefined

  /** The thread of the picture before, or a new one. */
  async function takeThread(): Promise<Worker> {
    const kept = idle
    idle = undefined
    clearTimeout(kept?.timer)
    return kept?.thread ?? startThread(megabytes)
  }

  /** It keeps no process alive. */
  function keep(thread: Worker): void {
    thread.unref()
    thread.on('error', () => {})
    thread.once('exit', () => {
      if (idle?.thread === thread) idle = undefined
    })
    idle = { thread, timer: setTimeout(() => void thread.terminate(), IDLE).unref() }
  }

  async function place(graph: Graph): Promise<Graph> {
    const thread = await takeThread()
    const placed = await placeIn(thread, graph, patience)
    keep(thread)
    return placed
  }

  return async (graph) => {
    if (waiting >= WAITING) throw new Error('too many charts are being drawn; try again later.')
    waiting++
    const turn = last.then(() => place(graph)).finally(() => waiting--)
    last = turn.catch(() => {})
    return turn
  }
}

async function startThread(megabytes: number): Promise<Worker> {
  // Loaded with the first picture: it is 1.5 MB of code, and most programs draw none.
  const { elkSource } = await import('./elk-source.ts')
  const resourceLimits = { maxOldGenerationSizeMb: megabytes }
  return new Worker(program(elkSource()), { eval: true, resourceLimits, execArgv: [] })
}

function placeIn(thread: Worker, graph: Graph, patience: number): Promise<Graph> {
  return new Promise((resolve, reject) => {
    const end = (settle: () => void): void => {
      clearTimeout(timer)
      // One by one: without a name, those by which the thread itself hears would go too.
      for (const event of ['message', 'error', 'exit']) thread.removeAllListeners(event)
      settle()
    }
    const fail = (why: string): void => {
      end(() => reject(new Error(why)))
      // What it says while it ends is of no interest, and would end the process.
      thread.on('error', () => {})
      void thread.terminate()
    }
    const timer = setTimeout(() => fail('the machine is too intricate to be drawn.'), patience)
    thread.ref()
    thread.once('message', (placed: Graph) => end(() => resolve(placed)))
    thread.once('error', () => fail('the machine could not be drawn.'))
    thread.once('exit', () => fail('the machine could not be drawn.'))
    thread.postMessage(graph, [])
  })
}
