import type { AnyStateMachine } from 'xstate'
import { encode } from '../../src/codec.ts'
import { advance, type Advanced, type AdvanceSettings } from '../../src/engine/advance.ts'
import { begins } from '../../src/engine/begin.ts'
import { registerMachine, type DurableMachine } from '../../src/engine/registry.ts'
import { restore, type LiveMessage } from '../../src/engine/snapshot.ts'
import type { Stimulus } from '../../src/engine/stimulus.ts'
import { machineOf } from './charts/chart.ts'
import { shelve, type Shelf } from './shelf.ts'

/** One message in its store, and the worker that advances it. */
export interface Stage {
  readonly machine: DurableMachine
  readonly shelf: Shelf
  /** Claims the message and brings it to life. */
  claim(): LiveMessage
  /** Claims the message, advances it by stimuli or events (which lie in its inbox), and commits. */
  advance(...stimuli: (Stimulus | string)[]): Advanced
  /** A stimulus for what is pending now. */
  timer(id?: string): Stimulus
  done(id: string, output?: unknown): Stimulus
  error(id: string, error: unknown): Stimulus
}

export interface StageOptions {
  readonly input?: unknown
  readonly settings?: Partial<AdvanceSettings>
}

export function stage(chart: AnyStateMachine, { input, settings = {} }: StageOptions = {}): Stage {
  const machine = registerMachine(chart)
  const shelf = shelve(begins(machine, 'm1', input, encode(input, 'input'), 'client'))
  const claim = (): LiveMessage => restore(machine, shelf.claim())
  /** As a claim would show it, without claiming. */
  const look = (): LiveMessage => restore(machine, { ...shelf.stored, fence: '0:look', dueAt: 0 })
  const nonceOf = (id: string): string => {
    const invocation = look().invocations.get(id)
    if (!invocation) throw new Error(`nothing runs as ${id}`)
    return invocation.nonce
  }

  return {
    machine,
    shelf,
    claim,
    advance(...stimuli) {
      for (const each of stimuli) if (typeof each === 'string') shelf.deliver({ type: each })
      const wanted = stimuli.map((each) => (typeof each === 'string' ? event(each) : each))
      const message = claim()
      const advanced = advance(message, wanted, { worker: 'w1', journal: 10, removes: () => false, ...settings })
      shelf.commit(advanced.entry)
      return advanced
    },
    timer(id) {
      const timers = [...look().timers.values()]
      const found = id === undefined ? timers[0] : timers.find((timer) => timer.id === id)
      if (!found) throw new Error(`no timer ${id} among ${timers.map((timer) => timer.id).join(', ')}`)
      return { type: 'timer', nonce: found.nonce }
    },
    done: (id, output) => ({ type: 'done', nonce: nonceOf(id), output }),
    error: (id, error) => ({ type: 'error', nonce: nonceOf(id), error }),
  }
}

export const event = (type: string, more: object = {}): Stimulus => ({ type: 'event', event: { type, ...more } })

interface StageOfOptions extends StageOptions {
  readonly implementations?: object
  /** More of the machine's own config: a context, transitions, an output. */
  readonly root?: object
}

/** A stage with a machine of the state `a`, which is given, and beside it `b`. */
export function stageOf(a: object, { implementations, root, ...options }: StageOfOptions = {}): Stage {
  return stage(machineOf(a, implementations, root), options)
}
