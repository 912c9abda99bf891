import { decode } from '../codec.ts'
import type { StartedMessage } from '../store/round.ts'
import type { Beat, Partition } from '../store/store.ts'
import type { HandlerRun, RunMessage } from './handler-run.ts'
import type { LeaseHolder } from './heartbeater.ts'

/** What the messages of one round have in common. */
export interface Batch {
  readonly partition: Partition
  readonly token: string
  readonly fence: string
  readonly state: string
  /** The clock of the store when they were started. */
  readonly startedAt: number
  /** When the earliest timer of each is due. */
  readonly due: number
  readonly leaseUntil: number
  /** The clock of this process. */
  readonly since: number
}

/** What a message asks of its lane. */
export interface QuickOwner {
  /** An event waits for it. */
  interrupted(message: QuickMessage): void
  lost(message: QuickMessage): void
}

/** A message that was handed out started, while its handler runs. */
export class QuickMessage implements LeaseHolder, RunMessage {
  readonly started: StartedMessage
  readonly batch: Batch
  readonly owner: QuickOwner
  input: unknown = undefined
  context: Readonly<Record<string, unknown>> = NOTHING
  run: HandlerRun | undefined = undefined
  #leaseUntil: number

  constructor(started: StartedMessage, batch: Batch, owner: QuickOwner) {
    this.started = started
    this.batch = batch
    this.owner = owner
    this.#leaseUntil = batch.leaseUntil
  }

  get id(): string {
    return this.started.id
  }

  get partition(): Partition {
    return this.batch.partition
  }

  get state(): string {
    return this.batch.state
  }

  get fence(): string {
    return this.batch.fence
  }

  get leaseUntil(): number {
    return this.#leaseUntil
  }

  /** Reads its input. @throws when that is broken */
  open(own: Readonly<Record<string, unknown>>): void {
    const input = decode(this.started.input)
    if (typeof input !== 'object' || input === null || !('payload' in input))
      throw new Error('its input has no payload')
    this.input = input
    this.context = { payload: input.payload, ...own }
  }

  beat(): Beat {
    const progress = this.run?.progress
    return { id: this.id, fence: this.fence, ...(progress === undefined ? {} : { progress }) }
  }

  renewed(until: number, reported?: string): void {
    this.#leaseUntil = Math.max(this.#leaseUntil, until)
    if (this.run && reported !== undefined && this.run.progress === reported) this.run.progress = undefined
  }

  mail(): void {
    this.owner.interrupted(this)
  }

  lost(): void {
    this.owner.lost(this)
  }
}

const NOTHING = Object.freeze({})
