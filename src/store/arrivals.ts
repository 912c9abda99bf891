/** When something arrives now: later than all that was there before, also within one millisecond or after the clock was set back. */
export const latest = (known: ReadonlyMap<string, number>, now: number): number =>
  Math.max(now, ...[...known.values()].map((at) => at + 1))
