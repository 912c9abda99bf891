/** What a partition may hold. */
export interface PartitionBounds {
  /** Most messages that are due some time: settled ones, and those that wait for an event alone, are not counted. */
  readonly messages?: number
  /** Most bytes, in the names and values of the fields of messages as they were sent under this bound. */
  readonly bytes?: number
}

/** A message that was not stored. */
export interface Refusal {
  readonly refused: keyof PartitionBounds
  /** How many of them the partition holds. */
  readonly held: number
}
