import type { Clock } from '../clock.ts'

/** Runs a task again and again, each time so long after the last one has ended. Returns its end, which is final. */
export function repeat(clock: Clock, pause: () => number, task: () => Promise<unknown>): () => void {
  let cancel = (): void => {}
  let ended = false

  function schedule(): void {
    if (ended) return
    cancel = clock.after(pause(), () => {
      void task().finally(schedule)
    })
  }

  schedule()
  return () => {
    ended = true
    cancel()
  }
}
