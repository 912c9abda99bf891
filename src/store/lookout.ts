import type { Partition } from './store.ts'

/** What those who only look on ask of a store, beside what workers and senders do. Nothing here reads a whole message. */
export interface Lookout {
  /** Every state in use, with what a picture of it says. */
  survey(partition: Partition): Promise<Survey>
  /** Members of a state's set in the order of their scores, those of one score by their ids. */
  members(partition: Partition, query: MembersQuery): Promise<Member[]>
  /** The server itself; `undefined` for a store without one. */
  server(): Promise<ServerReading | undefined>
}

export interface Survey {
  /** The clock of the store, milliseconds since 1970. */
  readonly now: number
  readonly states: ReadonlyMap<string, StateSurvey>
}

export interface StateSurvey {
  readonly count: number
  /** How many of them need a worker now. A message that a worker holds is not among them before its lease ends. */
  readonly due: number
  /** When the earliest of them is or was due; `null` when all of them wait for an event alone. */
  readonly next: number | null
  /** When the one at the head of the set came into the state; `null` for an empty one. */
  readonly headEnteredAt: number | null
}

/** Where a message stands in the set of its state: lower scores come first. */
export interface Member {
  readonly id: string
  readonly score: number
}

export interface MembersQuery {
  readonly state: string
  /** Begins behind this one, whether it is still there or not. */
  readonly after?: Member | undefined
  readonly limit: number
  readonly newestFirst: boolean
}

export interface ServerReading {
  /** Milliseconds that a command took there and back. */
  readonly latencyMs: number
  /** Bytes; `max` is 0 where there is no limit. */
  readonly memory: { readonly used: number; readonly max: number; readonly policy: string }
}

/** The order of a set in Redis: by score, then by the bytes of the ids. */
export const compareMembers = (a: Member, b: Member): number =>
  a.score - b.score || Buffer.compare(Buffer.from(a.id), Buffer.from(b.id))
