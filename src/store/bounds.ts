/** What a partition may hold. */
export interface PartitionBounds {
  /** Most messages that are due some time: settled ones, and those that wait for an event alone, are not counted. */
  readonly messages?: number
  /** Most bytes, in the names and values of the fields of messages as they were sent under this bound. */
  readonly bytes?: number
}

/** A message that was not stored. */
export interface Refusal {
  /** The bound that has no room for it; `foreign`: something that is no message lies under its key. */
  readonly refused: keyof PartitionBounds | 'foreign'
  /** How many of them the partition holds; 0 where no bound refused it. */
  readonly held: number
}

/** How much of the feed is kept, about. */
export interface FeedBounds {
  /** Entries (commit batches) of each partition. */
  readonly entries: number
  /** Bytes of memory, as the server counts them, of all partitions together; the large texts that the feed refers to are in it. */
  readonly bytes: number
}
