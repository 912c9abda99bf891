import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { createActor, createMachine } from 'xstate'
import { decode, encode } from '../src/codec.ts'
import { hasCode, type RedriveError } from '../src/errors.ts'
import { runs } from './engine/sequences.ts'

const back = (value: unknown): unknown => decode(encode(value, 'value'))

function refusal(value: unknown, path = 'value'): RedriveError {
  try {
    encode(value, path)
  } catch (error) {
    if (hasCode(error, 'E_UNSERIALIZABLE')) return error
    throw error
  }
  throw new Error('it was not refused')
}

function nested(depth: number, leaf: unknown, more: object = {}): unknown {
  let value = leaf
  for (let i = 0; i < depth; i++) value = { ...more, in: value }
  return value
}

/** Own keys named `__proto__` are refused, wherever they are; a generator finds them soon. */
const withoutProtoKeys = (value: unknown): boolean => !fc.stringify(value).includes('__proto__')

describe('what JSON keeps', () => {
  test('is JSON, unchanged', () => {
    fc.assert(
      fc.property(
        fc
          .jsonValue()
          .filter(withoutProtoKeys)
          .filter((each) => !fc.stringify(each).includes('-0')),
        (value) => {
          expect(encode(value, 'value')).toBe(JSON.stringify(value))
          expect(back(value)).toStrictEqual(value)
        },
      ),
      runs(200),
    )
  })

  test('may have characters of any kind, halves of one too, and begin like the other format', () => {
    for (const text of ['~', '~[1]', '\ud83d', '\udc00 \u2028', '\0\n\u001f', '🂡']) {
      expect(back(text)).toBe(text)
      expect(back({ [text]: text })).toStrictEqual({ [text]: text })
      expect(back([text, undefined])).toStrictEqual([text, undefined])
    }
  })
})

const richValue = fc
  .anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withNullPrototype: true,
    stringUnit: 'binary',
  })
  .filter(withoutProtoKeys)
  // Jest holds two dates that are none for different.
  .filter((value) => !fc.stringify(value).includes('new Date(NaN)'))

describe('what JSON does not keep', () => {
  test('comes back unchanged all the same', () => {
    fc.assert(
      fc.property(richValue, (value) => {
        expect(back(value)).toStrictEqual(value)
      }),
      runs(300),
    )
  })

  test('gives the same text when it is written again, so that nothing is stored anew without need', () => {
    fc.assert(
      fc.property(richValue, (value) => {
        const text = encode(value, 'value')
        expect(encode(decode(text), 'value')).toBe(text)
      }),
      runs(100),
    )
  })

  test('makes a text of one line: line feeds part the values of a field', () => {
    fc.assert(
      fc.property(fc.oneof(richValue, fc.string({ unit: 'binary' })), (value) => !encode(value, 'v').includes('\n')),
      runs(200),
    )
    expect(encode({ error: new Error('two\nlines'), key: 'a\nb' }, 'value')).not.toContain('\n')
  })

  test.each<[string, unknown]>([
    ['undefined', undefined],
    ['undefined within', { a: undefined, b: [undefined] }],
    ['not a number', [NaN, Infinity, -Infinity, -0]],
    ['minus zero', { zero: -0 }],
    ['big integers', { big: 2n ** 80n, small: -1n }],
    ['dates', { when: new Date(0), last: new Date(8.64e15) }],
    ['maps and sets', new Map<unknown, unknown>([[new Set([1, '1']), new Map([[NaN, { deep: undefined }]])]])],
    ['regular expressions', /a\/b+/giu],
    ['bytes', new Uint8Array([0, 255, 7])],
    ['a part of some bytes', new Uint8Array(100).fill(7).subarray(3, 5)],
    ['holes', Object.assign(Array<unknown>(5), { 1: 'one' })],
    ['an object without a prototype', Object.assign(Object.create(null) as object, { a: 1 })],
    ['a key toJSON', { toJSON: 'just data' }],
  ])('%s', (_, value) => {
    expect(back(value)).toStrictEqual(value)
  })

  test('errors keep their name, message, stack, properties and cause', () => {
    const cause = Object.assign(new RangeError('too much'), { code: 'E_RANGE', at: new Date(5) })
    const error = new Error('it failed', { cause })
    const copy = back({ error }) as { error: Error }
    expect(copy.error).toBeInstanceOf(Error)
    expect(copy.error.message).toBe('it failed')
    expect(copy.error.stack).toBe(error.stack)
    expect(copy.error.cause).toMatchObject({
      name: 'RangeError',
      message: 'too much',
      code: 'E_RANGE',
      at: new Date(5),
    })
    expect(Object.keys(copy.error)).toEqual([])
    expect(encode(copy, 'value')).toBe(encode({ error }, 'value'))
  })

  test('an error is stored without what cannot be stored of it, wherever it is', () => {
    const parts = { request: new WeakMap(), retry: () => {}, response: { status: 503, read: () => {} } }
    const cause = Object.assign(new TypeError('cut off', { cause: Symbol('why') }), { ...parts, port: 443 })
    const error = Object.assign(new Error('it failed', { cause }), { ...parts, status: 503, first: cause })
    const context = { error, beside: new Date(0) }
    const copy = back(context) as { error: Error & { first: Error } }
    expect(copy.error).toMatchObject({ name: 'Error', message: 'it failed', stack: error.stack })
    expect({ ...(copy.error as object) }).toEqual({ status: 503, first: cause })
    for (const each of [copy.error.cause as Error, copy.error.first]) {
      expect(each).toMatchObject({ name: 'TypeError', message: 'cut off', stack: cause.stack })
      expect(each.cause).toBeUndefined()
      expect({ ...(each as object) }).toEqual({ port: 443 })
    }
    expect(encode(copy, 'value')).toBe(encode(context, 'value'))
    expect(refusal({ error, call: () => {} }).details.path).toBe('value.call')
  })

  test('an object that is met again is one object', () => {
    const shared = { a: 1n }
    const copy = back([shared, shared]) as unknown[]
    expect(copy[0]).toBe(copy[1])
  })

  test.each<[string, object]>([
    ['plain data', { a: 1 }],
    ['rich data', { when: new Date(0) }],
    ['data around an error', { error: new Error('in here') }],
  ])('%s may contain itself', (_, value) => {
    const copy = back(Object.assign(value, { self: { within: [value] } })) as { self: { within: unknown[] } }
    expect(copy.self.within[0]).toBe(copy)
  })

  test('a date that is none', () =>
    expect((back({ never: new Date(NaN) }) as { never: Date }).never.getTime()).toBeNaN())
})

