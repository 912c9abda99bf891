import { describe, expect, test } from '@jest/globals'
import { assign } from 'xstate'
import { encode } from '../../src/codec.ts'
import { handBack } from '../../src/engine/hand-back.ts'
import { readJournal } from '../../src/events/journal-text.ts'
import { stageOf, type Stage } from './stage.ts'

// What advance() writes, and what becomes of the message with it.

const work = { id: 'work', src: 'job', onDone: 'b', onError: 'b' }

describe('the journal', () => {
  const looping = { on: { GO: { target: 'a', reenter: true, actions: assign({ at: () => ({}) }) } } }
  const seqs = (entries: readonly { seq: number }[]): number[] => entries.map(({ seq }) => seq)

  test('keeps as many lines as it may, and forgets the oldest', () => {
    const { advance, shelf } = stageOf(looping, { settings: { journal: 3 } })
    expect(seqs(advance('GO').entry.forget)).toEqual([])
    expect(seqs(advance('GO').entry.forget)).toEqual([])
    expect(seqs(advance('GO').entry.forget)).toEqual([0])
    expect(seqs(advance('GO', 'GO').entry.forget)).toEqual([1, 2])
    expect(seqs(shelf.stored.journal)).toEqual([3, 4, 5])
  })

  test('writes only the last ones of a commit that has more', () => {
    const { advance, shelf } = stageOf(looping, { settings: { journal: 2 } })
    const { entry, message } = advance('GO', 'GO', 'GO', 'GO')
    expect(seqs(entry.journal)).toEqual([3, 4])
    expect(seqs(entry.forget)).toEqual([0])
    expect(seqs(shelf.stored.journal)).toEqual([3, 4])
    expect(seqs(message.journal)).toEqual([3, 4])
  })

  test('calls timers, results and failures by short names', () => {
    const invoke = { id: 'work', src: 'job', onDone: 'b', onError: { target: 'a', reenter: true } }
    const { advance, timer, done, error, shelf } = stageOf({ invoke, after: { 50: { target: 'a', reenter: true } } })
    advance(timer())
    advance(error('work', new TypeError('no')))
    advance(done('work', 1))
    const told = readJournal(shelf.stored.journal).map(({ event, from, to, error: why }) => [event, from, to, why])
    expect(told).toEqual([
      ['init', null, 'a', undefined],
      ['after 50', 'a', 'a', undefined],
      ['error work', 'a', 'a', 'TypeError: no'],
      ['done work', 'a', 'b', undefined],
    ])
  })
})

