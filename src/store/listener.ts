export interface FeedEntry {
  readonly position: string
  /** Of the commit, by the clock of the store: the very time that its messages bear in their journals. */
  readonly at: number
  /** JSON array of transitions. */
  readonly text: string
}

export interface FeedPage {
  readonly entries: readonly FeedEntry[]
  /** Whether entries after `after` are missing: it is not in the feed any more, and not the last one that was trimmed. */
  readonly gap: boolean
}

/** Kept for a while beside the entry of the feed that refers to it, and told to those who listen. */
export interface LargeText {
  /** Without a line feed. */
  readonly name: string
  readonly text: string
}

/** What is announced. Every announcement can be lost; nothing may depend on one for more than a second. */
export interface StoreListener {
  /** A message is due, or will be at `due`. */
  wake?(due: number): void
  /** An event waits for a message that `worker` holds. */
  mail?(id: string, worker: string): void
  feed?(entry: FeedEntry): void
  /** A text that the entry at `position` refers to. It is told before that entry. */
  large?(position: string, name: string, text: string): void
  /** Nothing is to be claimed from now on. */
  paused?(): void
  progress?(id: string, text: string): void
  /** The server refuses the subscription that there was; it is asked for again each second. */
  deaf?(error: unknown): void
}
