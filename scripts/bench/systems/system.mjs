/**
 * A queue, by what the benchmark needs of one.
 * @typedef {object} BenchQueue
 * @property {(payload: object) => Promise<unknown>} send
 * @property {(messages: { payload: object, delay?: number }[]) => Promise<unknown>} sendBulk
 * @property {(handler: (payload: any) => Promise<void>, onDone: () => void) => Promise<() => Promise<void>>} work
 *   Starts a worker; `onDone` is called when a message's end is stored. Resolves to what stops it.
 *
 * @typedef {(socket: string) => (name: string) => BenchQueue} OpenSystem
 */

/**
 * Loaded when asked for: a process of one system has nothing of the other in it.
 * @type {Record<string, () => Promise<OpenSystem>>}
 */
export const SYSTEMS = {
  redrive: async () => (await import('./redrive.mjs')).openRedrive,
  bullmq: async () => (await import('./bullmq.mjs')).openBullMQ,
}
