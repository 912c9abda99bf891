import { describe, expect, test } from '@jest/globals'
import {
  assign,
  emit,
  enqueueActions,
  fromCallback,
  fromPromise,
  raise,
  spawnChild,
  type ProvidedActor,
  type Spawner,
} from 'xstate'
import { decode } from '../../src/codec.ts'
import { decodeTransitions } from '../../src/events/transition-text.ts'
import { readJournal } from '../../src/events/journal-text.ts'
import { event, stageOf, type Stage } from './stage.ts'

const job = fromPromise(() => Promise.resolve())
/** Elsewhere than in the machine, so that its registration does not see it. */
const grow = ({ spawn }: { spawn: Spawner<ProvidedActor> }): unknown => spawn('job', { id: 's' })

const boom = (): never => {
  throw new RangeError('it broke')
}

interface Reason {
  readonly reason: string
  readonly event: { readonly type: string }
  readonly state: string
}

const reasonOf = ({ shelf }: Stage): Reason => decode(shelf.stored.fields['q'] ?? 'null') as Reason

/** Whatever the machine asks for in a step, it cannot be had. */
const faults: readonly [string, object, string][] = [
  ['a guard throws', { on: { GO: { guard: boom, target: 'b' } } }, 'it broke'],
  ['an assign throws', { on: { GO: { actions: assign(boom) } } }, 'it broke'],
  ['parameters throw', { on: { GO: { actions: { type: 'notify', params: boom } } } }, 'it broke'],
  ['an emitted event throws', { on: { GO: { actions: emit(boom) } } }, 'it broke'],
  [
    'a delay throws',
    { on: { GO: '.in' }, initial: 'out', states: { out: {}, in: { after: { broken: '#m.b' } } } },
    'it broke',
  ],
  [
    'the input of an invocation throws',
    { on: { GO: '.in' }, initial: 'out', states: { out: {}, in: { invoke: { id: 'i', src: 'job', input: boom } } } },
    'it broke',
  ],
  [
    'a delay is no number',
    { on: { GO: '.in' }, initial: 'out', states: { out: {}, in: { after: { nan: '#m.b' } } } },
    'the delay of timer "xstate.after.nan.m.a.in" must be a number of milliseconds; got NaN',
  ],
  [
    'a delay never ends',
    { on: { GO: '.in' }, initial: 'out', states: { out: {}, in: { after: { endless: '#m.b' } } } },
    'got Infinity',
  ],
  [
    'the context cannot be stored',
    { on: { GO: { actions: assign({ call: () => () => {} }) } } },
    'context.call cannot be stored and read back unchanged',
  ],
  [
    'an emitted event cannot be stored',
    { on: { GO: { actions: emit({ type: 'X', call: boom }) } } },
    'emitted events[0].call cannot be stored',
  ],
  [
    'parameters cannot be stored',
    { on: { GO: { actions: { type: 'notify', params: { call: boom } } } } },
    'parameters of notify.call cannot be stored',
  ],
  [
    'the event of a timer cannot be stored',
    {
      on: {
        GO: {
          actions: enqueueActions(({ enqueue }) =>
            enqueue.raise({ type: 'X', call: boom } as never, { id: 't', delay: 5 }),
          ),
        },
      },
    },
    'event of timer t.call cannot be stored',
  ],
  [
    'the input of an invocation cannot be stored',
    {
      on: { GO: '.in' },
      initial: 'out',
      states: { out: {}, in: { invoke: { id: 'i', src: 'job', input: () => boom } } },
    },
    'input of an invocation cannot be stored',
  ],
  ['the output cannot be stored', { on: { GO: '#end' } }, 'output cannot be stored'],
  [
    'an actor is spawned in a way that nobody saw coming',
    { on: { GO: { actions: assign({ ref: (args) => void grow(args) }) } } },
    'the actor "s" is spawned within an assign',
  ],
  [
    'an actor is spawned from code that has no name',
    { on: { GO: { actions: assign({ ref: ({ spawn }) => void spawn(job, { id: 's' }) }) } } },
    'the actor "s" is spawned from code that has no name',
  ],
  [
    'an actor is spawned where nobody would find it',
    { on: { GO: { actions: enqueueActions(({ enqueue }) => enqueue.spawnChild('job' as never)) } } },
    'an actor is spawned by spawnChild() without an id',
  ],
  [
    'an actor is spawned that would talk all the time',
    {
      on: {
        GO: {
          actions: enqueueActions(({ enqueue }) => enqueue.spawnChild(fromCallback(() => {}) as never, { id: 's' })),
        },
      },
    },
    'the actor "s" is spawned from code that has no name',
  ],
]

