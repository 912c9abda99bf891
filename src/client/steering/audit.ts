import { RedriveError } from '../../errors.ts'
import { show, toOptions } from '../../options.ts'
import type { AuditRecord } from '../../store/steering.ts'
import type { Store } from '../../store/store.ts'

/** What somebody did to a queue. */
export interface AuditEntry {
  /** Milliseconds since 1970 by the clock of Redis. */
  readonly at: number
  /** Who: what the caller said, else the name of the client. */
  readonly actor: string
  readonly queue: string
  /** `pause`, `resume`, `edit`, `event`, `release`, `remove`, `undo`, or the action of an operation. */
  readonly action: string
  /** The rest, for people. */
  readonly what: string
  /** How many messages it was about. */
  readonly count: number
  /** Id of the operation that it is a part of. */
  readonly operation?: string
}

export interface ActorOption {
  /**
   * Who does it, for the audit: text of at most 200 characters. Default: the name of this client; for what is sent to one message, nobody,
   * and it is not noted.
   */
  readonly actor?: string
}

export interface Auditor {
  /** Who does what nobody has put a name to. */
  readonly client: string
  note(entry: Omit<AuditEntry, 'at' | 'actor' | 'queue'>, actor: string | undefined): Promise<void>
}

const LONGEST = 200

export function createAuditor(store: Store, queue: string, client: string): Auditor {
  return {
    client,
    note: ({ action, what, count, operation }, actor = client) =>
      store.record({
        actor,
        queue,
        action,
        what: what.slice(0, 1000),
        count: String(count),
        ...(operation === undefined ? {} : { operation }),
      }),
  }
}

/** Reads who does it, for calls that have no other option. @throws RedriveError `E_INVALID_OPTION` */
export const actorOf = (given: ActorOption, call: string): string | undefined =>
  checkActor(toOptions(given, call, { actor: true }))

/** @throws RedriveError `E_INVALID_OPTION` */
export function checkActor({ actor }: ActorOption): string | undefined {
  if (actor === undefined || (typeof actor === 'string' && actor.length > 0 && actor.length <= LONGEST)) return actor
  throw new RedriveError('E_INVALID_OPTION', `actor must be text of 1 to ${LONGEST} characters; got ${show(actor)}.`, {
    path: 'actor',
  })
}

export function readAudit({ at, fields }: AuditRecord): AuditEntry {
  const { actor = '', queue = '', action = '', what = '', count = '0', operation } = fields
  return { at, actor, queue, action, what, count: Number(count), ...(operation === undefined ? {} : { operation }) }
}
