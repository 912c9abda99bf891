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
