import * as fc from 'fast-check'

/** Texts that separate, end, name or escape something somewhere. */
export const TEXTS: readonly string[] = [
  '',
  ' ',
  ':',
  '{',
  '}',
  '{a}',
  'a:b',
  'a.b',
  'a+b',
  '#',
  '~',
  '~quarantined',
  '\n',
  '\r\n',
  '\u0000',
  '\u001f',
  '\u007f',
  '\u202e',
  '\ud800',
  '\udc00a',
  '😀',
  'é'.repeat(200),
  'x'.repeat(201),
  'x'.repeat(70_000),
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'NaN',
  '1e309',
  '-0',
  '10m',
  '1h30m',
  '../../etc/passwd',
  '%00',
  '%',
  '*',
  '[a-z]',
  'pending',
  'xstate.done.actor.0',
  'redrive.release',
  "'; return redis.call('FLUSHALL') --",
]

const NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  -1,
  0.5,
  NaN,
  Infinity,
  -Infinity,
  2 ** 31,
  2 ** 53,
  1e21,
  1e308,
  5e-324,
  4e15,
]

export const text = fc.oneof(fc.constantFrom(...TEXTS), fc.string({ unit: 'binary', maxLength: 30 }))

const polluting = (): unknown =>
  JSON.parse('{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}')

function deep(levels: number): unknown {
  let value: unknown = 1
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { value }
  return value
}

function loop(): unknown {
  const value: Record<string, unknown> = {}
  value['self'] = value
  return value
}

function throwing(): unknown {
  return Object.defineProperty({ a: 1 }, 'b', {
    enumerable: true,
    get() {
      throw new TypeError('this getter throws')
    },
  })
}

/** Whatever a program can pass where something else is expected. */
export const value: fc.Arbitrary<unknown> = fc.oneof(
  { weight: 4, arbitrary: text },
  { weight: 3, arbitrary: fc.constantFrom(...NUMBERS) },
  {
    weight: 5,
    arbitrary: fc.anything({
      withBigInt: true,
      withDate: true,
      withMap: true,
      withSet: true,
      withNullPrototype: true,
      withSparseArray: true,
      withTypedArray: true,
      withBoxedValues: true,
      key: text,
    }),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        polluting,
        loop,
        throwing,
        () => deep(400),
        () => deep(5000),
        () => new Error('x'),
      )
      .map((make) => make()),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(undefined, null, true, Symbol('s'), () => 1, Map, new Proxy({}, {})),
  },
)

/** What would be right, oftener than chance would have it. */
export const id = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'b', 'é', 'x.y:z', ' spaced ', '-n', '__proto__', 'constructor') },
  text,
)

/** An object with some of these members, and sometimes others. */
export const options = (
  names: readonly string[],
  known: Readonly<Record<string, fc.Arbitrary<unknown>>> = {},
): fc.Arbitrary<object> =>
  fc
    .array(
      fc.oneof(
        {
          weight: 8,
          arbitrary: fc
            .constantFrom(...names)
            .chain((name) =>
              fc.tuple(fc.constant(name), fc.oneof({ weight: 2, arbitrary: known[name] ?? value }, value)),
            ),
        },
        { weight: 1, arbitrary: fc.tuple(text, value) },
      ),
      { maxLength: 3 },
    )
    .map((entries) => {
      const object = {}
      for (const [name, each] of entries)
        Object.defineProperty(object, name, { value: each, enumerable: true, configurable: true, writable: true })
      return object
    })
