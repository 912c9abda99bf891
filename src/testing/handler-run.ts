import { AsyncLocalStorage } from 'node:async_hooks'
import type { GivenHandlers, Handler } from '../worker/handlers.ts'
import { never, type HandlerRun, type ProcessLife } from './process-life.ts'

interface Scope {
  readonly life: ProcessLife
  readonly run: HandlerRun
}

/** Which handler the running code is of. */
const scope = new AsyncLocalStorage<Scope>()

/** The process of the handler that asks; `undefined` outside of one. */
export const currentLife = (): ProcessLife | undefined => scope.getStore()?.life

/** Waits for something that only the test brings about: nobody else waits for the handler meanwhile. */
export async function awaitTest<T>(promise: Promise<T>): Promise<T> {
  const { run } = scope.getStore() ?? {}
  if (run) run.waits++
  try {
    return await unlessDead(() => promise)
  } finally {
    if (run) run.waits--
  }
}

/** What a handler asks of the outside; from that of a dead process it has no effect, and does not return. */
export async function unlessDead<T>(call: () => Promise<T>): Promise<T> {
  const isDead = (): boolean => currentLife()?.dead === true
  if (isDead()) return never()
  try {
    return await call()
  } finally {
    if (isDead()) await never()
  }
}

/** Handlers as a process under test runs them. */
export function watched(handlers: Handler | GivenHandlers, life: ProcessLife): Handler | GivenHandlers {
  if (typeof handlers === 'function') return watch(handlers, life)
  const entries = Object.entries(handlers)
  // What is no function is refused by the worker itself, which says it best.
  return Object.fromEntries(
    entries.map(([src, handler]) => [src, typeof handler === 'function' ? watch(handler, life) : handler]),
  )
}

function watch(handler: Handler, life: ProcessLife): Handler {
  return async (input, context) => {
    const { queue, id } = context.message
    const run: HandlerRun = { queue, id, waits: 0, given: false }
    life.began(run)
    try {
      const result = scope.run({ life, run }, async (): Promise<unknown> => handler(input, context))
      if (life.comesTo('in-handler', queue, [id])) {
        result.catch(() => {})
        return await never()
      }
      return await result
    } finally {
      // What it has come to is taken in when the test lets things run.
      await life.ended(run)
    }
  }
}
