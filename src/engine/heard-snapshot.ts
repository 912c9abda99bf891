import { StateMachine, type AnyMachineSnapshot, type AnyStateMachine, type StateValue } from 'xstate'
import type { EventData } from '../message.ts'
import type { Member } from './members.ts'

// By `onSnapshot` a machine hears of another's snapshots. One of those is no data, and what an action reads of it (its value, its
// context, whether it matches) must be there too when the action is run by who brought the message to life.

const MARK = 'redrive$$snapshot'

/** Its machine by its key, and what it takes to make the snapshot again. */
interface StoredSnapshot {
  readonly [MARK]: string
  readonly value: StateValue
  readonly context: object
}

/** An event whose snapshot can be stored; any other as it is. */
export function withStoredSnapshot(event: EventData, members: readonly Member[]): EventData {
  const heard = event['snapshot'] as AnyMachineSnapshot | undefined
  if (!(heard?.machine instanceof StateMachine)) return event
  const member = members.find(({ machine, run }) => heard.machine === run || heard.machine === machine)
  if (!member) return event
  const { context } = heard.machine.getPersistedSnapshot(heard) as unknown as { context: object }
  const snapshot: StoredSnapshot = { [MARK]: member.key, value: heard.value as StateValue, context }
  return { ...event, snapshot }
}

/** The reverse. Its children are not brought back: they are with the machine itself, and may be others by now. */
export function withHeardSnapshot(event: EventData, members: readonly Member[]): EventData {
  const stored = event['snapshot'] as StoredSnapshot | undefined
  if (typeof stored !== 'object' || stored === null || !(MARK in stored)) return event
  const machine: AnyStateMachine | undefined = members.find(({ key }) => key === stored[MARK])?.run
  const { value, context } = stored
  return { ...event, snapshot: machine?.resolveState({ value, context }) }
}
