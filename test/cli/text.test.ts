import { describe, expect, test } from '@jest/globals'
import picocolors from 'picocolors'
import { withoutPasswords } from '../../src/cli/failure.ts'
import { toJson } from '../../src/cli/plain-json.ts'
import { printable } from '../../src/cli/printable.ts'
import { cut, table } from '../../src/cli/table.ts'
import { colorsFor } from '../../src/cli/terminal.ts'
import { agoText, dueText, durationText } from '../../src/cli/time-text.ts'
import { toMs } from '../../src/options.ts'

describe('durations', () => {
  test.each([
    [0, '0ms'],
    [999, '999ms'],
    [1000, '1s'],
    [3240, '3.2s'],
    [59_949, '59.9s'],
    [59_990, '1m'],
    [250_000, '4m10s'],
    [3_599_900, '1h'],
    [7_198_000, '2h'],
    [7_500_000, '2h5m'],
    [86_400_000, '1d'],
    [273_600_000, '3d4h'],
  ])('%d ms is %s', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })

  test('can be given back as an option, and are about right', () => {
    for (let ms = 1; ms < 1e9; ms = Math.ceil(ms * 1.07)) {
      expect(Math.abs(toMs(durationText(ms), 'delay') - ms)).toBeLessThanOrEqual(Math.max(50, ms / 48))
    }
  })

  test('tell the past and the future', () => {
    expect([agoText(1000, 4200), agoText(1001, 1000)]).toEqual(['3.2s ago', 'now'])
    expect([dueText(null, 0), dueText(4200, 1000), dueText(1000, 4200)]).toEqual(['-', 'in 3.2s', '3.2s ago'])
  })
})

describe('JSON', () => {
  test('is had of whatever a message can hold', () => {
    const cycle: Record<string, unknown> = { id: 1 }
    cycle['self'] = cycle
    const value = {
      big: 12n,
      at: new Date(0),
      never: new Date(NaN),
      map: new Map([['a', new Set([1n])]]),
      re: /x/g,
      cycle,
      nan: NaN,
    }
    expect(JSON.parse(toJson(value))).toEqual({
      big: '12',
      at: '1970-01-01T00:00:00.000Z',
      never: null,
      map: [['a', ['1']]],
      re: '/x/g',
      nan: null,
      cycle: { id: 1, self: '[Circular]' },
    })
    expect(JSON.parse(toJson(Object.assign(new TypeError('no'), { code: 'E' })))).toEqual({
      name: 'TypeError',
      message: 'no',
      code: 'E',
    })
  })

  test('is one line, without a control character', () => {
    const text = 'a\n\u001b[2J\u007f\u009b31m'
    expect(toJson({ text })).toMatch(/^[ -~]*$/)
    expect(JSON.parse(toJson({ text }))).toEqual({ text })
    expect(toJson(undefined)).toBe('null')
  })

  test('shows the same thing twice when it is there twice', () => {
    const twin = { a: 1 }
    expect(toJson([twin, twin])).toBe('[{"a":1},{"a":1}]')
  })
})

test('stored text cannot write over the screen', () => {
  expect(printable('a\u001b[2Jb\u202ec\nd')).toBe('a\\u001b[2Jb\\u202ec d')
})

describe('tables', () => {
  const colors = picocolors.createColors(false)

  test('align their columns', () => {
    const text = table(
      ['ID', 'STATE'],
      [
        ['zoë', 'dead'],
        ['a', 'b'],
      ],
      { colors },
    )
    expect(text).toBe('ID   STATE\nzoë  dead\na    b')
  })

  test('are cut where the terminal ends, and nowhere else', () => {
    expect(table(['ID'], [['abcdef']], { colors, width: 4 })).toBe('ID\nabc…')
    expect([cut('abc', 3), cut('abcd', undefined)]).toEqual(['abc', 'abcd'])
  })
})

test.each([
  [true, {}, true],
  [false, {}, false],
  [false, { CI: '1' }, false],
  [true, { NO_COLOR: '1' }, false],
  [true, { NO_COLOR: '' }, true],
  [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, false],
  [true, { TERM: 'dumb' }, false],
  [false, { FORCE_COLOR: '1' }, true],
  [false, { FORCE_COLOR: '0' }, false],
])('a terminal: %p, with %p: colours %p', (isTTY, env, expected) => {
  expect(colorsFor({ isTTY, write: () => true }, env).isColorSupported).toBe(expected)
})

test('passwords are taken out of URLs, whatever is in them', () => {
  const text = 'at redis://u:p/w@x@host:1/0, and "unix://:p@/x.sock" for a@b.c'
  expect(withoutPasswords(text)).toBe('at redis://host:1/0, and "unix:///x.sock" for a@b.c')
})
