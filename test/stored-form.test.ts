import { describe, expect, test } from '@jest/globals'
import { decode, encode } from '../src/codec.ts'
import { hasCode, type RedriveError } from '../src/errors.ts'
import { unknownMark } from '../src/stored-form.ts'

const back = (value: unknown): unknown => decode(encode(value, 'value'))

/** The bytes of each buffer within a stored text. */
const buffersIn = (text: string): string[] =>
  [...text.matchAll(/\["ArrayBuffer","([^"]*)"\]/g)].map(([, base64 = '']) => Buffer.from(base64, 'base64').toString())

function refusal(read: () => unknown): RedriveError {
  try {
    read()
  } catch (error) {
    if (hasCode(error, 'E_UNKNOWN_FORM')) return error
    throw error
  }
  throw new Error('it was not refused')
}

describe('a view of bytes is stored with its own bytes alone', () => {
  /** 24 bytes in the middle of a buffer with the data of others. */
  function within<Memory extends ArrayBufferLike>(buffer: Memory): Memory {
    new Uint8Array(buffer).fill('!'.charCodeAt(0)).set(Buffer.from('abcdefghijklmnopqrstuvwx'), 8)
    return buffer
  }
  const pool = (): ArrayBuffer => within(new ArrayBuffer(64))

  /** TypeScript's library for this version of Node.js does not know of them. */
  const growing = (length: number, maxByteLength: number): ArrayBuffer =>
    Reflect.construct(ArrayBuffer, [length, { maxByteLength }]) as ArrayBuffer

  test.each<[string, () => ArrayBufferView]>([
    ['Int8Array', () => new Int8Array(pool(), 8, 24)],
    ['Uint8Array', () => new Uint8Array(pool(), 8, 24)],
    ['Uint8ClampedArray', () => new Uint8ClampedArray(pool(), 8, 24)],
    ['Int16Array', () => new Int16Array(pool(), 8, 12)],
    ['Uint16Array', () => new Uint16Array(pool(), 8, 12)],
    ['Int32Array', () => new Int32Array(pool(), 8, 6)],
    ['Uint32Array', () => new Uint32Array(pool(), 8, 6)],
    ['Float32Array', () => new Float32Array(pool(), 8, 6)],
    ['Float64Array', () => new Float64Array(pool(), 8, 3)],
    ['BigInt64Array', () => new BigInt64Array(pool(), 8, 3)],
    ['BigUint64Array', () => new BigUint64Array(pool(), 8, 3)],
    ['DataView', () => new DataView(pool(), 8, 24)],
    ['a part of a part', () => new Uint8Array(pool(), 4, 50).subarray(4, 28)],
    ['a part of a Buffer', () => Buffer.from(pool()).subarray(8, 32)],
    ['a Buffer of the pool', () => Buffer.from('abcdefghijklmnopqrstuvwx')],
    ['memory that threads share', () => new Uint8Array(within(new SharedArrayBuffer(64)), 8, 24)],
    ['a buffer that may grow', () => new Uint8Array(within(growing(64, 900)), 8, 24)],
    ['a view of a class of its own', () => new (class Bytes extends Uint8Array {})(pool(), 8, 24)],
  ])('%s', (_, make) => {
    const view = make()
    const error = Object.assign(new Error('with bytes'), { view })
    for (const value of [view, { deep: [new Map([['a', new Set([view])]])] }, error]) {
      const text = encode(value, 'value')
      expect(buffersIn(text)).toEqual(['abcdefghijklmnopqrstuvwx'])
      expect(encode(decode(text), 'value')).toBe(text)
    }
    const copy = back(view) as ArrayBufferView
    expect(copy.buffer.byteLength).toBe(24)
    expect(Buffer.from(copy.buffer).toString()).toBe('abcdefghijklmnopqrstuvwx')
  })

  test('the whole of a buffer, and nothing of one, come back too', () => {
    for (const value of [new Uint8Array(3), new Uint8Array(0), new DataView(new ArrayBuffer(2))])
      expect(back(value)).toStrictEqual(value)
    expect(back(new Uint8Array(pool(), 64))).toStrictEqual(new Uint8Array(0))
  })

  test('two views of one buffer have a copy each, and one view that is met twice is one', () => {
    const buffer = pool()
    const [first, second] = [new Uint8Array(buffer, 8, 2), new Uint8Array(buffer, 9, 2)]
    expect(buffersIn(encode([first, second], 'value'))).toEqual(['ab', 'bc'])
    const [one, other] = back([first, second]) as Uint8Array[]
    one?.fill(0)
    expect(other).toStrictEqual(new Uint8Array(Buffer.from('bc')))
    const [same, again] = back([first, first]) as Uint8Array[]
    expect(same).toBe(again)
  })

  test('a view whose buffer was given away, and memory that is shared, are refused with a reason', () => {
    const view = new Uint8Array(8)
    structuredClone(view.buffer, { transfer: [view.buffer] })
    expect(() => encode({ view }, 'input')).toThrow(/detached/)
    expect(() => encode({ memory: new SharedArrayBuffer(8) }, 'input')).toThrow(
      /input\.memory cannot be stored.*pass a view of it/,
    )
    expect(() => encode({ file: new Blob(['x']) }, 'input')).toThrow(/input\.file.*Blob; pass its bytes/)
  })
})

describe('a large value that holds an object again and again', () => {
  test('is stored once, and not as often as it is met', () => {
    let value: object = { text: 'x'.repeat(100) }
    for (let i = 0; i < 40; i++) value = { left: value, right: value }
    expect(encode(value, 'value').length).toBeLessThan(2000)
    const copy = back(value) as { left: object; right: object }
    expect(copy.left).toBe(copy.right)
  })

  test('is JSON where each object is another, however many', () => {
    const rows = Array.from({ length: 5000 }, (_, id) => ({ id }))
    expect(encode(rows, 'value')).toBe(JSON.stringify(rows))
    expect(back([rows, rows])).toStrictEqual([rows, rows])
  })
})

describe('the form of a text', () => {
  /** What a later version must go on to read. One that writes anything else has to take the next form. */
  test.each<[unknown, string]>([
    [undefined, '~1:-1'],
    [NaN, '~1:-3'],
    [-0, '~1:-6'],
    [2n, '~1:[["BigInt","2"]]'],
    [new Date(0), '~1:[["Date","1970-01-01T00:00:00.000Z"]]'],
    [{ a: undefined, b: [Infinity, -Infinity] }, '~1:[{"a":-1,"b":1},[-4,-5]]'],
    [new Map([['a', new Set([1n])]]), '~1:[["Map",1,2],"a",["Set",3],["BigInt","1"]]'],
    [/a"/gi, '~1:[["RegExp","a\\"","gi"]]'],
    [new Uint8Array([1, 2]), '~1:[["Uint8Array",1],["ArrayBuffer","AQI="]]'],
    [new BigInt64Array([1n]), '~1:[["BigInt64Array",1],["ArrayBuffer","AQAAAAAAAAA="]]'],
    [Object.assign(Array<number>(2), { 1: 5 }), '~1:[[-2,1],5]'],
    [Object.assign(Array<number>(99), { 98: 5 }), '~1:[[-7,99,98,1],5]'],
    [Object.assign(Object.create(null) as object, { a: 1 }), '~1:[["null","a",1],1]'],
    [Object('boxed'), '~1:[["Object",1],"boxed"]'],
    [new URL('http://a.b/c?d'), '~1:[["URL","http://a.b/c?d"]]'],
    [new URLSearchParams('a=b'), '~1:[["URLSearchParams","a=b"]]'],
    [
      Object.assign(new TypeError('no', { cause: 1n }), { stack: 's', code: 'E' }),
      '~1:[["Error",1],{"code":2,"name":3,"message":4,"stack":5,"cause":6},"E","TypeError","no","s",["BigInt","1"]]',
    ],
  ])('%# is marked, and as it always was', (value, text) => {
    expect(encode(value, 'value')).toBe(text)
    expect(decode(text)).toEqual(value)
  })

  test('texts of before there were marks are read', () => {
    expect(decode('~-1')).toBeUndefined()
    expect(decode('~[{"a":-1,"b":1},["Date","1970-01-01T00:00:00.000Z"]]')).toStrictEqual({
      a: undefined,
      b: new Date(0),
    })
  })

  test.each(['~2:[1]', '~2:["whatever"]', '~999:', '~01:[1]', '~', '~{"a":1}', '~x1:[1]', '~1[1]', '~1;[1]'])(
    'one that this version does not know is no data: %s',
    (text) => {
      expect(refusal(() => decode(text)).message).toContain('stored in a form that this version does not know')
    },
  )

  test('nothing of such a text is told but its number', () => {
    expect(refusal(() => decode('~12:[{"card":1},"4111"]')).message).toContain(
      'know: form 12. Read it with the version',
    )
    expect(refusal(() => decode('~4111')).message).not.toContain('4111')
    expect(unknownMark('~12:["4111"]')).toBe('~12:')
    expect(unknownMark('~4111')).toBe('~?:')
    expect(() => decode('~1:["4111"')).toThrow(
      expect.not.objectContaining({ message: expect.stringContaining('4111') }),
    )
  })

  /** devalue reads each of them as `undefined`, or not at all. */
  test.each([
    ['a sign in an object', '[{"a":-8}]'],
    ['a sign in a list', '[[-9]]'],
    ['a list of a new kind', '[[-8,5,0,1],7]'],
    ['a sign in a map', '[["Map",1,-10],"a"]'],
    ['a kind', '[["Tuple",1],[2],3]'],
    ['a kind within', '[{"a":1},["Color","red"]]'],
    ...(typeof Temporal === 'undefined' ? [['a kind of a newer Node.js', '[["Temporal.Instant","1970"]]']] : []),
  ])('%s that this version does not write is refused, marked or not', (_, text) => {
    for (const mark of ['~', '~1:'])
      expect(refusal(() => decode(mark + text)).message).toContain('a form that this version does not know: it has')
  })

  test('negative numbers that are data are data', () => {
    const value = [-8, -9, { a: -100, b: undefined }, [-7, 5_000_000]]
    expect(back(value)).toStrictEqual(value)
  })

  test('what no Node.js of this version could read is not written', () => {
    if (typeof Temporal !== 'undefined') return
    const polyfilled = Object.defineProperty({}, Symbol.toStringTag, { value: 'Temporal.Instant', enumerable: false })
    expect(() => encode({ at: polyfilled }, 'input')).toThrow(/Temporal\.Instant, which this version of Node\.js lacks/)
  })
})

declare const Temporal: unknown
