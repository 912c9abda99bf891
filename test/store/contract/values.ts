import { describe, expect, test } from '@jest/globals'
import type { FieldChange, Fields } from '../../../src/store/store.ts'
import { entry, message, type Scene } from '../scene.ts'

const sizes = [0, 1, 45, 46, 47, 59, 60, 61, 63, 64, 65, 119, 120, 121, 3839, 3840, 3841, 5000, 70_000]

/** Texts whose characters lie across the 60 bytes at which a value is cut, by one byte more each. */
const shifted = (text: string): string[] => Array.from({ length: 5 }, (_, i) => 'x'.repeat(56 + i) + text.repeat(40))

const texts: readonly (readonly [string, string])[] = [
  ...sizes.map((size) => [`${size} bytes`, 'a'.repeat(size)] as const),
  ...['é', '€', '😀', '👩‍👩‍👧‍👦', 'e\u0301'].flatMap((sign) =>
    shifted(sign).map((text, i) => [`${sign} from byte ${56 + i}`, text] as const),
  ),
  ['only emoji', '😀'.repeat(960)],
  ['too many emoji for chunks', '😀'.repeat(961)],
  ['NUL and controls', '\u0000\u0001\r\n\t\u007f\u2028'.repeat(20)],
  ['what looks like a field', 'c.1 p.1 j0.1 T0-0'],
]

export function describeValues(scene: () => Scene): void {
  describe('values', () => {
    test.each(texts)('%s come back as they were', async (_, text) => {
      const { send, take, commit, get } = scene()
      const fields = { m: 'm@1', p: text, c: `\n${text}` }
      const timers = [{ nonce: '0-0', text: `t${text}`, delay: 60_000 }]
      await send(message('a', { fields, timers, journal: text }))
      const taken = await take()
      expect(taken).toMatchObject({ fields, timers: [{ text: `t${text}` }], journal: [{ seq: 0, text }] })
      await commit(
        entry(taken, {
          changes: [{ field: 'u', value: text }],
          setTimers: [{ nonce: '1-0', text, delay: 0 }],
          journal: [{ seq: 1, text }],
        }),
      )
      const { message: stored } = await get('a')
      expect(stored.fields).toEqual({ ...fields, u: text })
      expect(stored.timers.find(({ nonce }) => nonce === '1-0')?.text).toBe(text)
      expect(stored.journal.map((line) => line.text)).toEqual([text, text])
    })

    test('change from any size to any other, and leave nothing over', async () => {
      const { send, take, commit, get } = scene()
      const values = [...[0, 60, 61, 300, 3840, 3841].map((size) => 'v'.repeat(size)), 'é€😀'.repeat(50)]
      await send(message('a', { fields: { m: 'm@1', c: values[0]! } }))
      for (const previous of values) {
        for (const value of values) {
          const taken = await take()
          await commit(entry(taken, { attention: 'now', changes: change(taken.fields, { m: 'm@1', c: previous }) }))
          const again = await take()
          await commit(entry(again, { attention: 'now', changes: change(again.fields, { m: 'm@1', c: value }) }))
          expect((await get('a')).message.fields).toEqual({ m: 'm@1', c: value })
        }
      }
    })

    test('come, go and come again', async () => {
      const { send, take, commit, get } = scene()
      const text = 'output '.repeat(40)
      await send(message('a'))
      for (const fields of [{ u: text, e: text }, { u: '' }, {}, { e: 'short' }]) {
        const taken = await take()
        await commit(entry(taken, { attention: 'now', changes: change(taken.fields, fields) }))
        expect((await get('a')).message.fields).toEqual(fields)
      }
    })

    test('a mebibyte, and inboxes and transitions of many kilobytes', async () => {
      const { send, take, deliver, commit, feed } = scene()
      const large = `"${'0123456789abcdé'.repeat(65_536)}"`
      await send(message('a', { fields: { p: large }, transition: large }))
      await deliver('a', large)
      const taken = await take()
      expect(taken.fields['p'] === large && taken.inbox[0] === large).toBe(true)
      await commit(entry(taken, { changes: [{ field: 'u', value: large }], transitions: [large] }))
      const told = await feed()
      expect([told[0] === `[["a",${large}]]`, told[1] === `[${large}]`]).toEqual([true, true])
    })

    test('so many fields that Lua could not unpack them at once', async () => {
      const { send, take, commit, get } = scene()
      const text = 'i'.repeat(3800)
      const fields = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`I0-${i}`, text]))
      expect(await send(message('before'), message('a', { fields }))).toEqual(['created', 'created'])
      const taken = await take({ limit: 1 })
      const other = taken.id === 'a' ? taken : await take()
      expect(other.fields).toEqual(fields)
      const more = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [`I1-${i}`, text]))
      expect(await commit(entry(other, { attention: 'now', changes: change(fields, more) }))).toMatchObject([
        { status: 'applied' },
      ])
      expect((await get('a')).message.fields).toEqual(more)
    })
  })

  describe('ids', () => {
    const odd = [
      'a b',
      'a:b',
      '{a}',
      'a}b{c',
      'ünï·çødé',
      '注文 #17',
      '😀',
      'a\tb',
      '*?[x]',
      '"quoted"',
      '%s%d',
      '-',
      '0',
    ]

    test.each(odd)('%j names a message everywhere', async (id) => {
      const { send, take, commit, get, deliver, store, partition } = scene()
      await send(message(id), message('bystander', { state: 'aside', attention: 'timers' }))
      await deliver(id, 'E')
      const taken = await take()
      expect(taken).toMatchObject({ id, inbox: ['E'] })
      expect(await store.heartbeat(partition, 60_000, [taken])).toEqual(['mail'])
      await commit(entry(taken, { state: `of ${id}`, consumed: 1 }))
      expect((await get(id)).message).toMatchObject({ id, state: `of ${id}` })
      const listed = await store.list(partition, { state: `of ${id}`, offset: 0, limit: 5, newestFirst: true })
      expect(listed.map((each) => each.message.id)).toEqual([id])
      expect(await store.remove(partition, id, 'none')).toBe('removed')
    })
  })
}

function change(before: Fields, after: Fields): FieldChange[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((field): FieldChange[] => {
    const [previous, value] = [before[field], after[field]]
    return previous === value
      ? []
      : [{ field, ...(value === undefined ? {} : { value }), ...(previous === undefined ? {} : { previous }) }]
  })
}
