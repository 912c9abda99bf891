/**
 * A queue, by what the benchmark needs of one.
 * @typedef {object} BenchQueue
 * @property {(payload: object) => Promise<unknown>} send
 * @property {(messages: { payload: object, id?: string, delay?: number }[]) => Promise<unknown>} sendBulk
 * @property {(id: string, event: object) => Promise<unknown>} [signal]
 * @property {(handler: (payload: any, attempt: number) => Promise<void>, onDone: () => void) => Promise<() => Promise<void>>} work
 *   Starts a worker; `onDone` is called when a message's end is stored. Resolves to what stops it.
 *
 * @typedef {object} QueueKind
 * @property {string} [machine] Name of one of `machines.mjs`; else each system's own life of a message.
 * @property {number} [backoff] First wait before a retry, in milliseconds; doubled with each.
 *
 * @typedef {(socket: string) => (name: string, kind?: QueueKind) => BenchQueue} OpenSystem
 */

/**
 * Loaded when asked for: a process of one system has nothing of another in it. `before` is another build of Redrive.
 * @type {Record<string, (build?: string) => Promise<OpenSystem>>}
 */
export const SYSTEMS = {
  redrive: async (build) => (await import('./redrive.mjs')).loadRedrive(build),
  before: async (build) => (await import('./redrive.mjs')).loadRedrive(build),
  bullmq: async () => (await import('./bullmq.mjs')).openBullMQ,
}
