export interface FeedEntry {
  readonly position: string
  /** Of the commit, by the clock of the store: the very time that its messages bear in their journals. */
  readonly at: number
  /** JSON array of transitions. */
  readonly text: string
}

export interface FeedPage {
  readonly entries: readonly FeedEntry[]
  /** Whether entries between `after` and the first one kept were trimmed. */
  readonly gap: boolean
}

/** What is announced. Every announcement can be lost; nothing may depend on one for more than a second. */
export interface StoreListener {
  /** A message is due, or will be at `due`. */
  wake?(due: number): void
  /** An event waits for a message that `worker` holds. */
  mail?(id: string, worker: string): void
  feed?(entry: FeedEntry): void
  /** Nothing is to be claimed from now on. */
  paused?(): void
  progress?(id: string, text: string): void
  /** The server refuses the subscription that there was; it is asked for again each second. */
  deaf?(error: unknown): void
}
