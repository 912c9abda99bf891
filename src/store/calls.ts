import type { LargeText } from './listener.ts'
import type { Attention, Fields, TimerToSet } from './store.ts'

export interface Beat {
  readonly id: string
  readonly fence: string
  readonly progress?: string
}

/** `mail`: the lease was renewed, and the inbox has events. */
export type BeatStatus = 'renewed' | 'mail' | 'lost'

export interface Delivery {
  readonly id: string
  readonly event: string
  /** Makes the delivery idempotent: an id that the message has seen (of its last thousand) is not appended again. */
  readonly eventId?: string
  /** Most events that may wait for the message. Default: any number. */
  readonly room?: number
  /** Whether it brings back what is finished: a message that failed and knows where, or one in quarantine. Default: a finished message takes nothing. */
  readonly revives?: boolean
}

/** `full`: as many events wait as there is room for. `foreign`: what lies under its key, or that of its inbox, is not of Redrive. */
export type DeliveryStatus = 'delivered' | 'duplicate' | 'settled' | 'full' | 'missing' | 'foreign'

/** What messages have in common whose machine took the same first step; a batch tells it once for all of them. */
export interface FirstStep {
  readonly state: string
  readonly fields: Fields
  readonly timers: readonly TimerToSet[]
  readonly attention: Attention
  readonly journal: string
  /** What the transition says beside its time and the id, as members of a JSON array. */
  readonly transition: string
}

export interface NewMessage {
  readonly id: string
  /** Messages that share this very object travel together. */
  readonly first: FirstStep
  /** Fields of this message alone. */
  readonly fields: Fields
  /** Texts that its transition refers to because they are too large for the feed. */
  readonly large?: readonly LargeText[]
}
