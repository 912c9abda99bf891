import * as fc from 'fast-check'
import type { Redis } from 'ioredis'

/** Something that another program did to the keys of one message. */
export interface Damage {
  readonly what: string
  apply(redis: Redis, key: (kind: 'm' | 'i' | 'l' | 'n') => string): Promise<unknown>
}

/** Texts that no writer of the hash would write, and that some reader might believe. */
const TEXTS: readonly (string | Buffer)[] = [
  '',
  'x',
  '~',
  '{',
  '[]',
  '42',
  'null',
  '"text"',
  'NaN',
  '-1',
  '1e308',
  '9223372036854775807',
  '99999999999999999999999999',
  '4000000000000000',
  '\n',
  '\n{',
  '\nnull',
  '\n[]',
  'a,b\n{}',
  '%\n{}',
  '\u0000',
  '\n{"__proto__":{"polluted":true}}',
  '\n{"constructor":{"prototype":{"polluted":true}}}',
  '{"__proto__":{"polluted":true}}',
  '{"\\u005f_proto__":{"polluted":true}}',
  '~[{"__proto__":1},{"polluted":2},true]',
  '~[[-7,4294967295,0,1],1]',
  '~[["Map",1,2],"a",-5]',
  '['.repeat(20_000) + ']'.repeat(20_000),
  `\n{"deep":${'['.repeat(20_000)}${']'.repeat(20_000)}}`,
  'message@99#ffffffff',
  'message@1',
  '~quarantined',
  '~failed',
  '(nothing)',
  'a.b.c+d',
  '+handler\nhandler\n',
  '+\n\n:{',
  '=x',
  Buffer.from([0xff, 0xfe, 0x00, 0xc3, 0x28]),
  Buffer.from('{"a":"\xc3\x28"}', 'latin1'),
]

/** Fields of a message, its chunks, and some that it never has. */
const FIELDS = [
  ['s', 'r', 'o', 'k', 'w', 'b', 'a', 'g', 'm', 'p', 'P', 'c', 'h', 'x', 'u', 'e', 'q', 'K', 'f', 'z', 'y'],
  [
    'T0',
    'T0-0',
    'E0',
    'E0-0',
    'T9',
    'I0-0',
    'I1',
    'I',
    'A0-1',
    'A',
    'G0-1',
    'R0-1-0',
    'j0',
    'j1',
    'j99999999999999999999',
  ],
  ['p.1', 'c.1', 'c.7', 'q.1', 'm.1', '__proto__', 'constructor', 'toString', 'ANYTHING', 'é', ''],
].flat()

const text = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...TEXTS) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 80 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: fc.json({ depthSize: 'medium' }) },
)

const shown = (value: string | Buffer): string => JSON.stringify(String(value).slice(0, 40))

/** Of any field that is there, as `at` of all of them says. */
const existing = async (redis: Redis, key: string, at: number): Promise<string> => {
  const fields = (await redis.hkeys(key)).toSorted()
  return fields[at % Math.max(1, fields.length)] ?? 'p'
}

const place = fc.nat(60)

export const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.record({ field: fc.constantFrom(...FIELDS), value: text }).map(({ field, value }) => ({
    what: `the field ${JSON.stringify(field)} set to ${shown(value)}`,
    apply: (redis: Redis, key: (kind: 'm') => string) => redis.hset(key('m'), field, value),
  })),
  fc.record({ at: place, value: text }).map(({ at, value }) => ({
    what: `its field number ${at} set to ${shown(value)}`,
    apply: async (redis: Redis, key: (kind: 'm') => string) =>
      redis.hset(key('m'), await existing(redis, key('m'), at), value),
  })),
  place.map((at) => ({
    what: `its field number ${at} dropped`,
    apply: async (redis: Redis, key: (kind: 'm') => string) =>
      redis.hdel(key('m'), await existing(redis, key('m'), at)),
  })),
  fc.record({ at: place, length: fc.nat(10) }).map(({ at, length }) => ({
    what: `its field number ${at} cut to ${length} bytes`,
    async apply(redis: Redis, key: (kind: 'm') => string) {
      const field = await existing(redis, key('m'), at)
      const value = await redis.hgetBuffer(key('m'), field)
      await redis.hset(key('m'), field, value?.subarray(0, length) ?? '')
    },
  })),
  fc.record({ one: place, other: place }).map(({ one, other }) => ({
    what: `its fields number ${one} and ${other} swapped`,
    async apply(redis: Redis, key: (kind: 'm') => string) {
      const [a, b] = [await existing(redis, key('m'), one), await existing(redis, key('m'), other)]
      const [first, second] = [await redis.hget(key('m'), a), await redis.hget(key('m'), b)]
      await redis.hset(key('m'), a, second ?? '', b, first ?? '')
    },
  })),
  fc.record({ kind: fc.constantFrom('m' as const, 'i' as const, 'n' as const) }).map(({ kind }) => ({
    what: `a string in the place of ${kind}`,
    apply: (redis: Redis, key: (kind: 'm' | 'i' | 'n') => string) => redis.set(key(kind), 'hello'),
  })),
  fc.constantFrom('m' as const, 'n' as const).map((kind) => ({
    what: `a list in the place of ${kind}`,
    async apply(redis: Redis, key: (kind: 'm' | 'n') => string) {
      await redis.del(key(kind))
      await redis.rpush(key(kind), 'a', 'b')
    },
  })),
  text.map((value) => ({
    what: `an event ${shown(value)} in its inbox`,
    apply: (redis: Redis, key: (kind: 'i') => string) => redis.rpush(key('i'), value),
  })),
  fc.constant({
    what: 'a foreign hash in its place',
    async apply(redis: Redis, key: (kind: 'm') => string) {
      await redis.del(key('m'))
      await redis.hset(key('m'), 'name', 'ada', 'age', '36')
    },
  }),
)
