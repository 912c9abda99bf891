/**
 * The event loop, in the hands of the simulation. While it is taken over, `setImmediate` only queues, and `performance.now` tells
 * virtual time: what the code under test does then depends on the order of its promises alone, which is always the same.
 */
export const eventLoop = { takeOver, settle }

type Callback = () => void

const { setImmediate: realImmediate, performance: realPerformance } = globalThis
let queued: Callback[] = []

/** Returns the function that gives it back. */
function takeOver(now: () => number): () => void {
  queued = []
  define('setImmediate', (callback: Callback) => void queued.push(callback))
  define('performance', { now })
  return () => {
    define('setImmediate', realImmediate)
    define('performance', realPerformance)
  }
}

/** Resolves when all promises have gone as far as they can, and all immediates have run. */
async function settle(): Promise<void> {
  await turn()
  while (queued.length > 0) {
    const callbacks = queued
    queued = []
    for (const callback of callbacks) callback()
    await turn()
  }
}

/** A real turn of the loop, before which Node empties its queue of microtasks. */
const turn = (): Promise<void> => new Promise((resolve) => void realImmediate(resolve))

function define(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, configurable: true, writable: true })
}
