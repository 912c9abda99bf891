/** Signs of life of what is under test: calls to the store, handlers that begin and end. */
export interface Activity {
  stir(): void
  /** Resolves when nothing has stirred for a few turns of the event loop, or when `enough` says so. */
  quiet(enough: () => boolean): Promise<void>
  /** Resolves with the next sign of life, or with `false` after so many real milliseconds without one. */
  next(ms: number): Promise<boolean>
}

/** Commits and sends are put together for one turn before they go; a turn more for whoever hears of it. */
const QUIET_TURNS = 3

export function createActivity(): Activity {
  let count = 0
  let hear = (): void => {}

  return {
    stir() {
      count++
      hear()
    },
    async quiet(enough) {
      let turns = 0
      while (turns < QUIET_TURNS && !enough()) {
        const before = count
        await new Promise((resolve) => setImmediate(resolve))
        turns = count === before ? turns + 1 : 0
      }
    },
    next(ms) {
      return new Promise((resolve) => {
        const end = (stirred: boolean): void => {
          clearTimeout(timeout)
          hear = () => {}
          resolve(stirred)
        }
        const timeout = setTimeout(() => end(false), ms)
        hear = () => end(true)
      })
    },
  }
}
