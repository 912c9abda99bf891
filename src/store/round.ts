import type {
  CommitEntry,
  CommitStatus,
  FieldChange,
  Fields,
  JournalToAppend,
  StoredTimer,
  TimerToSet,
} from './store.ts'

/**
 * How a message starts that waits as its send has stored it, of the default machine and with an input of its own. It comes from the code of
 * the claiming worker, never from the store.
 */
export interface Recipe {
  readonly machine: string
  /** State in which the message waits, and the one in which its handler runs. */
  readonly from: string
  readonly to: string
  /** What the start writes beside the input, timers apart. */
  readonly fields: Fields
  readonly timers: readonly TimerToSet[]
  readonly journal: string
  /** As in a `FirstStep`. */
  readonly transition: string
}

/** Finished messages that leave a worker by one and the same step from one fence. */
export interface CommitGroup {
  readonly fence: string
  readonly from: string
  readonly to: string
  readonly disposal: 'settle' | 'remove'
  readonly changes: readonly FieldChange[]
  readonly clearTimers: readonly StoredTimer[]
  readonly journal: JournalToAppend | undefined
  /** As in a `FirstStep`, for members without one of their own. */
  readonly transition: string
  readonly members: readonly GroupMember[]
}

export interface GroupMember {
  readonly id: string
  /** Fields of this message alone, new to it. */
  readonly fields?: Fields
  readonly transition?: string
}

export interface RoundRequest {
  /** As in a `ClaimRequest`. */
  readonly token: string
  readonly worker: string
  /** Milliseconds. */
  readonly lease: number
  /** Most messages to start: no more than there are free places, for each of them has begun its attempt. */
  readonly limit: number
  readonly recipe?: Recipe
  readonly groups: readonly CommitGroup[]
  /** Token of a round that was answered: what was remembered of it is forgotten. */
  readonly answered?: string
}

export interface Round {
  readonly now: number
  readonly next?: number
  readonly paused?: true
  /** Messages are due that no recipe is for. */
  readonly others: boolean
  /** Of each member of each group, in their order. */
  readonly statuses: readonly CommitStatus[]
  readonly started: readonly StartedMessage[]
}

/** A message that was handed out started; its fence is `2:token`. */
export interface StartedMessage {
  readonly id: string
  readonly input: string
  readonly createdAt: number
}

/** The first revision of a message that is handed out started: one for its claim, one for the commit of its start. */
const STARTED = 2

export const fenceOfStart = (token: string): string => `${STARTED}:${token}`

/** The commits of a group one by one, for stores and tests that do not group. */
export function entriesOf(group: CommitGroup): CommitEntry[] {
  return group.members.map(({ id, fields = {}, transition = group.transition }) => ({
    id,
    fence: group.fence,
    state: group.to,
    changes: [...group.changes, ...Object.entries(fields).map(([field, value]) => ({ field, value }))],
    setTimers: [],
    clearTimers: group.clearTimers,
    attention: 'timers',
    disposal: group.disposal,
    consumed: 0,
    entered: true,
    journal: group.journal ? [group.journal] : [],
    forget: [],
    transitions: [`[${JSON.stringify(id)},${transition}]`],
  }))
}

/** The commit that a start by recipe stands for, behind the claim of the message. */
export function startEntry(recipe: Recipe, id: string, token: string, bareTimer: StoredTimer): CommitEntry {
  return {
    id,
    fence: `${STARTED - 1}:${token}`,
    state: recipe.to,
    changes: Object.entries(recipe.fields).map(([field, value]) => ({ field, value })),
    setTimers: recipe.timers,
    clearTimers: [bareTimer],
    attention: 'timers',
    disposal: 'keep',
    consumed: 0,
    entered: true,
    journal: [{ seq: 1, text: recipe.journal }],
    forget: [],
    transitions: [`[${JSON.stringify(id)},${recipe.transition}]`],
  }
}
