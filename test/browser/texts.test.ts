import { expect, test } from '@jest/globals'
import { differences } from '../../src/dashboard/app/message/diff.ts'
import { countText, durationText, rateText } from '../../src/dashboard/app/time/duration-text.ts'
import { bytesText } from '../../src/dashboard/app/value/bytes-text.ts'

test.each([
  [0, '0 ms'],
  [840, '840 ms'],
  [1000, '1 s'],
  [3240, '3.2 s'],
  [65_000, '1 min 5 s'],
  [3_600_000, '1 h'],
  [93_600_000, '1 d 2 h'],
  [-5, '0 ms'],
])('%d ms are written %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})

test('rates, counts and bytes keep to a few characters', () => {
  expect([0, 0.04, 0.44, 12.4, 12_345].map(rateText)).toEqual(['0', '0.1', '0.4', '12', '12.3K'])
  expect([7, 54_321, 1_234_567].map(countText)).toEqual(['7', '54,321', '1.2M'])
  expect([0, 999, 1500, 2_044_608].map(bytesText)).toEqual(['0 B', '999 B', '1.5 kB', '2.0 MB'])
})

test('a difference is told leaf by leaf, with its path', () => {
  const before = { attempt: 1, to: { city: 'Bern', zip: 3000 }, gone: true, same: [1, { a: 1 }] }
  const after = { attempt: 2, to: { city: 'Basel', zip: 3000 }, fresh: null, same: [1, { a: 1 }] }
  expect(differences(before, after)).toEqual([
    { path: 'attempt', before: 1, after: 2 },
    { path: 'to.city', before: 'Bern', after: 'Basel' },
    { path: 'gone', before: true, after: undefined },
    { path: 'fresh', before: undefined, after: null },
  ])
  expect(differences(undefined, { a: 1 })).toEqual([{ path: '', before: undefined, after: { a: 1 } }])
  expect(differences([1], { 0: 1 })).toHaveLength(1)
  const many = (value: number): number[] => Array.from({ length: 1000 }, () => value)
  expect(differences(many(1), many(2))).toHaveLength(200)
})
