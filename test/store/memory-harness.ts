import type { Clock } from '../../src/clock.ts'
import { createMemoryStore } from '../../src/store/memory-store.ts'
import type { StoreHarness } from './scene.ts'

/** A clock that stands still until a test moves it. */
function handClock(): Clock & { set(time: number): void } {
  let time = 1_800_000_000_000
  return {
    now: () => time,
    random: () => 0.5,
    after: () => () => {},
    set: (next) => {
      time = Math.max(time, next)
    },
  }
}

export function openMemory({ feed = 10_000 }: { feed?: number } = {}): StoreHarness {
  const clock = handClock()
  const store = createMemoryStore({ clock, feed })
  return {
    store,
    async reach(time) {
      clock.set(time)
    },
    hold: async (partition, id, token, ms) => store.lock(partition, id, token, ms, false),
    async letGo(partition, id, token) {
      store.lock(partition, id, token, 0, true)
    },
    close: () => store.close(),
  }
}