const implementations = {
  actors: { job },
  actions: { notify: () => {}, begin: spawnChild('job', { id: 'spawned' }) },
  delays: { broken: boom, nan: () => NaN, endless: Infinity, slow: 5000 },
}

function faulty(config: object): Stage {
  const a = {
    invoke: { id: 'work', src: 'job' },
    after: { slow: 'b' },
    ...config,
    on: { NOTE: { actions: assign({ noted: true }) }, ...(config as { on?: object }).on },
  }
  const root = {
    context: { noted: false },
    output: () => boom,
    states: { a, b: {}, end: { id: 'end', type: 'final' } },
  }
  return stageOf(a, { implementations, root, input: { to: 'ada' } })
}

describe.each(faults)('a message is put aside when %s:', (_, config, why) => {
  test('as it was before, with the reason and the event that it could not take', () => {
    const it = faulty(config)
    it.advance()
    const before = it.shelf.stored
    const { entry, started, effects, actions } = it.advance('NOTE', 'GO', 'NOTE')
    expect(entry).toMatchObject({
      state: '~quarantined',
      disposal: 'park',
      consumed: 0,
      setTimers: [],
      clearTimers: [],
    })
    expect({ started, effects, actions }).toEqual({ started: [], effects: [], actions: [] })
    expect(it.shelf.stored.timers).toEqual(before.timers)
    expect(it.shelf.stored.inbox).toEqual(['{"type":"NOTE"}', '{"type":"GO"}', '{"type":"NOTE"}'])
    const { q: _reason, 'I0-0': _first, 'I0-1': _second, ...fields } = it.shelf.stored.fields
    expect(before.fields).toMatchObject(fields)
    expect(decode(fields['c']!.trim())).toEqual({ noted: false })
    expect(reasonOf(it)).toMatchObject({ state: before.state, reason: expect.stringContaining(why) })
  })
})

