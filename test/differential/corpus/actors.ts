import { assign, raise, setup, spawnChild, stopChild, type AnyActorRef } from 'xstate'
import { inert } from '../inert.ts'
import { blank, note, notebook, type In, type Notes } from './notebook.ts'

/** One actor, its result or its error, a timeout, and a retry that re-enters. */
export const attempt = notebook.createMachine({
  id: 'attempt',
  context: blank,
  initial: 'idle',
  states: {
    idle: { on: { START: 'trying' } },
    trying: {
      entry: 'count',
      invoke: {
        id: 'try',
        src: 'work',
        input: ({ context, event }: In<Notes>) => ({ attempt: context.count, extra: event.extra }),
        onDone: [
          { guard: ({ event }) => event.output === null, target: 'idle' },
          { target: 'done', actions: 'keepResult' },
        ],
        onError: [
          { guard: 'isMany', target: 'failed', actions: 'keepResult' },
          { target: 'waiting', actions: [note('failed'), 'keepResult'] },
        ],
      },
      after: { 3000: 'waiting' },
      on: { AGAIN: { target: 'trying', reenter: true }, CANCEL: 'idle', SAME: 'trying' },
    },
    waiting: { after: { growing: 'trying' }, on: { NOW: 'trying', CANCEL: 'idle' } },
    done: { on: { START: { target: 'trying', actions: 'reset' } } },
    failed: { tags: 'bad', on: { START: { target: 'idle', actions: 'reset' } } },
  },
})

/** Several actors at a time, in regions and in one state. */
export const crew = notebook.createMachine({
  id: 'crew',
  context: blank,
  initial: 'build',
  states: {
    build: {
      type: 'parallel',
      onDone: { target: 'review', actions: 'tell' },
      on: { STOP: 'stopped' },
      states: {
        compile: {
          initial: 'run',
          states: {
            run: {
              invoke: {
                id: 'compile',
                src: 'work',
                input: { what: 'compile' },
                onDone: { target: 'ok', actions: 'keepResult' },
                onError: '#crew.stopped',
              },
            },
            ok: { type: 'final' },
          },
        },
        checks: {
          initial: 'run',
          states: {
            run: {
              invoke: [
                {
                  id: 'lint',
                  src: 'check',
                  input: () => new Map([['what', 'lint']]),
                  onDone: { actions: ['count', note('lint')] },
                  onError: { actions: note('lint failed') },
                },
                { id: 'types', src: 'check', onDone: { actions: ['count', note('types')] }, onError: 'run' },
              ],
              always: { guard: { type: 'isOver', params: 1 }, target: 'ok' },
              on: { REDO: { target: 'run', reenter: true, actions: 'reset' } },
            },
            ok: { type: 'final' },
          },
        },
      },
    },
    review: {
      invoke: {
        src: 'check',
        id: 'review',
        onDone: { target: 'build', actions: 'reset' },
        onError: { target: 'stopped' },
      },
      after: { 900: 'stopped' },
    },
    stopped: { entry: 'reset', on: { REDO: 'build', STOP: { actions: 'keep' } } },
  },
})

/** Actors at each level, which go when their state is left; an error that nobody hears ends the machine. */
export const towers = notebook.createMachine({
  id: 'towers',
  context: blank,
  initial: 'ground',
  invoke: { id: 'watch', src: 'work', input: 'all', onDone: { actions: note('watch done') } },
  states: {
    ground: { on: { UP: 'tower' } },
    tower: {
      invoke: { id: 'guard', src: 'check', onDone: '.top', onError: 'ground' },
      initial: 'stairs',
      on: { DOWN: 'ground', AGAIN: { target: 'tower', reenter: true } },
      states: {
        stairs: {
          invoke: {
            id: 'climb',
            src: 'work',
            input: ({ context }: In<Notes>) => context.count,
            onDone: { target: 'top', actions: 'count' },
            onError: { actions: 'keepResult' },
          },
          on: { UP: 'top' },
        },
        top: {
          invoke: { id: 'look', src: 'work', onDone: { actions: ['keepResult', 'tell'] } },
          on: { DOWN: 'stairs', END: '#towers.end' },
        },
      },
    },
    end: { type: 'final', output: 'over' },
  },
})

