import { blank, note, notebook, type In, type Notes } from './notebook.ts'

/** Final states at two levels, with outputs that go up. */
export const outputs = notebook.createMachine({
  id: 'outputs',
  context: blank,
  initial: 'job',
  output: ({ context, event }: In<Notes>) => ({ count: context.count, kept: context.kept, event: event.type }),
  states: {
    job: {
      initial: 'part',
      onDone: [
        {
          guard: ({ event }) => (event.output as { again: boolean }).again,
          target: 'job',
          reenter: true,
          actions: 'keepResult',
        },
        { target: 'wrap', actions: 'keepResult' },
      ],
      states: {
        part: { on: { ADD: { actions: 'add' }, FINISH: 'finished' } },
        finished: {
          type: 'final',
          output: ({ context, event }) => ({ again: context.count % 3 === 1, extra: event.extra }),
        },
      },
    },
    wrap: {
      entry: 'tell',
      on: { CLOSE: 'closed', AGAIN: 'job', KEEP: { actions: 'keep' } },
      after: { 5000: 'expired' },
    },
    closed: { type: 'final', tags: ['good'] },
    expired: { type: 'final', tags: ['bad'], entry: note('expired') },
  },
})

/** A parallel state that is final in all its regions ends the machine. */
export const race = notebook.createMachine({
  id: 'race',
  context: blank,
  type: 'parallel',
  output: ({ context }: In<Notes>) => context.log,
  states: {
    hare: {
      initial: 'run',
      states: {
        run: {
          on: {
            HOP: [
              { guard: 'isBig', target: 'rest' },
              { target: 'goal', guard: 'isEven' },
            ],
          },
        },
        rest: { after: { 200: 'run' }, exit: 'count' },
        goal: { type: 'final', entry: note('hare') },
      },
    },
    tortoise: {
      initial: 'walk',
      on: { STEP: { actions: 'count' } },
      states: {
        walk: { always: { guard: { type: 'isOver', params: 8 }, target: 'goal' } },
        goal: { type: 'final', entry: note('tortoise') },
      },
    },
  },
})

/** Order of entries, exits and actions through four levels. */
export const depth = notebook.createMachine({
  id: 'depth',
  context: blank,
  initial: 'a',
  exit: note('-depth'),
  states: {
    a: {
      entry: note('+a'),
      exit: note('-a'),
      initial: 'b',
      states: {
        b: {
          entry: note('+b'),
          exit: note('-b'),
          initial: 'c',
          on: { UP: '#depth.z', TO: { target: '.d', actions: note('b to d') } },
          states: {
            c: {
              entry: [note('+c'), 'tell'],
              exit: note('-c'),
              on: { UP: 'd', OUT: { target: '#depth.z', actions: note('out') } },
            },
            d: {
              entry: note('+d'),
              exit: note('-d'),
              initial: 'e',
              states: { e: { entry: note('+e'), exit: [note('-e'), 'count'] } },
              on: { UP: { target: '#depth.a', reenter: true }, END: '#depth.end' },
            },
          },
        },
      },
    },
    z: { on: { UP: 'a', TO: 'a.b.d' }, exit: 'keep' },
    end: { type: 'final', entry: [note('end'), 'tell'] },
  },
})

/** At its end in its first step, in all its regions at once. */
export const instant = notebook.createMachine({
  id: 'instant',
  context: blank,
  type: 'parallel',
  entry: note('+instant'),
  states: { left: { type: 'final', entry: 'count' }, right: { type: 'final', entry: note('+right') } },
})

/** Code in initial transitions, of the root and below. */
export const beginnings = notebook.createMachine({
  id: 'beginnings',
  context: blank,
  initial: { target: 'outer', actions: note('initial') },
  states: {
    outer: {
      initial: { target: 'inner', actions: [note('initial of outer'), () => {}] },
      states: { inner: { on: { GO: '#beginnings.outer' } } },
      on: { AGAIN: { target: 'outer', reenter: true } },
    },
  },
})
