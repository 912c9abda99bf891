import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { MAX_DELAY, NonRetryableError, RetryableError, SnoozeError, toErrorData } from '../../machines/index.ts'

const json = (value: unknown): unknown => JSON.parse(JSON.stringify(value))

describe('toErrorData', () => {
  test('keeps name, message, code and stack of an Error', () => {
    const error = Object.assign(new TypeError('refused'), { code: 'ECONNREFUSED' })
    expect(toErrorData(error)).toStrictEqual({
      name: 'TypeError',
      message: 'refused',
      code: 'ECONNREFUSED',
      stack: error.stack,
    })
  })

  test('names a class that did not name itself', () => {
    class QuotaError extends Error {}
    expect(toErrorData(new QuotaError('full')).name).toBe('QuotaError')
    expect(toErrorData(new Error('plain')).name).toBe('Error')
    expect(toErrorData({ message: 'data' }).name).toBe('Error')
  })

  test('keeps the cause, one level, without its stack', () => {
    const error = new Error('outer', { cause: new RangeError('inner', { cause: new Error('innermost') }) })
    expect(toErrorData(error).cause).toStrictEqual({ name: 'RangeError', message: 'inner' })
    expect(toErrorData(new Error('outer', { cause: 'text' })).cause).toMatchObject({
      name: 'NonError',
      message: 'text',
    })
  })

  test.each([
    ['boom', 'boom'],
    [undefined, 'undefined'],
    [null, 'null'],
    [404, '404'],
    [10n, '10'],
    [Symbol('why'), 'Symbol(why)'],
    [{ status: 500 }, '{"status":500}'],
  ])('makes data of a thrown %p', (thrown, message) => {
    expect(toErrorData(thrown)).toStrictEqual({ name: 'NonError', message, code: 'E_NON_ERROR_THROWN' })
  })

  test('bounds message and stack, and does not cut a character in two', () => {
    const { message, stack } = toErrorData({ name: 'E', message: '😀'.repeat(5000), stack: 'x'.repeat(5000) })
    expect(message).toHaveLength(1000 - 1)
    expect(message).toMatch(/^(?:😀)+…$/u)
    expect(stack).toHaveLength(2000)
  })

  test('reads Retry-After from the error or from its response, as a Headers or as an object', () => {
    const headers = new Headers({ 'Retry-After': '3' })
    const retryAfter = (fields: object) => toErrorData(Object.assign(new Error('429'), fields), 0).retryAfter
    expect(retryAfter({ headers })).toBe(3000)
    expect(retryAfter({ response: { headers } })).toBe(3000)
    expect(retryAfter({ response: { headers: { 'retry-after': 'Thu, 01 Jan 1970 00:00:04 GMT' } } })).toBe(4000)
    expect(retryAfter({ headers: { 'Retry-After': 5 } })).toBe(5000)
    expect(retryAfter({ headers: { 'retry-after': 'soon' }, response: { headers: { 'retry-after': '6' } } })).toBe(6000)
    expect(retryAfter({ headers: { 'retry-after': '3' }, retryAfter: 250 })).toBe(250)
    expect(retryAfter({ retryAfter: Number.MAX_SAFE_INTEGER })).toBe(MAX_DELAY)
  })

  test('ignores hints that make no sense', () => {
    for (const bad of [NaN, -1, Infinity, '5', null, {}]) {
      const data = toErrorData(Object.assign(new Error('x'), { retryAfter: bad, snooze: bad, retryable: bad }))
      expect(Object.keys(data)).toEqual(['name', 'message', 'stack'])
    }
  })

  test('survives hostile values', () => {
    const { proxy, revoke } = Proxy.revocable({}, {})
    revoke()
    const thrower = () => {
      throw new Error('hostile')
    }
    const hostile = [
      proxy,
      new Proxy(new Error('x'), { get: thrower, getPrototypeOf: thrower, ownKeys: thrower }),
      Object.defineProperty(new Error('x'), 'message', { get: thrower }),
      { headers: { get: thrower }, toJSON: thrower, [Symbol.toPrimitive]: thrower },
      Object.assign(Object.create(null), { toString: thrower }),
    ]
    for (const value of hostile) expect(json(toErrorData(value))).toStrictEqual(toErrorData(value))
  })

  test('gives JSON that comes back unchanged, from JSON and from itself', () => {
    const fields = fc.record(
      {
        name: fc.oneof(fc.string(), fc.anything()),
        message: fc.oneof(fc.string({ maxLength: 3000 }), fc.anything()),
        code: fc.oneof(fc.string(), fc.double(), fc.anything()),
        stack: fc.oneof(fc.string({ maxLength: 3000 }), fc.anything()),
        retryAfter: fc.oneof(fc.double(), fc.anything()),
        snooze: fc.oneof(fc.double(), fc.anything()),
        retryable: fc.oneof(fc.boolean(), fc.anything()),
        cause: fc.anything(),
        headers: fc.record({ 'retry-after': fc.oneof(fc.nat(), fc.string(), fc.anything()) }),
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(fc.oneof(fields, fc.anything()), (thrown) => {
        const data = toErrorData(thrown, 0)
        expect(json(data)).toStrictEqual(data)
        expect(toErrorData(data, 0)).toStrictEqual(data)
      }),
      { numRuns: 500 },
    )
  })
})

describe('the errors that a handler may throw', () => {
  test('carry what the machine reads', () => {
    const cause = new Error('root')
    expect(toErrorData(new SnoozeError(60_000))).toMatchObject({
      name: 'SnoozeError',
      snooze: 60_000,
      message: 'snoozed for 60000 ms',
    })
    expect(toErrorData(new NonRetryableError('gone', { cause }))).toMatchObject({
      name: 'NonRetryableError',
      retryable: false,
      cause: { message: 'root' },
    })
    expect(toErrorData(new RetryableError('busy', { retryAfter: 9, cause }))).toMatchObject({
      name: 'RetryableError',
      retryable: true,
      retryAfter: 9,
      cause: { message: 'root' },
    })
    expect('retryAfter' in toErrorData(new RetryableError('busy'))).toBe(false)
  })

  test.each([NaN, -1, Infinity])('refuse %p milliseconds', (ms) => {
    const refused = expect.objectContaining({ code: 'E_INVALID_OPTION' })
    expect(() => new SnoozeError(ms)).toThrow(refused)
    expect(() => new RetryableError('busy', { retryAfter: ms })).toThrow(refused)
  })
})
