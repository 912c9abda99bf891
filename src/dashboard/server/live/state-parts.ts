/** The leaves of a stored state: `a.x+b.y` is in `a.x` and in `b.y`. A plus within a name is escaped there. */
export const leavesOf = (state: string): readonly string[] => (state.includes('+') ? state.split('+') : [state])

/** Whether a stored state is the asked one, has it among its leaves, or lies within it. */
export const isWithin = (stored: string, asked: string): boolean =>
  stored === asked || leavesOf(stored).some((leaf) => leaf === asked || leaf.startsWith(`${asked}.`))
