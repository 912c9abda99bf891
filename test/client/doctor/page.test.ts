import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'

const read = (path: string): string => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8')
const codes = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map(([, code = '']) => code)

test('the guide of operations lists each finding once', () => {
  const known = codes(read('src/client/doctor/finding.ts'), /^ {2}(D_\w+): \{$/gm)
  const listed = codes(read('docs/guides/operations.md'), /^\| `(D_\w+)`/gm)
  expect(known.length).toBeGreaterThan(20)
  expect(listed.toSorted()).toEqual(known.toSorted())
})