/** Actors that are spawned by name, stopped, and spawned again. */
export const spawner = notebook.createMachine({
  id: 'spawner',
  context: blank,
  initial: 'on',
  on: {
    'xstate.done.actor.extra': { actions: ['count', 'keepResult'] },
    'xstate.done.actor.other-*': { actions: note('never') },
    'xstate.error.actor.*': { actions: ['keepResult', 'noteEvent'] },
  },
  states: {
    on: {
      on: {
        SPAWN: {
          actions: [
            stopChild('extra'),
            spawnChild('work', { id: 'extra', input: ({ context }: In<Notes>) => context.count }),
          ],
        },
        MANY: { actions: spawnChild('check', { id: ({ event }) => `other-${(event.value ?? 0) % 4}` as const }) },
        DISMISS: { actions: stopChild('extra') },
        OFF: 'off',
      },
    },
    off: {
      entry: [stopChild('extra'), raise({ type: 'ON' }, { delay: 120 })],
      on: { ON: 'on', SPAWN: { actions: 'count' } },
    },
  },
})

/** Actors that are written where they are invoked, without an id. */
export const nameless = notebook.createMachine({
  id: 'nameless',
  context: blank,
  initial: 'a',
  states: {
    a: {
      invoke: {
        src: inert,
        input: ({ context }: In<Notes>) => ({ n: context.count }),
        onDone: { target: 'b', actions: 'keepResult' },
        onError: { target: 'a', reenter: true },
      },
      on: { NEXT: 'b' },
    },
    b: {
      invoke: [
        { src: inert, onDone: { actions: 'count' }, onError: { actions: note('first') } },
        { src: 'work', onDone: 'a', onError: { actions: note('second') } },
      ],
      on: { NEXT: 'a' },
      after: { 700: 'a' },
    },
  },
})

/** An actor that is left by a transition without an event in the same step is never started. */
export const fleeting = notebook.createMachine({
  id: 'fleeting',
  context: blank,
  initial: 'still',
  states: {
    still: { on: { GO: 'passing', ADD: { actions: 'count' } } },
    passing: {
      invoke: { id: 'pass', src: 'work', onDone: { target: 'still', actions: 'keepResult' }, onError: 'still' },
      always: { guard: 'isEven', target: 'beyond' },
      on: { ADD: { actions: 'count' } },
    },
    beyond: {
      invoke: {
        id: 'pass',
        src: 'check',
        input: ({ context }: In<Notes>) => [context.count],
        onDone: 'still',
        onError: { target: 'passing', actions: 'count' },
      },
    },
  },
})

/** Actors that stand in the context after they have ended, failed or been stopped, and after the machine has. */
export const keeper = setup({
  types: { context: {} as { hired: number; helpers: AnyActorRef[] } },
  actors: { work: inert },
  actions: { wave: () => {} },
}).createMachine({
  id: 'keeper',
  context: { hired: 0, helpers: [] },
  initial: 'open',
  states: {
    open: {
      on: {
        HIRE: {
          actions: [
            assign({ hired: ({ context }) => context.hired + 1 }),
            assign({
              helpers: ({ context, spawn }) => [
                ...context.helpers.slice(-2),
                spawn('work', { id: `helper${context.hired % 3}` }),
              ],
            }),
          ],
        },
        FIRE: { actions: stopChild(({ context }) => `helper${context.hired % 3}`) },
        FORGET: { actions: assign({ helpers: ({ context }) => context.helpers.slice(1) }) },
        'xstate.error.actor.helper1': { actions: 'wave' },
        CLOSE: { guard: ({ context }) => context.hired % 4 === 3, target: 'closed' },
      },
    },
    closed: { type: 'final', entry: 'wave' },
  },
})
