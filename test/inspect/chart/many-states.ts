import { createMachine, type AnyStateMachine } from 'xstate'

/** Sixty states and more: stages of two parallel regions, one nested in the other, with ways back, out, and in from afar. */
export function manyStates(stages = 6): AnyStateMachine {
  const steps = (stage: number): object => ({
    initial: 's0',
    states: {
      s0: { on: { NEXT: 's1', SKIP: { target: 's2', guard: 'mayBeSkipped' } } },
      s1: { invoke: { id: `call-${stage}`, src: 'callSomebody', onDone: 's2', onError: 's0' }, tags: ['busy'] },
      s2: {
        initial: 'asked',
        states: {
          asked: { after: { 1000: 'asked', aVeryLongNameOfADelay: 'answered' }, on: { ANSWER: 'answered' } },
          answered: { type: 'final' },
          back: { type: 'history' },
        },
        on: { AGAIN: '.asked', RESUME: '.back' },
        onDone: 's3',
      },
      s3: { type: 'final' },
    },
  })
  const stage = (index: number): object => ({
    type: 'parallel',
    states: {
      left: steps(index),
      right: { initial: 'idle', states: { idle: { on: { GO: 'gone' } }, gone: { type: 'final' } } },
    },
    onDone: index + 1 < stages ? `stage${index + 1}` : 'done',
    on: { ABORT: 'aborted', [`JUMP_${index}`]: `#many.stage${(index + 2) % stages}.left.s1` },
  })
  return createMachine({
    id: 'many',
    initial: 'stage0',
    on: { RESET: '.stage0', '*': { actions: [] } },
    states: {
      ...Object.fromEntries(Array.from({ length: stages }, (_, i) => [`stage${i}`, stage(i)])),
      done: { type: 'final' },
      'aborted <by> "somebody" & 非常に長い名前': { id: 'aborted', type: 'final' },
      aborted: { type: 'final' },
    },
  } as never) as AnyStateMachine
}