describe('a message that was put aside', () => {
  const guarded = { on: { GO: { guard: boom, target: 'b' } } }

  test('tells of the event on which the machine threw', () => {
    const it = faulty(guarded)
    it.advance('NOTE', event('GO', { by: 'ada' }))
    expect(reasonOf(it).event).toEqual({ type: 'GO', by: 'ada' })
    const [guard] = reasonOf(it).reason.split('\n')
    expect(guard).toBe("Error: Unable to evaluate guard in transition for event 'GO' in state node 'm.a':")
  })

  test('tells of the last event when only their sum could not be stored, and of a result likewise', () => {
    const storing = {
      on: { GO: { actions: assign({ call: () => boom }) } },
      invoke: { id: 'work', src: 'job', onDone: { actions: assign({ call: () => boom }) } },
    }
    const one = faulty(storing)
    one.advance('NOTE', event('GO', { by: 'ada' }))
    expect(reasonOf(one).event).toEqual({ type: 'GO', by: 'ada' })
    const other = faulty(storing)
    other.advance(other.done('work', { total: 7n }))
    expect(reasonOf(other).event).toEqual({ type: 'xstate.done.actor.work', actorId: 'work', output: { total: 7n } })
  })

  test('tells of an event that cannot be stored itself by what of it can be, and by what its error says', () => {
    const failing = { invoke: { id: 'work', src: 'job', onDone: { guard: boom }, onError: { guard: boom } } }
    const one = faulty(failing)
    one.advance(one.done('work', () => {}))
    expect(reasonOf(one).event).toEqual({ type: 'xstate.done.actor.work', actorId: 'work' })
    const other = faulty(failing)
    const thrown = Object.assign(new TypeError('hung up'), { code: 'ECONNRESET', socket: { destroy: () => {} } })
    other.advance(other.error('work', thrown))
    expect(reasonOf(other).event).toMatchObject({
      type: 'xstate.error.actor.work',
      error: { name: 'TypeError', message: 'hung up', code: 'ECONNRESET' },
    })
  })

  test('says so in the journal and in the feed', () => {
    const { advance, shelf } = faulty(guarded)
    const { entry } = advance('GO')
    const [line] = readJournal(shelf.stored.journal).slice(-1)
    expect(line).toMatchObject({
      event: 'quarantine',
      from: 'a',
      to: '~quarantined',
      worker: 'w1',
      error: expect.stringContaining('it broke'),
    })
    expect(decodeTransitions('q', 0, `[${entry.transitions[0]}]`)).toMatchObject([
      { event: 'quarantine', from: 'a', to: '~quarantined', tags: ['quarantined'], error: { code: 'E_STEP_FAILED' } },
    ])
  })

  test('stops its handlers, and remembers to run them again', () => {
    const { advance, shelf } = faulty(guarded)
    advance()
    expect(shelf.stored.fields['I0-1']).toBe('+work\njob\n')
    const { stopped } = advance('GO')
    expect(stopped).toMatchObject([{ invocation: { id: 'work' }, by: { type: 'event', event: { type: 'GO' } } }])
    expect(shelf.stored.fields['I0-1']).toBe('-work\njob\n')
  })

  test('also when it threw something that is no error', () => {
    const it = faulty({
      on: {
        GO: {
          actions: assign(() => {
            // oxlint-disable-next-line typescript/only-throw-error -- what users do
            throw 'just text'
          }),
        },
      },
    })
    it.advance('GO')
    expect(reasonOf(it).reason).toBe('Error: the machine threw just text')
  })

  test('goes on as before when the fault is mended', () => {
    const it = faulty(guarded)
    it.advance('GO')
    const stored = { ...it.shelf.stored, state: reasonOf(it).state }
    expect(stored).toMatchObject({ state: 'a', inbox: ['{"type":"GO"}'], timers: [{ due: it.shelf.now + 5000 }] })
  })
})

describe('a step that leads to where nobody can rest', () => {
  // XState lets one region leave the parallel state, and the other enter its history again.
  const p = {
    type: 'parallel',
    states: {
      one: { on: { GO: '#m.b' } },
      two: { initial: 'x', states: { x: { on: { GO: 'last' } }, y: {}, last: { type: 'history' } } },
    },
  }

  test.each<[string, object]>([
    ['before', { b: {}, p }],
    ['behind', { p, b: {} }],
  ])('puts the message aside before it is stored there (the other state stands %s)', (_, states) => {
    const it = stageOf({}, { root: { initial: 'p', states } })
    expect(it.advance('GO').entry.state).toBe('~quarantined')
    expect(reasonOf(it)).toMatchObject({ state: 'p.one+p.two.x', event: { type: 'GO' } })
    expect(reasonOf(it).reason).toContain('is no resting place of m')
  })
})

describe('a message is not even sent when its first step', () => {
  const first =
    (entry: unknown, root: object = {}) =>
    () =>
      stageOf({ entry }, { implementations, root })

  test.each<[string, () => Stage, string]>([
    ['throws', first(assign(boom)), 'it broke'],
    ['has no context', first([], { context: boom }), 'it broke'],
    ['has a context that cannot be stored', first(assign({ call: () => boom })), 'context.call cannot be stored'],
    [
      'makes an actor in a way that nobody saw coming',
      first(assign({ ref: (args) => void grow(args) })),
      'the actor "s" is spawned within an assign',
    ],
    [
      'asks for a delay that is none',
      first(raise({ type: 'X' }, { id: 't', delay: NaN })),
      'the delay of timer "t" must be a number',
    ],
  ])('%s', (_, start, why) => {
    expect(start).toThrow(why)
  })
})
