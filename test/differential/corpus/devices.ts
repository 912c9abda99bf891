import { and, assign, emit, raise, setup, stateIn } from 'xstate'
import { typed } from '../../engine/charts/chart.ts'
import { inert } from '../inert.ts'
import { blank, note, notebook, type CorpusEvent, type In } from './notebook.ts'

/** Two lights that wait for each other, a walker's button, and a night mode. */
export const traffic = notebook.createMachine({
  id: 'traffic',
  context: blank,
  initial: 'day',
  states: {
    day: {
      type: 'parallel',
      on: { NIGHT: 'night' },
      states: {
        cars: {
          initial: 'green',
          states: {
            green: {
              after: { 30000: 'yellow' },
              on: { WALK: { guard: stateIn({ day: { button: 'pressed' } }), target: 'yellow' } },
            },
            yellow: { after: { 3000: 'red' }, entry: 'count' },
            red: { entry: [raise({ type: 'SAFE' }), note('red')], on: { CLEAR: 'green' } },
          },
        },
        people: {
          initial: 'stop',
          states: {
            stop: { on: { SAFE: 'go' } },
            go: { after: { 12000: 'hurry' } },
            hurry: { after: { 4000: 'stop' }, exit: raise({ type: 'CLEAR' }) },
          },
        },
        button: {
          initial: 'free',
          states: {
            free: { on: { PRESS: 'pressed' } },
            pressed: { on: { SAFE: 'free' }, after: { 5000: { actions: raise({ type: 'WALK' }) } } },
          },
        },
      },
    },
    night: {
      initial: 'dark',
      on: { DAY: 'day' },
      states: { dark: { after: { 1000: 'blink' } }, blink: { after: { 500: 'dark' }, entry: 'count' } },
    },
  },
})

/** A player: tracks, volume and sleep timer. */
export const player = setup({
  types: typed<{
    context: { track: number; volume: number; at: number }
    events: CorpusEvent
    emitted: { type: 'playing'; track: number }
  }>(),
  actors: { load: inert },
  guards: { isLast: ({ context }) => context.track >= 3, isLoud: ({ context }) => context.volume >= 1 },
  actions: {
    forward: assign({ track: ({ context }) => context.track + 1, at: 0 }),
    rewind: assign({ track: 0, at: 0 }),
    louder: assign({ volume: ({ context }) => context.volume + 0.1 }),
    softer: assign({ volume: ({ context }) => Math.max(0, context.volume - 0.3) }),
    seek: assign({ at: ({ event }) => (event.value ?? 0) * 10 }),
  },
}).createMachine({
  id: 'player',
  context: { track: 0, volume: 0.5, at: 0 },
  type: 'parallel',
  states: {
    deck: {
      initial: 'stopped',
      states: {
        stopped: { on: { PLAY: 'loading' } },
        loading: {
          invoke: {
            id: 'load',
            src: 'load',
            input: ({ context }: In<{ track: number }>) => context.track,
            onDone: 'playing',
            onError: [
              { guard: 'isLast', target: 'stopped', actions: 'rewind' },
              { target: 'loading', reenter: true, actions: 'forward' },
            ],
          },
        },
        playing: {
          entry: emit(({ context }) => ({ type: 'playing', track: context.track })),
          on: {
            PAUSE: 'paused',
            STOP: 'stopped',
            SKIP: { target: 'loading', actions: 'forward' },
            SEEK: { actions: 'seek' },
          },
          after: {
            180000: [
              { guard: 'isLast', target: 'stopped', actions: 'rewind' },
              { target: 'loading', actions: 'forward' },
            ],
          },
        },
        paused: { on: { PLAY: 'playing', STOP: 'stopped' }, after: { 600000: 'stopped' } },
      },
    },
    sound: {
      initial: 'normal',
      states: {
        normal: {
          on: { UP: { actions: 'louder' }, DOWN: { actions: 'softer' }, MUTE: 'muted' },
          always: { guard: 'isLoud', target: 'loud' },
        },
        loud: { on: { DOWN: { target: 'normal', actions: 'softer' }, MUTE: 'muted' } },
        muted: { on: { MUTE: 'normal', UP: 'normal' } },
      },
    },
    sleep: {
      initial: 'off',
      states: {
        off: { on: { SLEEP: 'set' } },
        set: { after: { 900000: { target: 'off', actions: raise({ type: 'STOP' }) } }, on: { SLEEP: 'off' } },
      },
    },
  },
})

/** A stopwatch that ticks while it runs, with laps. */
export const stopwatch = setup({
  types: typed<{ context: { ticks: number; laps: readonly number[] }; events: CorpusEvent }>(),
  actions: {
    tick: assign({ ticks: ({ context }) => context.ticks + 1 }),
    lap: assign({ laps: ({ context }) => [...context.laps.slice(-3), context.ticks] }),
    zero: assign({ ticks: 0, laps: [] }),
  },
}).createMachine({
  id: 'stopwatch',
  context: { ticks: 0, laps: [] },
  initial: 'zero',
  states: {
    zero: { entry: 'zero', on: { BUTTON: 'running' } },
    running: {
      after: { 10: { target: 'running', reenter: true, actions: 'tick' } },
      on: { BUTTON: 'stopped', LAP: { actions: 'lap' } },
    },
    stopped: { on: { BUTTON: 'running', LAP: 'zero' } },
  },
})

/** A lift with a list of wishes, doors that close, and an alarm. */
export const elevator = setup({
  types: typed<{ context: { floor: number; wishes: ReadonlySet<number>; heading: 1 | -1 }; events: CorpusEvent }>(),
  guards: {
    isWished: ({ context }) => context.wishes.has(context.floor),
    hasWishes: ({ context }) => context.wishes.size > 0,
    mustTurn: ({ context }) => ![...context.wishes].some((wish) => Math.sign(wish - context.floor) === context.heading),
  },
  actions: {
    wish: assign({ wishes: ({ context, event }) => new Set([...context.wishes, (event.value ?? 0) % 6]) }),
    serve: assign({ wishes: ({ context }) => new Set([...context.wishes].filter((wish) => wish !== context.floor)) }),
    move: assign({ floor: ({ context }) => Math.min(5, Math.max(0, context.floor + context.heading)) }),
    turn: assign({ heading: ({ context }): 1 | -1 => (context.heading === 1 ? -1 : 1) }),
  },
}).createMachine({
  id: 'elevator',
  context: { floor: 0, wishes: new Set<number>(), heading: 1 },
  initial: 'resting',
  on: { CALL: { actions: 'wish' }, ALARM: '.stuck' },
  states: {
    resting: {
      always: [
        { guard: 'isWished', target: 'open' },
        { guard: and(['hasWishes', 'mustTurn']), actions: 'turn', target: 'moving' },
        { guard: 'hasWishes', target: 'moving' },
      ],
    },
    moving: {
      after: {
        2000: [
          { guard: 'isWished', target: 'open' },
          { target: 'arriving', actions: 'move' },
        ],
      },
    },
    arriving: {
      always: [
        { guard: 'isWished', target: 'open' },
        { guard: 'mustTurn', actions: 'turn', target: 'moving' },
        { target: 'moving' },
      ],
    },
    open: {
      entry: 'serve',
      after: { 4000: 'resting' },
      on: { HOLD: { target: 'open', reenter: true }, CLOSE: 'resting' },
    },
    stuck: {
      on: { REPAIR: { target: 'resting', actions: assign({ wishes: new Set<number>() }) }, ALARM: {} },
      tags: 'alarm',
    },
  },
})