describe('a message', () => {
  const disposal = ({ advance }: Stage, ...events: string[]): string => advance(...events).entry.disposal
  const ending = { states: { a: { on: { END: 'c' } }, c: { type: 'final', tags: 'cancelled' } } }
  const resting = { states: { a: { on: { END: 'c' } }, c: { tags: ['dead', 'settled'], on: { AGAIN: 'a' } } } }
  const removes = (tags: readonly string[]): boolean => tags.includes('cancelled') || tags.includes('dead')

  test('is kept while an invocation runs', () => {
    const { advance } = stageOf(
      { on: { GO: 'b' } },
      { root: { states: { a: { on: { GO: 'b' } }, b: { invoke: { id: 'work', src: 'job' } } } } },
    )
    const { entry, started } = advance('GO')
    expect(entry.disposal).toBe('keep')
    expect(started).toMatchObject([{ id: 'work', src: 'job', running: false }])
  })

  test('is released while it waits for a timer or an event', () => {
    expect(disposal(stageOf({ after: { 50: 'b' } }))).toBe('release')
    expect(disposal(stageOf({ on: { GO: 'b' } }), 'GO')).toBe('release')
    expect(disposal(stageOf({}, { root: resting }), 'END')).toBe('release')
  })

  test('is settled when its machine is finished', () => {
    expect(disposal(stageOf({}, { root: ending }), 'END')).toBe('settle')
  })

  test('is removed when what settles like this leaves nothing behind', () => {
    expect(disposal(stageOf({}, { root: ending, settings: { removes } }), 'END')).toBe('remove')
    expect(disposal(stageOf({}, { root: resting, settings: { removes } }), 'END')).toBe('remove')
    expect(disposal(stageOf({}, { root: ending, settings: { removes: (tags) => tags.includes('dead') } }), 'END')).toBe(
      'settle',
    )
    expect(disposal(stageOf({ after: { 50: 'b' } }, { settings: { removes: () => true } }))).toBe('release')
  })

  test('that is finished waits for nothing: the timers and invocations around its end are over', () => {
    const { advance, shelf } = stageOf(
      {},
      {
        root: {
          after: { 1000: { actions: [] } },
          invoke: { id: 'watch', src: 'job' },
          states: { a: { on: { END: 'c' } }, c: { type: 'final' } },
        },
      },
    )
    const { entry, stopped, message } = advance('END')
    expect(entry.clearTimers).toHaveLength(1)
    expect(stopped).toMatchObject([{ invocation: { id: 'watch' } }])
    expect(message).toMatchObject({ timers: new Map(), invocations: new Map() })
    expect(shelf.stored.timers).toEqual([])
    expect(Object.keys(shelf.stored.fields).filter((field) => field.startsWith('I'))).toEqual([])
  })

  test('that is finished says how: its status, its output', () => {
    const output = { total: 3n }
    const { advance, shelf } = stageOf({}, { root: { ...ending, output } })
    const { entry } = advance('END')
    expect(shelf.stored.fields).toMatchObject({ x: 'done', u: encode(output, 'output') })
    expect(JSON.parse(entry.transitions[0]!)).toEqual([
      'm1',
      2,
      'END',
      'a',
      'c',
      'w1',
      { t: ['cancelled'], s: 'done', o: encode(output, 'output') },
    ])
  })

  test('whose machine ends by an error nobody takes is a failed one', () => {
    const { advance, error, shelf } = stageOf({ invoke: { id: 'work', src: 'job' } })
    const { entry } = advance(error('work', Object.assign(new RangeError('too much'), { code: 'E_RANGE' })))
    expect(entry).toMatchObject({ state: '~failed', disposal: 'release' })
    expect(JSON.parse(entry.transitions[0]!)).toEqual([
      'm1',
      2,
      'error work',
      'a',
      '~failed',
      'w1',
      { t: ['dead'], s: 'error', e: { name: 'RangeError', message: 'too much', code: 'E_RANGE' } },
    ])
    expect(shelf.stored.fields).toMatchObject({ x: 'error', e: expect.stringContaining('too much') })
  })

  test('whose machine ends by an error that cannot be stored is a failed one all the same', () => {
    const { advance, error, shelf } = stageOf({ invoke: { id: 'work', src: 'job' } })
    const thrown = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET', config: { transform: () => {} } })
    expect(advance(error('work', thrown)).entry.state).toBe('~failed')
    expect(shelf.stored.fields['e']).toContain('socket hang up')
  })
})

describe('handlers', () => {
  test('are begun when their invocation was committed, and told why they end', () => {
    const { advance, timer } = stageOf({
      invoke: work,
      after: { 50: 'b' },
      on: { AGAIN: { target: 'a', reenter: true }, LEAVE: 'b' },
    })
    const first = advance()
    expect(first.started).toMatchObject([{ nonce: '0-1', running: false }])
    expect(first.stopped).toEqual([])
    expect(first.message.invocations.get('work')).toMatchObject({ nonce: '0-1', running: true })

    const again = advance('AGAIN')
    expect(again.stopped).toMatchObject([
      { invocation: { nonce: '0-1' }, by: { type: 'event', event: { type: 'AGAIN' } } },
    ])
    expect(again.started).toMatchObject([{ id: 'work' }])
    expect(again.started[0]!.nonce).not.toBe('0-1')

    const timeout = timer()
    expect(advance(timeout)).toMatchObject({ started: [], stopped: [{ invocation: { id: 'work' }, by: timeout }] })
  })

  test('that ended by themselves are not told to', () => {
    const { advance, done } = stageOf({ invoke: [work, { ...work, id: 'other' }] })
    advance()
    const { stopped } = advance(done('work'))
    expect(stopped).toMatchObject([{ invocation: { id: 'other' }, by: { type: 'done' } }])
  })

  test('that were handed back are begun again, and the machine hears of nothing', () => {
    const { advance, claim, shelf } = stageOf({ invoke: work, after: { 50: 'b' } })
    advance()
    const back = handBack(claim())
    expect(back).toMatchObject({
      state: 'a',
      attention: 'now',
      disposal: 'release',
      earliest: shelf.now + 50,
      transitions: [],
    })
    shelf.commit(back)
    const { started, entry } = advance()
    expect(started).toMatchObject([{ nonce: '0-1', running: false }])
    expect(entry).toMatchObject({ transitions: [], journal: [], entered: false })
  })
})

