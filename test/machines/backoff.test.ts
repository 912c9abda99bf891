import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import {
  backoffDelay,
  DEFAULT_RETRY_POLICY,
  MAX_DELAY,
  parseRetryAfter,
  resolvePolicy,
  type BackoffOptions,
} from '../../machines/index.ts'

const ERROR = { name: 'Error', message: 'refused' }

function delayOf(options: BackoffOptions, attempt: number, random = () => 0.5, previousDelay = 0): number {
  return backoffDelay(resolvePolicy({ backoff: options }).backoff, { attempt, error: ERROR, previousDelay, random })
}

const schedule = (options: BackoffOptions, attempts = [1, 2, 3, 4]) =>
  attempts.map((attempt) => delayOf({ jitter: 'none', ...options }, attempt))

const anyCurve: fc.Arbitrary<BackoffOptions> = fc.record({
  type: fc.constantFrom('fixed', 'exponential', 'polynomial'),
  delay: fc.integer({ min: 0, max: 600_000 }),
  factor: fc.double({ min: 1, max: 1000, noNaN: true }),
  exponent: fc.double({ min: 0, max: 100, noNaN: true }),
})
const anyAttempt = fc.oneof(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 1, max: 1e9 }))
const anyRandom = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })

describe('the curve', () => {
  test('exponential is the default, from 1 s, doubled', () => {
    expect(schedule({})).toEqual([1000, 2000, 4000, 8000])
    expect(schedule({ delay: 250, factor: 3 })).toEqual([250, 750, 2250, 6750])
  })

  test('fixed never grows', () => expect(schedule({ type: 'fixed', delay: 700 })).toEqual([700, 700, 700, 700]))

  test('polynomial is the retries squared by default', () => {
    expect(schedule({ type: 'polynomial' })).toEqual([1000, 4000, 9000, 16_000])
    expect(schedule({ type: 'polynomial', delay: 10, exponent: 3 })).toEqual([10, 80, 270, 640])
  })

  test('stays under the cap, which is 5 minutes by default', () => {
    expect(schedule({}, [8, 9, 10, 11])).toEqual([128_000, 256_000, 300_000, 300_000])
    expect(schedule({ max: 3000 })).toEqual([1000, 2000, 3000, 3000])
    expect(schedule({ type: 'polynomial', max: 5000 })).toEqual([1000, 4000, 5000, 5000])
  })

  test('a base delay over the default cap raises it', () => {
    expect(schedule({ type: 'fixed', delay: 3_600_000 }, [1, 2])).toEqual([3_600_000, 3_600_000])
  })

  test('does not overflow: attempt 2000 waits for the cap', () => {
    expect(schedule({ max: 60_000 }, [2000])).toEqual([60_000])
    expect(schedule({ type: 'polynomial', exponent: 100, max: 60_000 }, [1e6])).toEqual([60_000])
    expect(schedule({ delay: 0 }, [2000])).toEqual([0])
  })

  test('is in whole milliseconds', () => expect(schedule({ delay: 10, factor: 1.26 }, [2, 3])).toEqual([13, 16]))

  test('is a usable delay whatever the options', () => {
    fc.assert(
      fc.property(anyCurve, anyAttempt, anyRandom, (curve, attempt, random) => {
        const ms = delayOf(curve, attempt, () => random)
        expect(Number.isInteger(ms)).toBe(true)
        expect(ms).toBeGreaterThanOrEqual(0)
        expect(ms).toBeLessThanOrEqual(Math.max(DEFAULT_RETRY_POLICY.backoff.max, curve.delay ?? 0))
      }),
    )
  })
})

describe('the jitter', () => {
  test('full spreads over the whole delay, equal over its second half, none not at all', () => {
    const ends = (jitter: 'full' | 'equal' | 'none') =>
      [0, 0.25, 0.9999].map((random) => delayOf({ jitter, delay: 1000 }, 2, () => random))
    expect(ends('full')).toEqual([0, 500, 2000])
    expect(ends('equal')).toEqual([1000, 1250, 2000])
    expect(ends('none')).toEqual([2000, 2000, 2000])
  })

  test('full is the default', () => expect(delayOf({}, 1, () => 0.1)).toBe(100))

  test('keeps within the bounds of its kind', () => {
    fc.assert(
      fc.property(anyCurve, anyAttempt, anyRandom, (curve, attempt, random) => {
        const whole = delayOf({ ...curve, jitter: 'none' }, attempt)
        const full = delayOf({ ...curve, jitter: 'full' }, attempt, () => random)
        const equal = delayOf({ ...curve, jitter: 'equal' }, attempt, () => random)
        expect(full).toBeGreaterThanOrEqual(0)
        expect(full).toBeLessThanOrEqual(whole)
        expect(equal).toBeGreaterThanOrEqual(Math.floor(whole / 2))
        expect(equal).toBeLessThanOrEqual(whole)
      }),
    )
  })

  test('grows with the number that is drawn', () => {
    fc.assert(
      fc.property(anyCurve, anyRandom, anyRandom, fc.constantFrom('full', 'equal'), (curve, a, b, jitter) => {
        const at = (random: number) => delayOf({ ...curve, jitter }, 3, () => random)
        expect(at(Math.min(a, b))).toBeLessThanOrEqual(at(Math.max(a, b)))
      }),
    )
  })
})

