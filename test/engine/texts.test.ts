import { describe, expect, test } from '@jest/globals'
import * as fc from 'fast-check'
import { changesText } from '../../src/events/context-changes.ts'
import { firstJournalText, journalText, readJournal } from '../../src/events/journal-text.ts'
import { decodeTransitions, encodeTransition, type TransitionDraft } from '../../src/events/transition-text.ts'
import { encode } from '../../src/codec.ts'
import { runs } from './sequences.ts'

const DRAFT: TransitionDraft = {
  id: 'order-17',
  revision: 4,
  event: 'PAY',
  from: 'due',
  to: 'paid',
  tags: [],
  status: 'active',
  worker: 'w1',
}

const read = (draft: TransitionDraft) => decodeTransitions('orders', 99, `[${encodeTransition(draft)}]`)[0]!

describe('a transition as the feed carries it', () => {
  test('comes back whole', () => {
    expect(read(DRAFT)).toStrictEqual({ ...DRAFT, queue: 'orders', at: 99 })
    const more = {
      from: null,
      tags: ['dead', 'settled'],
      status: 'error',
      error: { name: 'E', message: 'm', code: 'C' },
    } as const
    expect(read({ ...DRAFT, ...more })).toStrictEqual({ ...DRAFT, ...more, queue: 'orders', at: 99 })
  })

  test('brings its output and what was emitted as they were, also what JSON does not keep', () => {
    const output = { big: 7n, nothing: undefined }
    const emitted = [
      { type: 'sold', when: new Date(5), total: 7n, nothing: undefined },
      { type: 'counted', by: new Map([[1, NaN]]) },
    ]
    const transition = read({ ...DRAFT, status: 'done', output: encode(output, 'output'), emitted })
    expect(transition.output).toStrictEqual(output)
    expect(transition.emitted).toStrictEqual(emitted)
  })

  test('cannot bring an emitted event that nobody could read', () => {
    const emitted = [{ type: 'sold', callback: () => {} }]
    expect(() => encodeTransition({ ...DRAFT, emitted })).toThrow('emitted events[0].callback cannot be stored')
  })
})

describe('a journal', () => {
  test('tells where each line came from by the line before', () => {
    const texts = [
      firstJournalText('pending'),
      journalText('after deliver', 'processing', 'w1'),
      journalText('error work', 'retrying', 'w2', { name: 'E', message: 'no' }),
    ]
    expect(readJournal(texts.map((text, i) => ({ seq: i, at: i * 10, text })))).toEqual([
      { seq: 0, at: 0, event: 'init', from: null, to: 'pending', worker: '' },
      { seq: 1, at: 10, event: 'after deliver', from: 'pending', to: 'processing', worker: 'w1' },
      { seq: 2, at: 20, event: 'error work', from: 'processing', to: 'retrying', worker: 'w2', error: 'E: no' },
    ])
  })

  test('keeps its columns apart whatever an event, a worker or an error is called', () => {
    const any = fc.string({
      unit: fc.oneof(
        fc.constantFrom('\u001f', '|', '\n', ' '),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
    })
    fc.assert(
      fc.property(any, any, any, (event, worker, message) => {
        const [line] = readJournal([{ seq: 0, at: 0, text: journalText(event, 'a.b', worker, { name: 'E', message }) }])
        const plain = (text: string): string => text.replaceAll('\u001f', ' ')
        expect(line).toMatchObject({
          event: plain(event),
          to: 'a.b',
          worker: plain(worker),
          error: plain(`E: ${message}`),
        })
      }),
      runs(200),
    )
  })

  test('tells what a step made of the context, as far as its line has room', () => {
    const [payload, large] = [{ to: 'ada' }, { text: 'x'.repeat(300) }]
    const input = { payload }
    const first = { payload, attempt: 0, gone: 1 }
    const second = { payload, attempt: 1, at: new Date(5), large }
    const third = { ...second, payload: { to: 'eve' } }
    const lines = [
      firstJournalText('a', changesText({}, first, input, 100)),
      journalText('GO', 'b', 'w', undefined, changesText(first, second, input, 100)),
      journalText('NO', 'b', 'w', { name: 'E', message: 'no' }, changesText(second, second, input, 100)),
      journalText('edit', 'b', 'w', undefined, changesText(second, third, input, 100)),
    ].map((text, seq) => ({ seq, at: seq, text }))
    const read = readJournal(lines, { input: { payload: { to: 'eve' } }, sentInput: input })
    expect(read.map(({ event, to, error, changed }) => [event, to, error, changed])).toEqual([
      ['init', 'a', undefined, { set: { attempt: 0, gone: 1, payload }, removed: [], truncated: [] }],
      ['GO', 'b', undefined, { set: { attempt: 1, at: new Date(5) }, removed: ['gone'], truncated: ['large'] }],
      ['NO', 'b', 'E: no', { set: {}, removed: [], truncated: [] }],
      ['edit', 'b', undefined, { set: { payload: { to: 'eve' } }, removed: [], truncated: [] }],
    ])
    // The payload is in the input already.
    expect(lines[0]!.text).not.toContain('ada')
    expect(readJournal([{ seq: 1, at: 1, text: journalText('GO', 'b', 'w', undefined, 'broken') }])[0]).toEqual({
      seq: 1,
      at: 1,
      event: 'GO',
      from: null,
      to: 'b',
      worker: 'w',
    })
  })

  test('keeps the first two hundred characters of an error', () => {
    const text = journalText('e', 'a', 'w', { name: 'E', message: 'x'.repeat(500) })
    expect(readJournal([{ seq: 0, at: 0, text }])[0]!.error).toHaveLength(200)
  })
})
