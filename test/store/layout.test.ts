import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import {
  chunk,
  CHUNK_BYTES,
  JOURNAL_FIRST_CHUNK,
  leftoverChunks,
  parseMessage,
  pushField,
} from '../../src/store/layout.ts'

/** Texts about as long as the sizes at which something changes: 46, 60 and 3840 bytes. */
const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc
    .tuple(fc.constantFrom('a', 'é', '€', '😀'), fc.constantFrom(0, 1, 15, 30, 46, 59, 60, 61, 120, 960, 1920, 3841))
    .map(([sign, count]) => sign.repeat(count)),
  fc.tuple(fc.nat(64), fc.constantFrom('é', '€', '😀')).map(([shift, sign]) => 'x'.repeat(shift) + sign.repeat(30)),
)

describe('chunks', () => {
  test('are the text when joined, and at most 60 bytes each, or one for all', () => {
    fc.assert(
      fc.property(text, fc.constantFrom(undefined, JOURNAL_FIRST_CHUNK), (value, first) => {
        const chunks = chunk(value, first)
        expect(chunks.join('')).toBe(value)
        if (chunks.length === 1) return
        expect(Math.max(...chunks.map((piece) => Buffer.byteLength(piece)))).toBeLessThanOrEqual(60)
        expect(Buffer.byteLength(chunks[0]!)).toBeLessThanOrEqual(first ?? 60)
        expect(Buffer.byteLength(value)).toBeLessThanOrEqual(480)
      }),
    )
  })

  test.each([
    [60, 1],
    [61, 2],
    [120, 2],
    [121, 3],
    [480, 8],
    [481, 1],
  ])('of %i bytes are %i', (size, count) => {
    expect(chunk('a'.repeat(size))).toHaveLength(count)
  })
})

describe('a field', () => {
  test('that changes again and again leaves nothing of its past', () => {
    fc.assert(
      fc.property(fc.array(fc.option(text), { minLength: 1, maxLength: 6 }), (values) => {
        const hash = new Map<string, string>()
        let previous: string | undefined
        for (const value of values.map((each) => each ?? undefined)) {
          const pairs: string[] = []
          if (value !== undefined) pushField(pairs, 'c', value)
          for (let i = 0; i < pairs.length; i += 2) hash.set(pairs[i]!, pairs[i + 1]!)
          // As the commit script does it: fields are set, then deleted.
          if (previous !== undefined) for (const name of leftoverChunks('c', previous, value)) hash.delete(name)
          previous = value
          expect(hash.size).toBe(pairs.length / 2)
          const { fields } = parseMessage('a', [...hash].flat(), [])
          expect(fields).toEqual(value === undefined ? {} : { c: value })
        }
      }),
    )
  })
})

describe('parseMessage', () => {
  test('knows its own fields from those of the engine', () => {
    const flat = ['s', 'todo', 'r', '3', 'o', '3:t', 'k', '2:t', 'w', 'ada', 'b', '100', 'a', '200', 'g', '"half"']
    const more = ['x', 'done', 'I0-1', '+charge', 'j0', '100|born', 'j12', '150', 'T0-0', '300', 'E0-0', 'wake']
    expect(parseMessage('a', [...flat, ...more], ['E'])).toEqual({
      id: 'a',
      revision: 3,
      state: 'todo',
      fields: { x: 'done', 'I0-1': '+charge' },
      timers: [{ nonce: '0-0', text: 'wake', due: 300 }],
      journal: [
        { seq: 0, at: 100, text: 'born' },
        { seq: 12, at: 150, text: '' },
      ],
      inbox: ['E'],
      createdAt: 100,
      enteredAt: 200,
      worker: 'ada',
      owner: '3:t',
      progress: '"half"',
    })
  })

  test('takes chunks in any order of the hash, more than ten of them too, as earlier builds wrote them', () => {
    const value = Array.from({ length: 700 }, (_, i) => i).join('-')
    const chunks = chunk(value, CHUNK_BYTES, 64)
    expect(chunks.length).toBeGreaterThan(10)
    const entries = chunks.map((text, i) => [i === 0 ? 'p' : `p.${i}`, text])
    expect(parseMessage('a', entries.toReversed().flat(), []).fields).toEqual({ p: value })
  })

  test('sorts timers by their time and the journal by its numbers', () => {
    const { timers, journal } = parseMessage('a', ['T2', '20', 'T1', '10', 'j10', '1|x', 'j9', '1|y'], [])
    expect(timers.map(({ nonce }) => nonce)).toEqual(['1', '2'])
    expect(journal.map(({ seq }) => seq)).toEqual([9, 10])
  })
})
