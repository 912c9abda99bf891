import { assign, setup } from 'xstate'
import { logged, typed, type ChartEvent } from './chart.ts'

/** Shallow and deep history, with and without a default, also through parallel regions. */
export const history = setup({
  types: typed<{ context: { log: string[] }; events: ChartEvent }>(),
  actions: { note: assign({ log: ({ context }, entry: string) => logged(context.log, entry) }) },
}).createMachine({
  id: 'history',
  context: { log: [] },
  initial: 'play',
  states: {
    play: {
      initial: 'intro',
      entry: { type: 'note', params: 'play' },
      on: { PAUSE: 'paused', OFF: 'off' },
      states: {
        intro: { on: { NEXT: 'song' } },
        song: {
          initial: 'verse',
          entry: { type: 'note', params: 'song' },
          on: { STOP: 'intro', SKIP: 'mix' },
          states: {
            verse: { on: { NEXT: 'chorus' } },
            chorus: { on: { NEXT: 'solo' } },
            solo: {
              initial: 'slow',
              states: { slow: { on: { NEXT: 'fast' } }, fast: { on: { NEXT: '#history.play.song.back' } } },
            },
            back: { type: 'history' },
          },
        },
        mix: {
          type: 'parallel',
          states: {
            left: { initial: 'low', states: { low: { on: { UP: 'high' } }, high: { on: { DOWN: 'low' } } } },
            right: {
              initial: 'low',
              states: { low: { on: { UP: 'high', NEXT: 'high' } }, high: { on: { DOWN: 'low' } } },
            },
          },
          on: { STOP: 'intro' },
        },
        shallow: { type: 'history' },
        deep: { type: 'history', history: 'deep' },
        preset: { type: 'history', target: 'mix' },
      },
    },
    paused: {
      entry: { type: 'note', params: 'paused' },
      on: { PLAY: 'play.deep', REWIND: 'play.shallow', OFF: 'off', PRESET: 'play.preset', AGAIN: 'play' },
    },
    off: { on: { PLAY: 'play.shallow', ON: '#history.play.deep', PRESET: 'play.preset' } },
  },
})
