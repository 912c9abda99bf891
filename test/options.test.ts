import { describe, expect, test } from '@jest/globals'
import { array, assert, integer, property } from 'fast-check'
import { SyncedClock } from '../src/clock.ts'
import { nearest } from '../src/errors.ts'
import { idGenerator } from '../src/message.ts'
import { MAX_DURATION, toMs } from '../src/options.ts'

describe('durations', () => {
  test.each([
    [0, 0],
    [1500, 1500],
    ['250ms', 250],
    ['10s', 10_000],
    ['1.5s', 1500],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['2 d', 172_800_000],
    ['1w', 604_800_000],
  ])('%s is %i ms', (value, ms) => expect(toMs(value, 'delay')).toBe(ms))

  test.each([
    '',
    'm',
    '10',
    '10 minutes',
    '1h 30',
    '-5s',
    '1e3s',
    '10mm',
    NaN,
    -1,
    Infinity,
    MAX_DURATION + 1,
    null,
    {},
    true,
  ])('%s is refused', (value) =>
    expect(() => toMs(value as never, 'delay')).toThrow(/E_INVALID_DURATION: delay must be/),
  )
})

test('ids sort by time, also when the clock stands still or goes back', () => {
  assert(
    property(array(integer({ min: 1.6e12, max: 2e12 }), { minLength: 2, maxLength: 50 }), (times) => {
      let i = 0
      const generate = idGenerator(() => times[i++]!)
      const ids = times.map(() => generate())
      expect(ids.toSorted()).toEqual(ids)
      expect(new Set(ids).size).toBe(ids.length)
    }),
  )
})

describe('the nearest name', () => {
  test.each([
    ['retrry', 'retry'],
    ['Redis', 'redis'],
    ['concurency', 'concurrency'],
    ['zebra', undefined],
  ])('to %s is %s', (name, expected) => expect(nearest(name, ['retry', 'redis', 'concurrency'])).toBe(expected))
})

describe('the clock of the store', () => {
  test('is not ahead of a store whose clock runs slower, however seldom it is heard of', () => {
    let passed = 0
    const store = (): number => Math.floor(5_000_000 + passed)
    const clock = new SyncedClock(() => passed * 1.0004)
    for (const pause of [1, 1000, 3_600_000, 500, 20, 86_400_000]) {
      clock.sync(store())
      passed += pause
      expect(clock.now()).toBeLessThanOrEqual(store())
      // And not far behind: a thousandth of the time since it was heard of.
      expect(clock.now()).toBeGreaterThanOrEqual(store() - pause / 1000 - 2)
    }
  })

  test('is followed, never ahead of its latest reading, and set when it was set', () => {
    const clock = new SyncedClock()
    clock.sync(5_000_000)
    expect(clock.now()).toBeGreaterThanOrEqual(5_000_000)
    expect(clock.now()).toBeLessThan(5_001_000)
    // Back by a second and more: the server's clock was set, and is followed.
    clock.sync(1_000_000)
    expect(clock.now()).toBeLessThan(1_001_000)
    // A little behind: that reply was slow.
    clock.sync(999_900)
    expect(clock.now()).toBeGreaterThanOrEqual(999_990)
  })
})