describe('what neither keeps is refused, and the path says where', () => {
  class Order {
    total = 1
  }

  test.each<[string, unknown, string]>([
    ['a function', { list: [1, { call: () => {} }] }, 'context.list[1].call'],
    ['a function alone', () => {}, 'context'],
    ['a symbol', { tag: Symbol('x') }, 'context.tag'],
    ['an object with a symbol as a key', { in: { [Symbol('x')]: 1 } }, 'context.in'],
    ['an instance of a class', { order: new Order() }, 'context.order'],
    ['an instance of a class in a map', new Map([['a', { order: new Order() }]]), 'context.get("a").order'],
    [
      'an instance of a class, however deep it is',
      { order: Object.assign(new Order(), { in: nested(600, 1) }) },
      'context.order',
    ],
    ['a promise', { later: Promise.resolve() }, 'context.later'],
    ['a weak map', { weak: new WeakMap() }, 'context.weak'],
    ['a key __proto__', JSON.parse('{ "a": { "__proto__": { "admin": true } } }'), 'context.a'],
    ['a key __proto__ beside a date', { d: new Date(0), a: JSON.parse('{ "__proto__": 1 }') as unknown }, 'context.a'],
  ])('%s', (_, value, path) => {
    const error = refusal(value, 'context')
    expect(error.message).toContain(`E_UNSERIALIZABLE: ${path} cannot be stored and read back unchanged`)
    expect(error.details.path).toBe(path)
  })

  test('an instance is called by its class', () => {
    expect(refusal({ order: new Order() }, 'context').message).toContain('unchanged: it is an instance of Order. Pass')
    expect(refusal(new AbortController()).message).toContain('AbortController; the `signal` of a handler aborts when')
    expect(refusal(createActor(createMachine({}))).message).toContain('Actor; let the machine spawn it, by the name')
  })

  test.each<[string, object]>([
    ['plain', {}],
    ['rich', { big: 1n }],
  ])('what is nested too deep, be it %s', (_, more) => {
    expect(back(nested(499, {}, more))).toStrictEqual(nested(499, {}, more))
    expect(refusal(nested(501, {}, more)).message).toContain('nested deeper than 500 levels')
    expect(refusal(nested(100_000, {}, more)).message).toContain('nested deeper than 500 levels')
  })

  test('maps, sets and causes of errors count as levels too', () => {
    let value: unknown = 1
    let error: Error | undefined
    for (let i = 0; i < 300; i++) value = new Map([[1, new Set([value])]])
    for (let i = 0; i < 501; i++) error = new Error('again', { cause: error })
    expect(refusal(value).message).toContain('nested deeper than 500 levels')
    expect(refusal(error).message).toContain('nested deeper than 500 levels')
  })

  test('an error that contains itself: it could be written, and not be read', () => {
    const error: Error & { details?: unknown } = new Error('round and round')
    error.details = [{ error }]
    expect(refusal({ error }).message).toContain('an error that contains itself')
    const cause = new Error('cause')
    cause.cause = cause
    expect(refusal(cause).message).toContain('an error that contains itself')
  })
})

describe('a text that somebody else has written', () => {
  test.each([
    '{"constructor":{"prototype":{"polluted":true}}}',
    '~[{"a":1},{"polluted":2},true]',
    '~[["null","constructor",1],{"prototype":2},{"polluted":3},true]',
  ])('does not reach any prototype: %s', (text) => {
    const value = decode(text) as object
    expect({ ...value }).not.toHaveProperty('polluted')
    expect({}).not.toHaveProperty('polluted')
    expect(Object).not.toHaveProperty('polluted')
  })

  test('is refused where it names a prototype as a key', () => {
    expect(() => decode('{"__proto__":{"polluted":true}}')).toThrow('__proto__')
    expect(() => decode('~[{"__proto__":1},{"polluted":2},true]')).toThrow('__proto__')
    expect(() => decode('~[["null","__proto__",1],1]')).toThrow('__proto__')
  })

  test.each(['', 'no', '{', '~', '~{', '~[["Unknown",1],1]', '~[["Error"]]', '~-9'])(
    'throws when it is broken: %j',
    (text) => {
      expect(() => decode(text)).toThrow(Error)
    },
  )
})
