import { and, not, or, stateIn } from 'xstate'
import { blank, note, notebook } from './notebook.ts'

/** Three regions that hear the same events; the whole is done when all of them are. */
export const regions = notebook.createMachine({
  id: 'regions',
  context: blank,
  initial: 'work',
  states: {
    work: {
      type: 'parallel',
      entry: note('+work'),
      exit: note('-work'),
      onDone: { target: 'over', actions: note('all done') },
      on: { ABORT: 'over', AGAIN: { target: 'work', reenter: true } },
      states: {
        a: {
          initial: 'one',
          onDone: { actions: note('a done') },
          states: {
            one: { entry: note('+a1'), exit: note('-a1'), on: { NEXT: { target: 'two', actions: note('a1>a2') } } },
            two: { entry: note('+a2'), exit: note('-a2'), on: { NEXT: 'end', BACK: 'one' } },
            end: { type: 'final', entry: note('+a end'), output: ({ context }) => context.count },
          },
        },
        b: {
          initial: 'one',
          onDone: { actions: ['count', note('b done')] },
          states: {
            one: { on: { NEXT: { guard: 'isBig', target: 'two' }, BACK: { actions: 'count' } } },
            two: { entry: 'keep', on: { FINISH: 'end', BACK: { target: 'one', actions: note('b2>b1') } } },
            end: { type: 'final' },
          },
        },
        c: {
          initial: 'off',
          states: {
            off: { tags: 'dark', on: { TOGGLE: 'on' } },
            on: { tags: 'bright', on: { TOGGLE: 'off', FINISH: 'end' }, after: { 100: 'off' } },
            end: { type: 'final' },
          },
        },
      },
    },
    over: { on: { AGAIN: 'work', NEXT: { target: 'work', actions: 'reset' } } },
  },
})

/** Guards that look at other regions, and at each other. */
export const watchers = notebook.createMachine({
  id: 'watchers',
  context: blank,
  type: 'parallel',
  states: {
    door: {
      initial: 'shut',
      states: {
        shut: { on: { OPEN: { guard: not(stateIn({ lock: 'locked' })), target: 'open' } } },
        open: { entry: 'count', on: { CLOSE: 'shut' }, after: { 30: 'shut' } },
      },
    },
    lock: {
      initial: 'unlocked',
      states: {
        unlocked: { on: { LOCK: { guard: stateIn({ door: 'shut' }), target: 'locked' } } },
        locked: {
          on: {
            UNLOCK: [
              { guard: and(['isBig', not('isEven')]), target: 'unlocked', actions: note('by force') },
              { guard: or(['isEven', 'isMany']), target: 'unlocked', actions: note('by key') },
              { actions: note('stays') },
            ],
          },
        },
      },
    },
    alarm: {
      initial: 'quiet',
      states: {
        quiet: { always: { guard: and([stateIn('#watchers.door.open'), 'isMany']), target: 'ringing' } },
        ringing: { entry: ['tell', 'reset'], on: { STOP: 'quiet' }, tags: ['loud'] },
      },
    },
  },
})

/** Regions within regions, with transitions that leave several levels at once. */
export const nestedRegions = notebook.createMachine({
  id: 'nestedRegions',
  context: blank,
  initial: 'outer',
  states: {
    outer: {
      type: 'parallel',
      on: { LEAVE: 'gap' },
      states: {
        left: {
          initial: 'plain',
          states: {
            plain: { on: { SPLIT: 'split' } },
            split: {
              type: 'parallel',
              exit: note('-split'),
              onDone: 'joined',
              states: {
                x: { initial: 'x1', states: { x1: { on: { X: 'x2' } }, x2: { type: 'final' } } },
                y: {
                  initial: 'y1',
                  states: { y1: { on: { Y: 'y2', OUT: '#nestedRegions.outer.left.plain' } }, y2: { type: 'final' } },
                },
              },
            },
            joined: { entry: 'count', on: { SPLIT: 'split' } },
          },
        },
        right: {
          initial: 'low',
          states: {
            low: { on: { X: 'high', OUT: { target: '#nestedRegions.gap', actions: note('out') } } },
            high: { on: { Y: 'low', X: { target: 'high', reenter: true, actions: 'count' } } },
          },
        },
        still: {},
      },
    },
    gap: {
      on: {
        DEEP: { target: '#nestedRegions.outer.left.split.y.y1', guard: 'isBig' },
        BOTH: { target: ['outer.left.split.x.x2', 'outer.right.high'] },
        BACK: 'outer',
      },
      after: { 500: 'outer' },
    },
  },
})

/** An event that one region raises is heard by another in the same step. */
export const gossip = notebook.createMachine({
  id: 'gossip',
  context: blank,
  type: 'parallel',
  states: {
    teller: {
      initial: 'calm',
      states: {
        calm: { on: { HEAR: 'excited' } },
        excited: { entry: ['count', 'tell'], on: { CALM: 'calm' }, always: { guard: 'isMany', target: 'tired' } },
        tired: { entry: 'reset', after: { short: 'calm' } },
      },
    },
    listener: {
      initial: 'near',
      states: {
        near: {
          always: { guard: stateIn({ teller: 'tired' }), target: 'far' },
          on: { CALM: { actions: 'noteEvent' } },
        },
        far: { entry: note('far'), on: { HEAR: 'near' }, after: { 25: 'near' } },
      },
    },
  },
})
