import type { StateValue } from 'xstate'
import { RedriveError } from '../errors.ts'
import type { AnyContext } from '../message.ts'
import type { DurableMachine } from './registry.ts'
import type { TimerFate } from './timer-fate.ts'

/** A snapshot as `migrate` gets it. Its context is one of an older version, so its type is not that of the machine. */
export interface MigratedSnapshot<Context = AnyContext> {
  /** Name of the state: the leaf path, parallel regions joined by `+`. */
  readonly state: string
  /** The same as XState has it. */
  readonly value: StateValue
  readonly context: Context
  /** When each timer is due, in milliseconds since 1970, by the name of its delay; of several of one name, by their ids. */
  readonly timers: Readonly<Record<string, number>>
}

/** Where `migrate` sends a message: to the state of a name, or of XState's value. What is left out, or left as it was given, does not count. */
export interface MigrationTarget<Context = AnyContext> {
  readonly state?: string
  readonly value?: StateValue
  readonly context: Context
  /**
   * What becomes of timers, by the names of their delays as they were. A timer whose name the new state has too keeps its due time by
   * itself; one that is not there ends.
   * @example timers: { paymentTimeout: 'keep', reminder: 'nudge', deadline: { as: 'expiry', due: Date.now() + 60_000 } }
   */
  readonly timers?: Readonly<Record<string, TimerFate>>
}

/** Where a message comes from, and where it goes. */
export interface MachineRef {
  readonly id: string
  readonly version: string
  readonly fingerprint: string
}

/** `Context` is that of the machine as it is now. */
export type Migrate<Context = AnyContext> = (
  // oxlint-disable-next-line typescript/no-explicit-any -- whoever migrates knows what the older versions held
  snapshot: MigratedSnapshot<any>,
  from: MachineRef,
  to: MachineRef,
) => MigrationTarget<Context>

/** The versions of a queue's machine that a process knows. */
export interface Versions {
  readonly current: DurableMachine
  readonly migrate: Migrate | undefined
  /** All versions that this process has the code of. */
  readonly machines: readonly DurableMachine[]
  find(ref: string): Place
}

/**
 * What to do with a message of a version: `run` it with that very version; `move` it to the current one; or `leave` it to those who
 * have its code, because its version came to the queue after ours.
 */
export type Place = { readonly what: 'run'; readonly machine: DurableMachine } | { readonly what: 'move' | 'leave' }

/** When each version first came to the queue, in milliseconds. */
export interface Arrivals {
  /** `undefined` for one that never came; `'asking'` while that is being found out. */
  when(ref: string): number | 'asking' | undefined
}

/** @throws from `find`: RedriveError `E_UNKNOWN_MACHINE` for a message of a machine that never came to this queue. */
export function createVersions(
  current: DurableMachine,
  older: readonly DurableMachine[],
  migrate: Migrate | undefined,
  arrivals: Arrivals,
): Versions {
  const machines = [...older, current]
  const byRef = new Map(machines.map((machine) => [machine.ref, machine]))
  return {
    current,
    machines,
    migrate,
    find(ref) {
      const exact = byRef.get(ref)
      if (exact) return { what: 'run', machine: exact }
      const theirs = arrivals.when(ref)
      const ours = arrivals.when(current.ref)
      if (theirs === 'asking' || ours === 'asking') return { what: 'leave' }
      if (theirs !== undefined && ours !== undefined && theirs > ours) return { what: 'leave' }
      // With a migration it is the user who says what another machine's messages become.
      if (migrate || parseRef(ref).id === current.id) return { what: 'move' }
      const known = [...byRef.keys()].join(', ')
      throw new RedriveError('E_UNKNOWN_MACHINE', `it belongs to "${ref}", and this worker knows ${known}.`)
    },
  }
}

/** The parts of `id@version#fingerprint`. */
export function parseRef(ref: string): MachineRef {
  const [, id = ref, version = '', fingerprint = ''] = /^(.*?)@(.*)#([^#]*)$/s.exec(ref) ?? []
  return { id, version, fingerprint }
}
