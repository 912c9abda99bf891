import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Queue } from '../client/queue.ts'
import type { QueueOptions } from '../client/queue-options.ts'
import type { Redrive } from '../client/redrive.ts'
import { nameOf } from '../../machines/error-data.ts'
import { isError, reasonOf, RedriveError } from '../errors.ts'
import { DEFAULTS, show } from '../options.ts'
import { createLag } from '../timer/lag.ts'
import type { Worker } from '../worker/worker.ts'

/** The default export of a user's module: it defines queues, and says what works on them. */
export type WorkerModule = (redrive: Redrive, options: { readonly concurrency: number }) => unknown

/** Says whose error it is: that of a user's module looks like one of ours otherwise. */
async function named(path: string, run: () => unknown): Promise<unknown> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof RedriveError || !isError(error)) throw error
    const text = `"${path}" cannot be run: ${nameOf(error)}: ${reasonOf(error)}${loaderHint(path, error)} (REDRIVE_DEBUG=1 shows where)`
    throw new Error(text, { cause: error })
  }
}

/** What Node says of TypeScript that it cannot load, in one version or another. */
function loaderHint(path: string, error: Error & { readonly code?: unknown }): string {
  const isTypeScript = /\.[cm]?tsx?$/.test(path)
  const unknown = error.code === 'ERR_UNKNOWN_FILE_EXTENSION' && /\.[cm]?tsx?"|\.[cm]?tsx?\b/.test(error.message)
  const syntax = isTypeScript && (error instanceof SyntaxError || String(error.code).includes('TYPESCRIPT'))
  if (!unknown && !syntax) return ''
  return '. Node loads TypeScript from version 22.18 on by itself; with this one, install tsx and run: NODE_OPTIONS="--import tsx" redrive …'
}

/** Names the module that comes with the command line, for `redrive dev` without one. */
export const DEMO = 'builtin:demo'

/** @throws RedriveError `E_INVALID_OPTION` when there is no such file, or it does not export a function by default. */
export async function loadModule(path: string): Promise<WorkerModule> {
  if (path === DEMO) return (await import('./demo.ts')).default
  const file = resolve(path)
  if (!existsSync(file)) throw invalidModule(path, `there is no file "${path}".`)
  const exports = (await named(path, () => import(pathToFileURL(file).href))) as { readonly default?: unknown }
  const main = exports.default
  if (typeof main === 'function') return (...args) => named(path, () => (main as WorkerModule)(...args))
  throw invalidModule(
    path,
    `the default export of "${path}" must be a function (redrive) => …; got ${show(exports.default)}.`,
  )
}

const invalidModule = (path: string, message: string): RedriveError =>
  new RedriveError('E_INVALID_OPTION', message, { path })

/**
 * The client as a module sees it: what its queues do is the caller's affair. A proxy, so that the module can do with it all that
 * it could do with the client itself.
 */
export function clientFor(redrive: Redrive, dress: (queue: Queue) => Queue): Redrive {
  const queue = (name: string, options?: QueueOptions): Queue => dress(redrive.queue(name, options))
  return new Proxy(redrive, {
    get(target, name) {
      if (name === 'queue') return queue
      // Private fields are of the client, not of its proxy.
      const value: unknown = Reflect.get(target, name, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
}

/** Lets a module define its queues without working on them. Returns their names. */
export async function defineQueues(redrive: Redrive, path: string): Promise<ReadonlySet<string>> {
  const defined = new Set<string>()
  const module = await loadModule(path)
  const client = clientFor(redrive, (queue) => {
    defined.add(queue.name)
    return { ...queue, work: () => IDLE, on: () => () => {} }
  })
  await module(client, { concurrency: DEFAULTS.concurrency })
  return defined
}

/** Stands for a worker where none is wanted. */
export const IDLE: Worker = {
  name: 'idle',
  ready: async () => {},
  stop: async () => {},
  on: () => () => {},
  stats: () => ({ active: 0, prefetched: 0, processed: 0, lag: createLag().read() }),
}
