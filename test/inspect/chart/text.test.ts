import { expect, test } from '@jest/globals'
import { widthOf, wrap } from '../../../src/inspect/chart/text.ts'

test.each([
  ['short', 10, ['short']],
  ['error handler, after timeLimit', 15, ['error handler,', 'after timeLimit']],
  ['aWordThatIsLongerThanALine and more', 10, ['aWordThatI', 'sLongerTha', 'nALine and', 'more']],
  ['fits exactly', 12, ['fits exactly']],
  ['', 10, ['']],
])('%j in lines of %d', (text, width, lines) => {
  expect(wrap(text, width)).toEqual(lines)
})

test('a longer text is wider, and ideographs are the widest', () => {
  expect(widthOf('', 10)).toBe(0)
  expect(widthOf('abcd', 10)).toBeGreaterThan(widthOf('abc', 10))
  expect(widthOf('非常', 10)).toBeGreaterThan(widthOf('ab', 10))
  expect(widthOf('ab', 20)).toBeGreaterThan(widthOf('ab', 10))
})