describe('the fields', () => {
  const changed = ({ entry }: { entry: { changes: readonly { field: string }[] } }): string[] =>
    entry.changes.map(({ field }) => field).toSorted()

  test('that change are written, and no others', () => {
    const { advance, shelf } = stageOf(
      {
        on: { COUNT: { actions: assign({ n: ({ context }: { context: { n: number } }) => context.n + 1 }) }, GO: 'b' },
      },
      { root: { context: { n: 0 } } },
    )
    const { entry } = advance('COUNT')
    expect(entry.changes).toEqual([{ field: 'c', value: '\n{"n":1}', previous: '\n{"n":0}' }])
    expect(entry.entered).toBe(false)
    expect(advance('GO').entry).toMatchObject({ changes: [], entered: true, state: 'b' })
    expect(shelf.stored.fields['m']).toMatch(/^m@0#[0-9a-f]{8}$/)
  })

  test('hold a payload once: what the context or an invocation has of it is a reference', () => {
    const input = { payload: { to: 'ada', text: 'x'.repeat(1000) }, other: { big: 'y'.repeat(1000) } }
    interface Context {
      payload: object
      attempt: number
    }
    const again = {
      target: 'a',
      reenter: true,
      actions: assign({ attempt: ({ context }: { context: Context }) => context.attempt + 1 }),
    }
    const invoke = {
      id: 'work',
      src: 'job',
      input: ({ context }: { context: Context }) => context.payload,
      onError: again,
    }
    const context = ({ input: given }: { input: object }) => ({ ...given, attempt: 0 })
    const { advance, shelf, error, claim } = stageOf({ invoke }, { input, root: { context } })
    expect(shelf.stored.fields).toEqual({
      m: shelf.stored.fields['m'],
      p: JSON.stringify(input),
      c: 'payload,other\n{"attempt":0}',
      'I0-0': '-work\njob\n=payload',
    })
    advance()
    expect(changed(advance(error('work', new Error('no'))))).toEqual(['I0-0', 'I3-0', 'c'])
    expect(shelf.stored.fields['c']).toBe('payload,other\n{"attempt":1}')
    const { snapshot, invocations, input: restored } = claim()
    expect((snapshot.context as Context).payload).toBe((restored as typeof input).payload)
    expect(invocations.get('work')!.input).toBe((restored as typeof input).payload)
  })

  test.each([
    ['', 'an empty one'],
    ['a,b', 'with a comma'],
    ['%', 'with a sign'],
    ['\ud83d', 'half a character'],
    ['a\nb', 'two lines'],
    ['constructor', 'of every object'],
  ])('tell a shared payload by its key, be it %j (%s)', (key) => {
    const input = { [key]: { text: 'kept' } }
    const { claim, advance } = stageOf(
      { invoke: { ...work, input: ({ context }: { context: Record<string, unknown> }) => context[key] } },
      { input, root: { context: ({ input: given }: { input: object }) => ({ ...given }) } },
    )
    expect(claim().snapshot.context).toEqual(input)
    expect(claim().invocations.get('work')!.input).toEqual({ text: 'kept' })
    expect(advance().started).toMatchObject([{ input: { text: 'kept' } }])
  })

  test('keep apart a part of the payload that the machine has replaced', () => {
    const { advance, shelf, claim } = stageOf(
      { on: { SWAP: { actions: assign({ payload: () => ({ to: 'bob' }) }) } } },
      { input: { payload: { to: 'ada' } }, root: { context: ({ input }: { input: object }) => ({ ...input }) } },
    )
    advance('SWAP')
    expect(shelf.stored.fields).toMatchObject({ p: '{"payload":{"to":"ada"}}', c: '\n{"payload":{"to":"bob"}}' })
    expect(claim()).toMatchObject({
      snapshot: { context: { payload: { to: 'bob' } } },
      input: { payload: { to: 'ada' } },
    })
  })

  test('of an invocation go with it', () => {
    const { advance, done, shelf } = stageOf({ invoke: work })
    advance()
    const { entry } = advance(done('work'))
    expect(entry.changes).toEqual([{ field: 'I0-0', previous: '+work\njob\n' }])
    expect(Object.keys(shelf.stored.fields).toSorted()).toEqual(['c', 'm', 'p'])
  })
})