describe('a custom backoff', () => {
  test('decides by itself, without jitter and without the default cap', () => {
    expect(delayOf({ type: 'custom', compute: ({ attempt }) => attempt * 3_600_000 }, 2, () => 0)).toBe(7_200_000)
  })

  test('is told the attempt, the error, the previous delay and the randomness', () => {
    const random = () => 0.25
    let told: unknown
    const compute = (info: unknown) => ((told = info), 1)
    delayOf({ type: 'custom', compute }, 3, random, 77)
    expect(told).toEqual({ attempt: 3, error: ERROR, previousDelay: 77, random })
  })

  test('keeps under a cap that is given, and under what a timer can count', () => {
    expect(delayOf({ type: 'custom', compute: () => 9000, max: 5000 }, 1)).toBe(5000)
    expect(delayOf({ type: 'custom', compute: () => 1e15 }, 1)).toBe(MAX_DELAY)
  })

  test.each([
    ['NaN', () => NaN],
    ['Infinity', () => Infinity],
    ['a negative number', () => -1],
    ['text', () => '10s' as never],
    ['nothing', () => undefined as never],
    ['a promise', () => Promise.resolve(5) as never],
    [
      'an exception',
      () => {
        throw new Error('slip')
      },
    ],
  ])('gives way to the exponential curve when it gives %s', (_, compute) => {
    expect(schedule({ type: 'custom', compute }, [1, 2, 3, 30])).toEqual([1000, 2000, 4000, 300_000])
  })
})

describe('parseRetryAfter', () => {
  // The example date of RFC 9110, 5.6.7.
  const DATE = Date.UTC(1994, 10, 6, 8, 49, 37)

  test.each([
    ['120', 120_000],
    [' 5 ', 5000],
    ['0', 0],
    ['1.5', 1500],
    [120, 120_000],
    [['3', '9'], 3000],
  ])('takes seconds: %j', (value, ms) => expect(parseRetryAfter(value, 0)).toBe(ms))

  test.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'takes the HTTP-date %s',
    (value) => {
      expect(parseRetryAfter(value, DATE - 90_000)).toBe(90_000)
      expect(parseRetryAfter(value, DATE)).toBe(0)
      expect(parseRetryAfter(value, DATE + 1)).toBe(0)
    },
  )

  test('reads two-digit years as at most 50 years ahead', () => {
    const now = Date.UTC(2026, 0, 1)
    expect(parseRetryAfter('Thursday, 01-Jan-26 00:00:30 GMT', now)).toBe(30_000)
    expect(parseRetryAfter('Friday, 01-Jan-77 00:00:00 GMT', now)).toBe(0)
    expect(parseRetryAfter('Wednesday, 01-Jan-76 00:00:00 GMT', now)).toBe(MAX_DELAY)
  })

  test('takes a leap second', () => {
    expect(parseRetryAfter('Sat, 31 Dec 2016 23:59:60 GMT', Date.UTC(2016, 11, 31, 23, 59))).toBe(60_000)
  })

  test('is bounded: a time stamp where seconds belong is not 54 years', () => {
    expect(parseRetryAfter('1764000000', 0)).toBe(MAX_DELAY)
    expect(parseRetryAfter('9'.repeat(400), 0)).toBe(MAX_DELAY)
  })

  test.each([
    '',
    'soon',
    '-1',
    '1e3',
    '5s',
    '0x10',
    'next 5',
    '1994-11-06T08:49:37Z',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 24:49:37 GMT',
    'Sun, 06 Nov 1994 08:60:37 GMT',
    'Sun, 06 Nov 1994 08:49:61 GMT',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 08:49:37 CET',
    NaN,
    Infinity,
    -5,
    null,
    undefined,
    {},
    [],
    true,
  ])('refuses %j', (value) => expect(parseRetryAfter(value, 0)).toBeUndefined())

  test('gives back the distance of any date, in all three forms', () => {
    const instant = fc.integer({ min: 0, max: Date.UTC(2060, 0, 1) / 1000 }).map((seconds) => seconds * 1000)
    fc.assert(
      fc.property(instant, fc.integer({ min: 0, max: 2_000_000 }), (now, seconds) => {
        for (const text of httpDates(new Date(now + seconds * 1000)))
          expect(parseRetryAfter(text, now)).toBe(seconds * 1000)
      }),
    )
  })

  test('never throws, and never gives anything but a delay', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.anything(), fc.string(), fc.stringMatching(/^\d{1,400}$/)),
        fc.integer(),
        (value, now) => {
          const ms = parseRetryAfter(value, now)
          expect(ms === undefined || (Number.isInteger(ms) && ms >= 0 && ms <= MAX_DELAY)).toBe(true)
        },
      ),
    )
  })
})

function httpDates(date: Date): string[] {
  const [weekday, day, month, year, time] = date.toUTCString().replace(',', '').split(' ') as [
    string,
    string,
    string,
    string,
    string,
  ]
  return [
    date.toUTCString(),
    `Wednesday, ${day}-${month}-${year.slice(2)} ${time} GMT`,
    `${weekday} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`,
  ]
}
