import { awaitTest } from './handler-run.ts'

/** A place where handlers wait until the test lets them go on. */
export interface Gate<T = void> {
  /** Called by a handler: resolves, or rejects, when the test says so. */
  wait(): Promise<T>
  open(value: T): void
  fail(error: unknown): void
}

export function createGate<T = void>(): Gate<T> {
  let open: (value: T) => void = () => {}
  let fail: (error: unknown) => void = () => {}
  const opened = new Promise<T>((resolve, reject) => {
    open = resolve
    fail = reject
  })
  // Nobody may be waiting when it fails.
  opened.catch(() => {})
  return { wait: () => awaitTest(opened), open, fail }
}
