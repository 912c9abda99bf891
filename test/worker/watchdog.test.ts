import { expect, test } from '@jest/globals'
import type { Clock } from '../../src/clock.ts'
import { createMemoryStore, Redrive, silentLogger, type MemoryStore } from '../../src/index.ts'

/** Time that passes when it is told to, and timers that fire with it, one at a time. */
function manualClock(): Clock & { pass(ms: number): Promise<void> } {
  let now = 1_800_000_000_000
  const timers = new Set<{ at: number; callback: () => void }>()
  return {
    now: () => now,
    random: () => 0,
    after(ms, callback) {
      const timer = { at: now + ms, callback }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    async pass(ms) {
      const end = now + ms
      for (;;) {
        const [next] = [...timers].filter(({ at }) => at <= end).toSorted((a, b) => a.at - b.at)
        if (!next) break
        timers.delete(next)
        now = Math.max(now, next.at)
        next.callback()
        // Whatever the timer began gets its turn before the next one.
        for (let i = 0; i < 5; i++) await new Promise(setImmediate)
      }
      now = end
    },
  }
}

test('a worker that claims nothing though messages are due says so, and when it does again', async () => {
  const clock = manualClock()
  const store = createMemoryStore({ clock })
  let deaf = true
  const claim: MemoryStore['claim'] = (partition, request) =>
    deaf ? Promise.resolve({ now: clock.now(), messages: [] }) : store.claim(partition, request)
  const round: MemoryStore['round'] = (partition, request) =>
    store.round(partition, deaf ? { ...request, limit: 0 } : request)
  const warnings: string[] = []
  const tell = (text: string): void => void warnings.push(text)
  const redrive = new Redrive({
    store: { ...store, claim, round },
    logger: { ...silentLogger, warn: tell, error: tell },
  })
  const queue = redrive.queue('jobs')
  const worker = queue.work(() => 'done')
  const stalled: number[] = []
  worker.on('stalled', ({ dueSince }) => stalled.push(dueSince))
  await worker.ready()

  await clock.pass(30_000)
  expect(stalled).toEqual([])
  await queue.send({}, { id: 'a' })
  const sentAt = clock.now()
  await clock.pass(25_000)
  expect(new Set(stalled)).toEqual(new Set([sentAt]))
  expect(worker.stats().stalledSince).toBe(sentAt)
  expect((await redrive.health()).workers[0]).toMatchObject({ stalledSince: sentAt })

  deaf = false
  await clock.pass(10_000)
  expect(await queue.get('a')).toMatchObject({ state: 'succeeded' })
  expect(worker.stats().stalledSince).toBeUndefined()
  expect(warnings.filter((text) => text.includes('gets'))).toHaveLength(stalled.length + 1)
  const closing = redrive.close({ timeout: 0 })
  await clock.pass(2000)
  await closing
})

test('a paused queue stands still because somebody wants it, and is not told as stalled', async () => {
  const clock = manualClock()
  const redrive = new Redrive({ store: createMemoryStore({ clock }), logger: silentLogger })
  const queue = redrive.queue('jobs')
  const worker = queue.work(() => 'done')
  let stalled = 0
  worker.on('stalled', () => void stalled++)
  await worker.ready()
  await queue.pause()
  await queue.send({}, { id: 'a' })
  await clock.pass(60_000)
  expect(stalled).toBe(0)
  expect(worker.stats().stalledSince).toBeUndefined()
  expect(await queue.get('a')).toMatchObject({ state: 'pending' })
  await queue.resume()
  await clock.pass(2000)
  expect(await queue.get('a')).toMatchObject({ state: 'succeeded' })
  const closing = redrive.close({ timeout: 0 })
  await clock.pass(2000)
  await closing
})
