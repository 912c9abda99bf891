import { expect, test } from '@jest/globals'
import Redlock from 'redlock'

// Without --experimental-vm-modules jest compiles to CommonJS without a word, and the tests would prove nothing about
// the package as it is published. Each of these three is impossible in CommonJS.
const { RedriveError } = await import('../src/errors.ts')

test('a test file awaits at its top level', () => {
  expect(new RedriveError('E_USAGE', 'no').code).toBe('E_USAGE')
})

test('a test file has import.meta, and neither require nor module', () => {
  expect(import.meta.url).toMatch(/^file:.*\/test\/esm\.test\.ts$/)
  expect(typeof require).toBe('undefined')
  expect(typeof module).toBe('undefined')
})

test('a source file is the same module however it is imported', async () => {
  const again = await import('../src/errors.ts')
  expect(again.RedriveError).toBe(RedriveError)
})

test('redlock, whose exports map has no types, is imported as an ES module', () => {
  expect(typeof Redlock).toBe('function')
  expect(Redlock.prototype.acquire).toBeInstanceOf(Function)
})
