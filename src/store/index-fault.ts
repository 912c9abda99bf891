export interface ForgetRequest {
  /** How long one must have been missing, in milliseconds. */
  readonly missingFor: number
  readonly limit: number
  /** Look at these instead. */
  readonly ids?: readonly string[]
}

/**
 * How a message and its index disagree. `missing`: there is no hash. `foreign`: what is there is no message. `unlisted`: not in the set
 * of its state. `misplaced`: in the set of another state too. `unnamed`: its state is not in the list of states. The others are due
 * later than their inbox, earliest timer, waiting work or the end of their lease ask for.
 */
export type IndexFault =
  | 'missing'
  | 'foreign'
  | 'unlisted'
  | 'misplaced'
  | 'unnamed'
  | 'late inbox'
  | 'late timer'
  | 'late work'
  | 'late lease'
