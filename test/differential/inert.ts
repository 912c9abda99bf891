import { fromPromise } from 'xstate'

interface Waiting {
  resolve(output: unknown): void
  reject(error: unknown): void
}

const waiting = new WeakMap<object, Waiting>()

/** An actor that does nothing until a test ends it. */
export const inert = fromPromise<unknown, unknown>(
  ({ self }) => new Promise((resolve, reject) => waiting.set(self, { resolve, reject })),
)

/** How an invoked actor ends. */
export type Ending = { readonly output: unknown } | { readonly error: unknown }

/** Ends an inert actor; its machine hears of it some microtasks later. */
export function endActor(actor: object, ending: Ending): void {
  const { resolve, reject } = waiting.get(actor) ?? {}
  if (!resolve || !reject) throw new Error('this actor is none of the inert ones')
  if ('error' in ending) reject(ending.error)
  else resolve(ending.output)
}
